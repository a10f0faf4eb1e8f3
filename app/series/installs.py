"""Installs by project, source and day: a file replaces what was told before of the days that it covers.

Of two datasets that tell of the same day of the same source the one that arrived last counts, whichever is merged
first: ids of datasets grow with the time of arrival. Every row of ``install_day`` lies on a day of ``source_day``.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

#: The staging table of a load.
STAGED: Final = "staged_install"

#: The days that a dataset decides about.
_TOLD: Final = "told_day"

#: Whether a newer dataset, which was not taken out, has told of the day ``{day}``: of all projects, or of one.
_NEWER: Final = (
    "EXISTS (SELECT FROM source_day newer WHERE newer.source = :source AND newer.day = {day} "
    "AND newer.told_of = {entity} AND newer.dataset_id > :dataset AND newer.is_told)"
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a dataset tells everything of.

    Attributes:
        dataset_id: its own.
        source: who counted.
        is_named: of each project only the days on which it has a row, not all of the source.
        days: first and last day of which it tells as well, of all projects or of those that it names.
        until: the day on which it arrived, which was not over.
    """

    dataset_id: str
    source: str
    is_named: bool
    days: tuple[date, date] | None
    until: date


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it.

    Attributes:
        rows: of the file, in effect.
        lost: projects that the source had counts of on these days, by another dataset, and that this one does not name.
    """

    rows: int
    lost: tuple[str, ...]


def stage(connection: Connection) -> None:
    """Create STAGED: sums by project, day and class, with the number of rows in each; dropped on commit."""
    columns = "entity_id int, day date, class text, n bigint, rows bigint"
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} ({columns}) ON COMMIT DROP"))


def days_from(connection: Connection, first: date) -> list[tuple[date, int]]:
    """Staged days at or after this one, with the number of rows on each."""
    query = text(f"SELECT day, sum(rows)::bigint FROM {STAGED} WHERE day >= :first GROUP BY day ORDER BY day")
    return [(row[0], row[1]) for row in connection.execute(query, {"first": first})]


def replace(connection: Connection, telling: Telling) -> Told:
    """Replace what is known of the days that a dataset tells of by its staged rows.

    Args:
        connection: in the transaction of the load, while it is its turn, with the ids of staged rows settled.
        telling: of what the dataset tells.
    """
    given = {"source": telling.source, "dataset": telling.dataset_id}
    _find_days(connection, telling)
    ours = _ours("staged.entity_id", "staged.day", is_named=telling.is_named)
    rows: int = connection.scalar(text(f"SELECT coalesce(sum(rows), 0) FROM {STAGED} staged WHERE {ours}"), given) or 0
    old = _ours("old.entity_id", "old.day", is_named=telling.is_named)
    lost = connection.scalars(text(_LOST.format(old=old)), given).all() if not telling.is_named else []
    connection.execute(text(f"DELETE FROM install_day old WHERE old.source = :source AND {old}"), given)
    connection.execute(
        text(
            f"INSERT INTO install_day (entity_id, source, day, class, n) "
            f"SELECT entity_id, :source, day, class, sum(n) FROM {STAGED} staged WHERE {ours} "
            f"GROUP BY entity_id, day, class HAVING sum(n) > 0"
        ),
        given,
    )
    for statement in (_WRITE_NAMED,) if telling.is_named else (_FORGET_NAMED, _WRITE_ALL):
        connection.execute(text(statement), given)
    return Told(int(rows), tuple(lost))


def remove(connection: Connection, dataset_id: str) -> int:
    """Take out the days that a dataset told of last; returns how many of its staged rows were in effect."""
    given = {"dataset": dataset_id}
    rows: int = connection.scalar(text(_IN_EFFECT), given) or 0
    for statement in (_REMOVE_ROWS, *_REMOVE_DAYS):
        connection.execute(text(statement), given)
    return int(rows)


def _find_days(connection: Connection, telling: Telling) -> None:
    """Fill _TOLD with the days that the dataset decides about: each for a project that it names, or for all (0)."""
    first, last = telling.days or (None, None)
    between = "generate_series(CAST(:first AS date), CAST(:last AS date), '1 day')::date"
    whom, named = ("entity_id", STAGED) if telling.is_named else ("0", "(SELECT) whole")
    connection.execute(
        text(
            f"CREATE TEMP TABLE {_TOLD} ON COMMIT DROP AS SELECT told_of, day FROM ("
            f"SELECT {whom} AS told_of, day FROM {STAGED} UNION "
            f"SELECT {whom}, {between} FROM {named}"
            f") told WHERE day < :until AND NOT {_NEWER.format(day='told.day', entity='0')}"
        ),
        {
            "first": first,
            "last": last,
            "until": telling.until,
            "source": telling.source,
            "dataset": telling.dataset_id,
        },
    )


def _ours(entity: str, day: str, *, is_named: bool) -> str:
    """The condition that this dataset decides about a project and a day."""
    told = (
        f"({entity}, {day}) IN (SELECT told_of, day FROM {_TOLD})"
        if is_named
        else f"{day} IN (SELECT day FROM {_TOLD})"
    )
    return f"{told} AND NOT {_NEWER.format(day=day, entity=entity)}"


_LOST: Final = f"""
SELECT entity.key FROM entity WHERE id IN (
    SELECT old.entity_id FROM install_day old WHERE old.source = :source AND {{old}}
    AND NOT EXISTS (SELECT FROM {STAGED} WHERE entity_id = old.entity_id)
    AND NOT EXISTS (
        SELECT FROM source_day same WHERE same.source = :source AND same.day = old.day
        AND same.told_of IN (0, old.entity_id) AND same.dataset_id = :dataset
    )
) ORDER BY key
"""

_FORGET_NAMED: Final = (
    f"DELETE FROM source_day WHERE source = :source AND told_of > 0 AND day IN (SELECT day FROM {_TOLD}) "
    "AND (dataset_id < :dataset OR NOT is_told)"
)

_WRITE_ALL: Final = f"""
INSERT INTO source_day (source, told_of, day, dataset_id) SELECT :source, 0, day, :dataset FROM {_TOLD}
ON CONFLICT (source, told_of, day) DO UPDATE SET dataset_id = excluded.dataset_id
"""

_WRITE_NAMED: Final = f"""
INSERT INTO source_day (source, told_of, day, dataset_id)
SELECT :source, told_of, day, :dataset FROM {_TOLD}
ON CONFLICT (source, told_of, day) DO UPDATE SET dataset_id = excluded.dataset_id, is_told = true
WHERE source_day.dataset_id <= excluded.dataset_id OR NOT source_day.is_told
"""

_IN_EFFECT: Final = f"""
SELECT sum(rows) FROM {STAGED} staged WHERE EXISTS (
    SELECT FROM source_day WHERE dataset_id = :dataset AND day = staged.day AND told_of IN (0, staged.entity_id)
)
"""

_REMOVE_ROWS: Final = """
DELETE FROM install_day old USING source_day told
WHERE told.dataset_id = :dataset AND old.source = told.source AND old.day = told.day
AND (old.entity_id = told.told_of OR told.told_of = 0 AND NOT EXISTS (
    SELECT FROM source_day own
    WHERE own.source = told.source AND own.told_of = old.entity_id AND own.day = told.day
    AND own.dataset_id <> :dataset
))
"""

# What another dataset has told of all projects holds no more for one whose own rows had replaced it.
_REMOVE_DAYS: Final = (
    """
    UPDATE source_day named SET is_told = false WHERE dataset_id = :dataset AND told_of > 0 AND EXISTS (
        SELECT FROM source_day whole WHERE whole.source = named.source AND whole.told_of = 0
        AND whole.day = named.day AND whole.dataset_id <> :dataset
    )
    """,
    "DELETE FROM source_day WHERE dataset_id = :dataset AND is_told",
)
