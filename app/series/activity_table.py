"""Reads what was counted of many projects or repositories at once; activity.py reads one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.flow.activity_table import NEVER, ActivityTable, Periods, day_number
from app.flow.install_classes import InstallClass
from app.series.activity import COMMITS, Subject, sources_of_installs
from app.series.entities import PROJECT, REPOSITORY
from app.storage.binary_copy import BIGINT, BOOLEAN, DATE, INTEGER, Arrays, read_columns

#: Moves that lead to each other are followed so far.
_LONGEST: Final = 100


def subjects(connection: Connection, kind: str) -> list[Subject]:
    """All subjects of a kind, each under all its names, sorted by their keys."""
    known = connection.execute(text("SELECT id, key FROM entity WHERE kind = :kind ORDER BY key"), {"kind": kind}).all()
    moved = text("SELECT lower(old_key) AS old_key, key FROM entity_move WHERE kind = :kind")
    moves = {row.old_key: row.key for row in connection.execute(moved, {"kind": kind})}
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in known:
        groups[_present(one.key, moves, kind)].append(one)
    found = []
    for present, named in groups.items():
        same = [one.key for one in named if _folded(one.key, kind) == present]
        key = same[0] if same else _spelt(present, moves)
        earlier = sorted({one.key for one in named} - set(same))
        found.append(Subject(kind, key, tuple(one.id for one in named), tuple(earlier)))
    return sorted(found, key=lambda one: one.key)


def _present(key: str, moves: Mapping[str, str], kind: str) -> str:
    """The key that it has now, folded."""
    for _ in range(_LONGEST):
        after = moves.get(key.lower())
        if after is None:
            break
        key = after
    return _folded(key, kind)


def _folded(key: str, kind: str) -> str:
    return key.lower() if kind == REPOSITORY else key


def _spelt(present: str, moves: Mapping[str, str]) -> str:
    return next((key for key in moves.values() if key.lower() == present.lower()), present)


def read_table(
    connection: Connection,
    wanted: Sequence[Subject],
    periods: Periods,
    *,
    as_of: datetime,
    source: str | None = None,
    by: str = "authored_at",
) -> ActivityTable:
    """What was counted of subjects of one kind in periods, on days before ``as_of``'s, in UTC.

    Args:
        connection: any; all is read in its transaction.
        wanted: the subjects.
        periods: the last one may end after ``as_of``.
        as_of, source, by: as for activity.read().
    """
    rows = {identifier: row for row, one in enumerate(wanted) for identifier in one.ids}
    if wanted and wanted[0].kind == PROJECT:
        return _installs(connection, wanted, rows, periods, as_of, source)
    return _commits(connection, wanted, rows, periods, as_of, by)


_WHOLE: Final = "(SELECT array_position(%(sources)s, source) - 1 AS source, day FROM source_day WHERE told_of = 0) told"

_OWN: Final = (
    "(SELECT told_of, array_position(%(sources)s, source) - 1 AS source, day, is_told FROM source_day "
    "WHERE told_of = ANY(%(ids)s)) told"
)

_SUMS: Final = ", ".join(
    f"coalesce((sum(n) FILTER (WHERE class = '{one.value}'))::bigint, 0) AS {one.value}" for one in InstallClass
)

# By day these are in the order of the index, which Postgres adds up as it reads them.
_COUNTS: Final = f"""(
SELECT entity_id, array_position(%(sources)s, source) - 1 AS source, period, {", ".join(InstallClass)} FROM (
    SELECT entity_id, source, {{period}} AS period, {_SUMS}
    FROM install_day WHERE entity_id = ANY(%(ids)s) AND day >= %(first)s::date AND day < %(end)s::date GROUP BY 1, 2, 3
) sums) counts"""

#: The number of the period of a day, among edges.
_PERIOD: Final = "width_bucket(day - DATE '1970-01-01', %(edges)s) - 1"

# One look into the index for each pair.
_EVER: Final = """
SELECT entity_id, source
FROM unnest(CAST(:ids AS int[])) AS asked (entity_id) CROSS JOIN unnest(CAST(:sources AS text[])) AS whose (source)
CROSS JOIN LATERAL (
    SELECT FROM install_day WHERE entity_id = asked.entity_id AND source = whose.source LIMIT 1
) found
"""


def _installs(
    connection: Connection,
    wanted: Sequence[Subject],
    rows: Mapping[int, int],
    periods: Periods,
    as_of: datetime,
    source: str | None,
) -> ActivityTable:
    today = as_of.astimezone(UTC).date()
    names = sources_of_installs(connection)
    end = min(periods.end, today)
    given = {
        "sources": names,
        "ids": list(rows),
        "first": str(periods.first[0]),
        "end": str(end),
        "edges": periods.edges.tolist(),
    }
    are_days = len(periods) == periods.edges[-1] - periods.edges[0]
    of = ("day", DATE) if are_days else (_PERIOD, INTEGER)
    columns = {"entity_id": INTEGER, "source": INTEGER, "period": of[1]} | dict.fromkeys(InstallClass, BIGINT)
    counts = read_columns(connection, columns, _COUNTS.format(period=of[0]), given)
    column = counts["period"] - periods.edges[0] if are_days else counts["period"]
    own = read_columns(
        connection, {"told_of": INTEGER, "source": INTEGER, "day": DATE, "is_told": BOOLEAN}, _OWN, given
    )
    whole = read_columns(connection, {"source": INTEGER, "day": DATE}, _WHOLE, given)
    ever = connection.execute(text(_EVER), {"ids": list(rows), "sources": names}).all()
    named = _named(names, ever, own, rows)
    covered = _Covered(own, whole, rows, day_number(today), len(names))
    found_by = np.full(len(wanted), -1)
    first, days = np.full(len(wanted), NEVER), np.zeros((len(wanted), len(periods)), np.int64)
    for row in range(len(wanted)):
        candidates = named.get(row) or set(range(len(names)))
        if source is not None:  # if it tells of all projects, it tells of those that it never named, too
            candidates = {number for number, name in enumerate(names) if name == source}
        told = {number: covered.of(row, number) for number in candidates}
        chosen = min((number for number in told if len(told[number])), key=lambda n: _rank(told, n), default=None)
        if chosen is not None:
            found_by[row], first[row] = chosen, told[chosen][0]
            days[row] = np.diff(np.searchsorted(told[chosen], periods.edges))
    where = np.array([rows[one] for one in counts["entity_id"].tolist()], np.int64)
    is_chosen = counts["source"] == found_by[where] if len(where) else np.zeros(0, bool)
    grids = {}
    for one in InstallClass:
        grid = np.zeros(days.shape, np.int64)
        np.add.at(grid, (where[is_chosen], column[is_chosen]), counts[one][is_chosen])
        grids[one.value] = grid
    by_whom = [names[number] if number >= 0 else None for number in found_by.tolist()]
    return ActivityTable([one.key for one in wanted], by_whom, periods, grids, days, first)


def _rank(told: Mapping[int, npt.NDArray[np.int64]], number: int) -> tuple[int, int, int]:
    """The source that has counted until latest goes first, then that with most days, then by name."""
    return -int(told[number][-1]), -len(told[number]), number


def _named(names: Sequence[str], ever: Sequence[Any], own: Arrays, rows: Mapping[int, int]) -> dict[int, set[int]]:
    """The sources that have named each subject."""
    numbers = {name: number for number, name in enumerate(names)}
    found: dict[int, set[int]] = defaultdict(set)
    for entity_id, name in ever:
        found[rows[entity_id]].add(numbers[name])
    for told_of, number in {*zip(own["told_of"].tolist(), own["source"].tolist(), strict=True)}:
        found[rows[told_of]].add(number)
    return found


class _Covered:
    """Which days a source has told of: a project's own entries go before those for all."""

    def __init__(self, own: Arrays, whole: Arrays, rows: Mapping[int, int], end: int, sources: int) -> None:
        is_past = whole["day"] < end
        self._whole = [np.unique(whole["day"][is_past & (whole["source"] == number)]) for number in range(sources)]
        self._own: dict[tuple[int, int], dict[int, bool]] = defaultdict(dict)
        for told_of, number, day, is_told in zip(*(own[name].tolist() for name in _OWN_NAMES), strict=True):
            if day < end:
                days = self._own[rows[told_of], number]
                days[day] = days.get(day, False) or is_told

    def of(self, row: int, source: int) -> npt.NDArray[np.int64]:
        """The covered days, sorted, days since 1970-01-01."""
        own, whole = self._own.get((row, source)), self._whole[source]
        if own is None:
            return whole
        said = np.fromiter(own, np.int64, len(own))
        told = said[np.fromiter(own.values(), bool, len(own))]
        return np.union1d(np.setdiff1d(whole, said), told)


_OWN_NAMES: Final = ("told_of", "source", "day", "is_told")

_BY: Final = {"authored_at": "committed_at", "committed_at": "authored_at"}

_COMMITS: Final = """
SELECT subject, width_bucket(day - DATE '1970-01-01', CAST(:edges AS int[])) - 1 AS period, count(*) AS n,
    min(day) AS first
FROM (
    SELECT DISTINCT ON (subject, sha) subject, (coalesce({by}, {other}) AT TIME ZONE 'UTC')::date AS day
    FROM commit JOIN unnest(CAST(:ids AS int[]), CAST(:rows AS int[])) AS named (repo_id, subject) USING (repo_id)
    WHERE coalesce(committed_at, authored_at) <= :as_of ORDER BY subject, sha, repo_id
) one WHERE day < :today GROUP BY subject, period
"""


def _commits(
    connection: Connection,
    wanted: Sequence[Subject],
    rows: Mapping[int, int],
    periods: Periods,
    as_of: datetime,
    by: str,
) -> ActivityTable:
    today, edges = as_of.astimezone(UTC).date(), periods.edges
    given = {"ids": list(rows), "rows": list(rows.values()), "edges": edges.tolist(), "as_of": as_of, "today": today}
    grid = np.zeros((len(wanted), len(periods)), np.int64)
    first, last = np.full(len(wanted), NEVER), np.full(len(wanted), NEVER)
    for row in connection.execute(text(_COMMITS.format(by=by, other=_BY[by])), given):
        if 0 <= row.period < len(periods):
            grid[row.subject, row.period] = row.n
        day = day_number(row.first)
        first[row.subject] = day if first[row.subject] == NEVER else min(first[row.subject], day)
    seen = text("SELECT entity_id, until FROM repo_seen WHERE entity_id = ANY(:ids) AND until IS NOT NULL")
    for entity_id, until in connection.execute(seen, {"ids": list(rows)}):
        # The day of the last commit that is known was not over when it was read.
        whole = day_number(min(until.astimezone(UTC).date(), today)) - 1
        last[rows[entity_id]] = max(last[rows[entity_id]], whole)
    first = np.where(first == NEVER, last, first)
    first = np.where(first > last, NEVER, first)
    covered = np.minimum(edges[None, 1:], last[:, None] + 1) - np.maximum(
        edges[None, :-1], _month_begins(first)[:, None]
    )
    covered = np.where((first == NEVER)[:, None], 0, np.maximum(covered, 0))
    return ActivityTable([one.key for one in wanted], [None] * len(wanted), periods, {COMMITS: grid}, covered, first)


def _month_begins(days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first day of the month of each day; of NEVER any."""
    safe = np.where(days == NEVER, 0, days)
    return safe.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
