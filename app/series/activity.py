"""Reads what was counted of projects and repositories: installs by source, commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from app.flow.activity import RECENT_DAYS, Counted, days_without_gap, month_of
from app.series.entities import PROJECT, REPOSITORY

#: The metric of a repository.
COMMITS: Final = "commits"

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """A project or a repository under all its names.

    Attributes:
        kind: of the entity.
        key: that it has now.
        ids: of the entities under its present and its earlier names.
        earlier: those names, sorted.
    """

    kind: str
    key: str
    ids: tuple[int, ...]
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """What was counted of a subject.

    Attributes:
        counted: up to the day before ``as_of``'s.
        source: of the installs; None for commits, or where nobody has counted.
        sources: those that have named it, sorted; if none has, those that tell of all projects.
        latest_commit_at: the greatest ``committed_at`` up to ``as_of``; None for installs.
    """

    counted: Counted
    source: str | None = None
    sources: tuple[str, ...] = ()
    latest_commit_at: datetime | None = None


_NAMES: Final = """
WITH RECURSIVE name (key) AS (
    SELECT CAST(:key AS text)
    UNION
    SELECT CASE WHEN lower(old_key) = lower(name.key) THEN move.key ELSE old_key END
    FROM name JOIN entity_move move ON move.kind = :kind AND lower(name.key) IN (lower(old_key), lower(move.key))
)
SELECT key, EXISTS (SELECT FROM entity_move WHERE kind = :kind AND lower(old_key) = lower(name.key)) AS is_old
FROM name ORDER BY key
"""


def find(connection: Connection, kind: str, key: str) -> Subject | None:
    """The subject with this key, now or earlier; None if there is none.

    Repositories are found whatever the case of the letters; of two that differ in it alone the rows count together.

    Args:
        connection: any.
        kind: ``project`` or ``repository``.
        key: as flow.spellings writes it.
    """
    names = connection.execute(text(_NAMES), {"kind": kind, "key": key}).all()
    condition = "lower(key) = ANY(:keys)" if kind == REPOSITORY else "key = ANY(:keys)"
    keys = [name.key.lower() if kind == REPOSITORY else name.key for name in names]
    known = connection.execute(
        text(f"SELECT id, key FROM entity WHERE kind = '{_checked(kind)}' AND {condition} ORDER BY key"), {"keys": keys}
    ).all()
    if not known:
        return None
    present = [name.key for name in names if not name.is_old] or [key]
    spelt = next((one.key for one in known if one.key.lower() == present[0].lower()), present[0])
    earlier = {name.key for name in names if name.key.lower() != spelt.lower()}
    return Subject(kind, spelt, tuple(one.id for one in known), tuple(sorted(earlier)))


def read(
    connection: Connection, subject: Subject, *, as_of: datetime, source: str | None = None, by: str = "authored_at"
) -> Activity:
    """What was counted of a subject on the days before ``as_of``'s, in UTC.

    Args:
        connection: any.
        subject: of find().
        as_of: an instant.
        source: of the installs; None: the one that has counted until latest, then on most days, then by name.
        by: the instant of a commit that decides its day: ``authored_at`` or ``committed_at``.
    """
    if subject.kind == PROJECT:
        return _installs(connection, subject, as_of.astimezone(UTC).date(), source)
    return _commits(connection, subject, as_of, by)


def keys(connection: Connection, kind: str) -> Sequence[str]:
    """The keys of all subjects of a kind, sorted."""
    return connection.scalars(text("SELECT key FROM entity WHERE kind = :kind ORDER BY key"), {"kind": kind}).all()


@dataclass(frozen=True, slots=True)
class UncountedDays:
    """Days in a row of which a source told nothing, between days of which it did.

    Attributes:
        source: of counts.
        project: whose days they are; None: of all that the source tells of together.
        first, last: both without a count.
    """

    source: str
    project: str | None
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


def uncounted_days(
    connection: Connection,
    *,
    source: str | None = None,
    keys: Sequence[str] | None = None,
    within: tuple[date, date] | None = None,
    limit: int,
) -> list[UncountedDays]:
    """The gaps of sources of installs, by source and project.

    Args:
        connection: any.
        source: of this one alone; None: of all.
        keys: of these projects, and of all that a source tells of together; None: of all projects.
        within: those that have a day from the first to the last of these two; None: whenever.
        limit: at most so many.
    """
    first, last = within or (None, None)
    given = {"source": source, "keys": None if keys is None else list(keys), "first": first, "last": last}
    rows = connection.execute(text(_GAPS), {**given, "limit": limit})
    return [UncountedDays(row.source, row.key, row.first, row.last) for row in rows]


def sources_of_installs(connection: Connection) -> list[str]:
    """The sources that have told of a day, sorted."""
    return sorted(connection.scalars(text("SELECT DISTINCT source FROM source_day")))


# A project's own entries go before those for all.
_GAPS: Final = """
WITH told AS MATERIALIZED (
    SELECT source, told_of, day, is_told FROM source_day WHERE CAST(:source AS text) IS NULL OR source = :source
), covered AS (
    SELECT source, told_of, day FROM told WHERE is_told
    UNION ALL
    SELECT named.source, named.told_of, whole.day
    FROM (SELECT DISTINCT source, told_of FROM told WHERE told_of > 0) named
    JOIN told whole ON whole.source = named.source AND whole.told_of = 0
    WHERE NOT EXISTS (
        SELECT FROM told own
        WHERE own.source = named.source AND own.told_of = named.told_of AND own.day = whole.day
    )
), neighbours AS (
    SELECT source, told_of, day, lag(day) OVER (PARTITION BY source, told_of ORDER BY day) AS before FROM covered
)
SELECT source, key, before + 1 AS first, day - 1 AS last
FROM neighbours LEFT JOIN entity ON entity.id = told_of
WHERE day > before + 1
    AND (CAST(:keys AS text[]) IS NULL OR key IS NULL OR key = ANY(:keys))
    AND (CAST(:first AS date) IS NULL OR (day > :first AND before < :last))
ORDER BY source, key NULLS FIRST, first LIMIT :limit
"""

_COUNTS: Final = """
SELECT source, day - (extract(day FROM day)::int - 1) AS month, class, sum(n)::bigint AS n
FROM install_day WHERE entity_id = ANY(:ids) AND day < :day GROUP BY source, month, class
"""

#: The days that are covered for the entities: their own entries go before those for all.
_DAYS: Final = """
SELECT source, day FROM source_day WHERE told_of = ANY(:covering) AND {limits} GROUP BY source, day
HAVING bool_or(told_of > 0 AND is_told) OR NOT bool_or(told_of > 0)
"""

_COVERED: Final = f"""
SELECT source, day - (extract(day FROM day)::int - 1) AS month, count(*) AS days, min(day) AS first, max(day) AS last
FROM ({_DAYS.format(limits="day < :day")}) covered GROUP BY source, month
"""

_RECENT: Final = f"""
SELECT class, sum(n)::bigint AS n FROM install_day
WHERE entity_id = ANY(:ids) AND source = :source AND day BETWEEN :first AND :last GROUP BY class
UNION ALL
SELECT NULL, count(*) FROM ({_DAYS.format(limits="source = :source AND day BETWEEN :first AND :last")}) covered
"""


def _installs(connection: Connection, subject: Subject, day: date, source: str | None) -> Activity:
    given: dict[str, Any] = {"ids": list(subject.ids), "covering": [0, *subject.ids], "day": day}
    months: dict[str, dict[date, dict[str, int]]] = {}
    for row in connection.execute(text(_COUNTS), given):
        months.setdefault(row.source, {}).setdefault(row.month, {})[row[2]] = row.n
    covered: dict[str, dict[date, Any]] = {}
    own = set(connection.scalars(text("SELECT DISTINCT source FROM source_day WHERE told_of = ANY(:ids)"), given))
    for row in connection.execute(text(_COVERED), given):
        covered.setdefault(row.source, {})[row.month] = row
    # A source that tells of all projects tells of this one, too; but one that has named it goes before, unless asked.
    sources = tuple(sorted(own | months.keys() or covered.keys()))
    chosen = source if source is not None else _chosen(covered, sources)
    found = covered.get(chosen or "", {})
    if not found:
        return Activity(Counted({}, {}), chosen if chosen in sources else None, sources)
    first, last = min(one.first for one in found.values()), max(one.last for one in found.values())
    window = {**given, "source": chosen, "first": last - (RECENT_DAYS - 1) * _DAY, "last": last}
    recent = {row[0]: row.n for row in connection.execute(text(_RECENT), window)}
    recent_covered = recent.pop(None)
    counted = Counted(
        months=months.get(chosen or "", {}),
        covered={month: one.days for month, one in found.items()},
        first=first,
        last=last,
        recent=recent,
        recent_covered=recent_covered,
    )
    return Activity(counted, chosen, sources)


def _chosen(covered: dict[str, dict[date, Any]], sources: Sequence[str]) -> str | None:
    told = [one for one in sources if covered.get(one)]
    ranks = {
        one: (
            -max(row.last for row in covered[one].values()).toordinal(),
            -sum(row.days for row in covered[one].values()),
        )
        for one in told
    }
    return min(told, key=lambda one: (ranks[one], one), default=None)


# A commit that is there under two names of its repository counts once.
_COMMITS: Final = """
SELECT day, count(*) AS n FROM (
    SELECT DISTINCT ON (sha) (coalesce({by}, {other}) AT TIME ZONE 'UTC')::date AS day
    FROM commit WHERE repo_id = ANY(:ids) AND coalesce(committed_at, authored_at) <= :as_of ORDER BY sha, repo_id
) one WHERE day < :day GROUP BY day
"""

_BY: Final = {"authored_at": "committed_at", "committed_at": "authored_at"}


def _commits(connection: Connection, subject: Subject, as_of: datetime, by: str) -> Activity:
    day = as_of.astimezone(UTC).date()
    given: dict[str, Any] = {"ids": list(subject.ids), "as_of": as_of, "day": day}
    days = {row.day: row.n for row in connection.execute(text(_COMMITS.format(by=by, other=_BY[by])), given)}
    latest = connection.scalar(
        text("SELECT max(committed_at) FROM commit WHERE repo_id = ANY(:ids) AND committed_at <= :as_of"), given
    )
    until = connection.scalar(text("SELECT max(until) FROM repo_seen WHERE entity_id = ANY(:ids)"), given)
    months: dict[date, dict[str, int]] = {}
    for one, n in days.items():
        counts = months.setdefault(month_of(one), {COMMITS: 0})
        counts[COMMITS] += n
    # The day of the last commit that is known was not over when it was read.
    last = None if until is None else min(until.astimezone(UTC).date(), day) - _DAY
    first = min(days, default=last)
    if first is None or last is None or first > last:
        return Activity(Counted(months, {}), latest_commit_at=latest)
    from_day = last - (RECENT_DAYS - 1) * _DAY
    counted = Counted(
        months=months,
        covered=days_without_gap(month_of(first), last),
        first=first,
        last=last,
        recent={COMMITS: sum(n for one, n in days.items() if from_day <= one <= last)},
        recent_covered=RECENT_DAYS,
    )
    return Activity(counted, latest_commit_at=latest)


def _checked(kind: str) -> str:
    if kind not in {PROJECT, REPOSITORY}:
        raise ValueError(kind)
    return kind
