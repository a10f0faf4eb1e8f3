"""What the rows of a view are computed of, as a stamp: if it is another one now, they are to be computed again.

A stamp is read before the data. What changes in between makes the next stamp another one, so that it is at most
computed once too often.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, select, text

from app.dashboards.tables import dashboard_view, dashboard_week
from app.metrics.store import DEFINITIONS
from app.series import polls
from app.series.tables import poll_week
from app.settings import Settings
from app.timeline import MISSING
from app.timeline.periods import FURTHEST

#: To be raised when the same data makes other rows.
_FORM: Final = 1

#: Weeks of uptime that are kept, up to the one of the latest poll: three years.
KEPT_WEEKS: Final = 157

_WEEK: Final = timedelta(days=7)

#: No clock is further from UTC.
_FURTHEST: Final = timedelta(microseconds=FURTHEST)

#: Tables whose rows say when they were known (app/series/versions.py).
_VERSIONED: Final = (
    *("hours_window", "hours_exception", "calendar", "calendar_day", "calendar_use", "entity_zone", "entity_detail"),
)

_OF_NO_ENTITY: Final = ("calendar", "calendar_day")

#: Kinds of datasets that neither pull requests nor activity are read from, and those that metrics are not, either.
_OTHER_DATASETS: Final = ["polls", "table", "review_times"]
_NO_FACTS: Final = [*_OTHER_DATASETS, "installs"]

# What is known of a stream up to the end of a week changes at most once a week: a sync that found nothing changes
# nothing here, unless a week has ended since the one before.
_READ: Final = (
    "SELECT id, name, options ->> 'streams', NULL, NULL FROM source",
    "SELECT source_id, full_name, state, repo_id::text, date_trunc('week', state_since) FROM source_repository",
    "SELECT source_id, stream, scope, NULL, date_trunc('week', watermark) FROM source_cursor",
    "SELECT source_id, stream, scope, code, date_trunc('week', since) FROM source_gap WHERE closed_at IS NULL",
)

#: Names of the views that have one stamp.
PULL_REQUESTS: Final = "openhours_pull_request"
ACTIVITY: Final = "openhours_activity"
ENGINEERING: Final = "openhours_engineering_week"

#: Of uptime each week has its own.
UPTIME: Final = "openhours_uptime_day"


@dataclass(frozen=True, slots=True)
class Stamps:
    """What there is to compute from, and what was computed.

    Attributes:
        weeks: the stamp of each week of uptime that there should be, by its Monday, newest first.
        views: the stamps of the other views.
        as_of: the latest poll; None without any.
        first_poll: the earliest poll; None without any.
        of_weeks, of_views: the stamps of what was computed.
    """

    weeks: Mapping[date, str]
    views: Mapping[str, str]
    as_of: datetime | None
    first_poll: datetime | None
    of_weeks: Mapping[date, str]
    of_views: Mapping[str, str]

    @property
    def due_weeks(self) -> list[date]:
        """The weeks that are to be computed, newest first."""
        return [week for week, stamp in self.weeks.items() if self.of_weeks.get(week) != stamp]

    @property
    def due_views(self) -> list[str]:
        """The other views that are to be computed."""
        return [name for name, stamp in self.views.items() if self.of_views.get(name) != stamp]

    @property
    def are_stale(self) -> bool:
        """Whether anything is to be computed, or to be removed."""
        return bool(self.due_weeks or self.due_views or self.of_weeks.keys() - self.weeks.keys())


def read_stamps(connection: Connection, settings: Settings, *, now: datetime) -> Stamps:
    """All of them, as one snapshot shows them if the connection's transaction has one."""
    known, of_teams = _known(connection), _known_of_teams(connection)
    datasets = _datasets(connection, _OTHER_DATASETS)
    weeks, as_of, first_poll = _weeks(connection, [known, settings.default_timezone])
    bots, hours = sorted(settings.bots), [str(window) for window in settings.team_windows]
    return Stamps(
        weeks=weeks,
        views={
            PULL_REQUESTS: _stamp(datasets, known, bots, hours, settings.default_timezone),
            ACTIVITY: _stamp(datasets, now.astimezone(UTC).date()),
            ENGINEERING: _stamp(*_of_metrics(connection, settings), of_teams, bots, hours, now.astimezone(UTC).date()),
        },
        as_of=as_of,
        first_poll=first_poll,
        of_weeks={row.week: row.stamp for row in connection.execute(select(dashboard_week))},
        of_views={row.name: row.stamp for row in connection.execute(select(dashboard_view))},
    )


def _weeks(
    connection: Connection, always: Sequence[object]
) -> tuple[dict[date, str], datetime | None, datetime | None]:
    """The stamps of the weeks, newest first, with the latest and the earliest poll.

    A week by local dates reads polls of the UTC weeks on both sides, too: by its clocks, and by the lookback.
    """
    found = {row.week: row for row in connection.execute(select(poll_week))}
    as_of = polls.latest(connection)
    if as_of is None:
        return {}, None, None
    first_poll = min(row.first_at for row in found.values())
    last = max(found) + _WEEK
    stamps: dict[date, str] = {}
    for number in range(KEPT_WEEKS + 1):
        week = last - number * _WEEK
        begin = datetime.combine(week, time.min, UTC) - _FURTHEST
        end = begin + _WEEK + 2 * _FURTHEST
        if end < first_poll:
            break
        if as_of > begin:
            versions = [found[one].version if one in found else MISSING for one in (week - _WEEK, week, week + _WEEK)]
            stamps[week] = _stamp(always, versions, min(as_of, end), max(first_poll, begin))
    return stamps, as_of, first_poll


def _known(connection: Connection) -> list[Any]:
    """What changes whenever hours, zones, calendars, details or stores do."""
    queries = [
        f"SELECT count(*), count(superseded_at), max(recorded_at), max(superseded_at) FROM {table}"
        for table in _VERSIONED
    ]
    queries.append("SELECT count(*), max(id), NULL, NULL FROM entity WHERE kind = 'store'")
    return [tuple(row) for row in connection.execute(text(" UNION ALL ".join(queries)))]


def _known_of_teams(connection: Connection) -> list[Any]:
    """What changes whenever hours, zones or calendars of teams do; those of stores change no metric."""
    queries = [
        f"SELECT count(*), count(superseded_at), max(recorded_at), max(superseded_at) FROM {table}"
        + ("" if table in _OF_NO_ENTITY else " WHERE entity_id IN (SELECT id FROM entity WHERE kind = 'team')")
        for table in _VERSIONED
    ]
    return [tuple(row) for row in connection.execute(text(" UNION ALL ".join(queries)))]


def _of_metrics(connection: Connection, settings: Settings) -> list[Any]:
    """What changes with rows of facts, groups, definitions, what sources have read, and what an incident is."""
    groups = text(
        "SELECT kind, count(*), max(id) FROM entity WHERE kind IN ('team', 'repository') GROUP BY 1 ORDER BY 1"
    )
    read = text(f"SELECT count(*), sum(hashtextextended(one::text, 0))::text FROM ({' UNION ALL '.join(_READ)}) AS one")
    return [
        _datasets(connection, _NO_FACTS),
        [tuple(row) for row in connection.execute(groups)],
        [(one.name, one.version, one.created_at, one.document) for one in DEFINITIONS.every(connection)],
        tuple(connection.execute(read).one()),
        (settings.default_timezone, list(settings.labels_of_incidents), settings.incident_hours),
    ]


def _datasets(connection: Connection, others: Sequence[str]) -> list[Any]:
    """What changes whenever a file of other kinds than ``others`` is loaded, loaded anew or removed."""
    query = text(
        "SELECT count(*), sum(hashtextextended(id || merged_by, 0))::text FROM dataset "
        "WHERE merged_by IS NOT NULL AND kind <> ALL(:others)"
    )
    return list(connection.execute(query, {"others": list(others)}).one())


def _stamp(*of: object) -> str:
    return sha256(repr((_FORM, of)).encode()).hexdigest()
