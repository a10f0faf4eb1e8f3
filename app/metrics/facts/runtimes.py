"""Facts ``runtimes``: which versions of runtimes repositories tested and declared, by their files of a day."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Date, Integer, Select, Text, cast, func, select

from app.ingest.kinds.repository_files import RepositoryFileLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type
from app.metrics.facts.temporary import fill, temporary
from app.metrics.runtimes.end_of_life import end_of_life
from app.metrics.runtimes.repository import runtimes
from app.metrics.runtimes.runtime import UNKNOWN, Runtime

_COLUMNS: Final = {
    "seen_on": FactColumn(Type.DAY, "the day on which the files were read, UTC"),
    "runtime": FactColumn(Type.WORD, "such as python or node; unknown if a workflow may test any"),
    "version": FactColumn(Type.WORD, "as the file writes it, or the lowest of a range; unknown if it cannot be read"),
    "how": FactColumn(Type.WORD, "tested: a workflow tests it; declared: a manifest does"),
    "path": FactColumn(Type.WORD, "of the file"),
    "is_beyond_end_of_life": FactColumn(
        Type.TRUTH, "whether its support had ended on that day; unknown for versions missing from the shipped table"
    ),
}

_TABLE: Final = temporary(
    "runtime_seen",
    Column("repo_id", Integer, nullable=False),
    Column("seen_on", Date, nullable=False),
    Column("runtime", Text, nullable=False),
    Column("version", Text),
    Column("how", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("is_beyond_end_of_life", Boolean),
)


def prepare(connection: Connection, asked: Asked) -> None:
    """Read the files, repository by repository and day by day. Most days have the files of the day before."""
    fill(connection, _TABLE, _read(connection, asked))


def _read(connection: Connection, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """The rows of the table."""
    file = RepositoryFileLoading.table
    known = func.coalesce(file.c.sha, func.md5(file.c.content))
    days = (
        select(
            file.c.repo_id,
            file.c.seen_on,
            func.md5(func.string_agg(func.concat(file.c.path, "\n", known), "\n").aggregate_order_by(file.c.path)),
        )
        .where(file.c.seen_on <= cast(func.timezone("UTC", asked.as_of), Date))
        .group_by(file.c.repo_id, file.c.seen_on)
        .order_by(file.c.repo_id, file.c.seen_on)
    )
    last: tuple[int, str] | None = None
    found: tuple[Runtime, ...] = ()
    for repo_id, day, stamp in connection.execute(days).all():
        if last != (repo_id, stamp):
            texts = select(file.c.path, file.c.content).where(file.c.repo_id == repo_id, file.c.seen_on == day)
            found = runtimes({row.path: row.content for row in connection.execute(texts)})
            last = (repo_id, stamp)
        for one in found:
            yield repo_id, day, one.runtime, one.version, one.how, one.path, _is_beyond(one, day)


def _is_beyond(one: Runtime, day: Any) -> bool | None:
    end = UNKNOWN if one.version is None else end_of_life(one.runtime, one.version)
    if end is UNKNOWN:
        return None
    return end is not None and end < day


def _rows(_: Asked) -> Select[Any]:
    return select(
        _TABLE.c.repo_id.label(REPO_ID),
        *(_TABLE.c[name] for name in _COLUMNS),
    )


RUNTIMES: Final = Fact(
    name="runtimes",
    summary="versions of runtimes that repositories test and declare, once a day",
    stream="files",
    columns=_COLUMNS,
    rows=_rows,
    when="seen_on",
    prepare=prepare,
)
