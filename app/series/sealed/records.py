"""What Postgres knows of sealed weeks: which are due, where their files are, and which files nobody may read any more.

A week is in its partition, or it is sealed; one transaction leads from one to the other. The files of a week that was
unsealed or has expired are kept for a while, because a report may read them by a snapshot from before.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, union_all, update

from app.series.sealed.format import EntityTotals
from app.series.sealed.reading import SealedFile
from app.series.tables import poll_week, sealed_entity, sealed_object, unsealed_object
from app.storage.binary_copy import DATE, INTEGER, TIMESTAMPTZ, Columns, write_columns

#: Where the files of sealed weeks lie in the bucket.
PREFIX: Final = "sealed/"

_ENTITY_COLUMNS: Final[Columns] = {
    "entity_id": INTEGER,
    "week": DATE,
    "rows": INTEGER,
    "first_at": TIMESTAMPTZ,
    "last_at": TIMESTAMPTZ,
}


@dataclass(frozen=True, slots=True)
class Week:
    """A week of polls that has not been sealed.

    Attributes:
        monday: its first day, UTC.
        version: changes whenever its polls do.
    """

    monday: date
    version: int


def file_key(monday: date, run_id: str, number: int) -> str:
    """Key of a file that a run writes: no other run writes one of the same name."""
    return f"{PREFIX}{monday}/{run_id}/{number}.parquet"


def unsealed_weeks(
    connection: Connection, *, ended_by: datetime, unchanged_since: datetime | None = None
) -> list[Week]:
    """The weeks that have polls in their partition and ended by then, the earliest first.

    ``unchanged_since`` leaves out those that a load has touched later than that.
    """
    last_monday = (ended_by - timedelta(days=7)).date()
    query = select(poll_week.c.week, poll_week.c.version).where(
        poll_week.c.sealed_at.is_(None), poll_week.c.week <= last_monday
    )
    if unchanged_since is not None:
        query = query.where(poll_week.c.changed_at <= unchanged_since)
    return [Week(*row) for row in connection.execute(query.order_by(poll_week.c.week))]


def sealed_weeks(connection: Connection, among: Collection[date] | None = None) -> list[date]:
    """The sealed weeks, or those of these that are, the earliest first."""
    query = select(poll_week.c.week).where(poll_week.c.sealed_at.is_not(None)).order_by(poll_week.c.week)
    return list(connection.scalars(query if among is None else query.where(poll_week.c.week.in_(among))))


def version_of(connection: Connection, monday: date) -> int | None:
    """The version of a week that is in its partition; None if it is sealed or has no polls."""
    query = select(poll_week.c.version).where(poll_week.c.week == monday, poll_week.c.sealed_at.is_(None))
    version: int | None = connection.scalar(query)
    return version


def files_of(connection: Connection, monday: date) -> list[SealedFile]:
    """The files of a sealed week, in the order of their entities."""
    columns = (sealed_object.c[name] for name in SealedFile.__dataclass_fields__)
    query = select(*columns).where(sealed_object.c.week == monday).order_by(sealed_object.c.first_id)
    return [SealedFile(*row) for row in connection.execute(query)]


def add_file(connection: Connection, monday: date, file: SealedFile, *, sha256: str, entities: EntityTotals) -> None:
    """Name a file of a week that is about to be sealed, and what it has of each entity."""
    connection.execute(insert(sealed_object).values(week=monday, sha256=sha256, **asdict(file)))
    day = (monday - date(1970, 1, 1)).days
    totals = {name: getattr(entities, name) for name in EntityTotals.__dataclass_fields__}
    block = {**totals, "week": np.full(len(entities.entity_id), day)}
    write_columns(connection, sealed_entity.name, _ENTITY_COLUMNS, [block])


def mark_sealed(connection: Connection, monday: date) -> None:
    """From the commit on the polls of a week are in its files."""
    connection.execute(update(poll_week).where(poll_week.c.week == monday).values(sealed_at=func.now()))


def touch(connection: Connection, monday: date) -> None:
    """Have a week count as one that was just changed: it is due later."""
    connection.execute(update(poll_week).where(poll_week.c.week == monday).values(changed_at=func.now()))


def retire(connection: Connection, monday: date) -> None:
    """From the commit on, the files of a week count no more; what they have is to be in its partition, or gone."""
    keys = select(sealed_object.c.key).where(sealed_object.c.week == monday)
    connection.execute(insert(unsealed_object).from_select(["key"], keys))
    connection.execute(delete(sealed_object).where(sealed_object.c.week == monday))
    connection.execute(delete(sealed_entity).where(sealed_entity.c.week == monday))
    connection.execute(update(poll_week).where(poll_week.c.week == monday).values(sealed_at=None))


def retired(connection: Connection, *, before: datetime, limit: int) -> list[str]:
    """Keys of files that count no more since before then."""
    query = select(unsealed_object.c.key).where(unsealed_object.c.since < before).order_by(unsealed_object.c.since)
    return list(connection.scalars(query.limit(limit)))


def forget_retired(connection: Connection, keys: Sequence[str]) -> None:
    """They are removed from the bucket."""
    connection.execute(delete(unsealed_object).where(unsealed_object.c.key.in_(keys)))


def named(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these keys that are a file of a sealed week, or were one until not long ago."""
    found = union_all(*(select(table.c.key).where(table.c.key.in_(keys)) for table in (sealed_object, unsealed_object)))
    return set(connection.scalars(found))
