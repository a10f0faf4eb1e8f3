"""Metrics for users: list, view, store and remove definitions; see the rows that count in one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from app.access import audit
from app.errors import InvalidParameters
from app.metrics.convention import asked_of
from app.metrics.counted import CountedRows, Dates, counted_rows
from app.metrics.document import read_metric, written
from app.metrics.metric import Metric
from app.metrics.store import DEFINITIONS, Definition, metric_of
from app.series import lookup
from app.series.entities import REPOSITORY, TEAM
from app.settings import Settings
from app.storage.postgres import database_errors
from app.wording.suggestions import did_you_mean


class MetricService:
    """Operations on metrics; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings

    def list(self) -> list[Definition]:
        """The latest version of each definition, by name."""
        with database_errors(), self._engine.connect() as connection:
            return DEFINITIONS.every(connection)

    def get(self, name: str, version: int | None = None) -> Definition:
        """A definition, of its latest version unless one is given. Raises UnknownMetric."""
        with database_errors(), self._engine.connect() as connection:
            return DEFINITIONS.find(connection, name, version)

    def put(self, name: str, document: Any, *, dry_run: bool = False) -> Definition:
        """Store a definition as a new version, unless it equals the latest one.

        Args:
            name: by which reports call the metric.
            document: what JSON has for it, or its text.
            dry_run: store nothing; what would be stored is returned, with the version that it would get.

        Raises:
            InvalidParameters: with each thing that is wrong, its place, and what is allowed.
        """
        DEFINITIONS.require_name(name)
        read_metric(document, name=name)
        with database_errors(), self._engine.begin() as connection:
            found, is_new = DEFINITIONS.put(connection, name, written(document), dry_run=dry_run)
            if is_new:
                audit.record(connection, "metric.set", "metric", name, version=found.version)
            return found

    def remove(self, name: str) -> None:
        """Remove all versions that are stored; a shipped metric of that name counts again.

        Raises:
            UnknownMetric: there is none of this name.
            InvalidParameters: it is a shipped one.
        """
        with database_errors(), self._engine.begin() as connection:
            DEFINITIONS.remove(connection, name)
            audit.record(connection, "metric.remove", "metric", name)

    def rows(
        self,
        name: str,
        *,
        version: int | None,
        since: date,
        until: date,
        as_of: datetime,
        limit: int,
        team: str | None = None,
        repo: str | None = None,
    ) -> tuple[Definition, CountedRows]:
        """The rows of the facts that count in a metric, the newest first.

        Args:
            name: of the metric.
            version: of its definition; None: the latest.
            since, until: local dates of each row's team; the second is not included.
            as_of: nothing later counts.
            limit: at most so many.
            team, repo: of this one alone.

        Raises:
            UnknownMetric: there is none.
            InvalidParameters: the dates are in the wrong order, there is no such team or repository, or the metric
                tells nothing of few people, as its rows would.
        """
        dates = _in_order(since, until)
        settings = self._settings
        asked = asked_of(settings, as_of)
        # One snapshot, so that rows and names fit; not read-only, because facts may need a temporary table.
        snapshot = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with database_errors(), snapshot as connection:
            definition = DEFINITIONS.find(connection, name, version)
            metric = metric_of(definition)
            _require_told(metric)
            team_id = _id_of(connection, "team", TEAM, team)
            repo_id = _id_of(connection, "repo", REPOSITORY, repo)
            found = counted_rows(
                connection,
                metric,
                asked,
                dates,
                limit=limit,
                team_id=team_id,
                repo_id=repo_id,
                default_zone=settings.default_timezone,
                default_hours=settings.team_windows,
            )
        return definition, found


def _require_told(metric: Metric) -> None:
    if metric.fewest is not None:
        column, people = metric.fewest
        raise InvalidParameters(
            f"{metric.name}: it shows nothing about fewer than {people} people ({column}), so its rows are not shown."
        )


def _in_order(since: date, until: date) -> Dates:
    if since >= until:
        raise InvalidParameters(
            f"since: {since} is not before until, {until}; until is the first date that is not included."
        )
    return Dates(since, until)


def _id_of(connection: Connection, parameter: str, kind: str, key: str | None) -> int | None:
    if key is None:
        return None
    found = None if "\x00" in key else lookup.find(connection, kind, key)
    if found is None:
        compared = lookup.comparison(connection, kind, [key.replace("\x00", "")])
        nearest = next(iter(compared.nearest().values()), [])
        raise InvalidParameters(
            f"{parameter}: there is no {kind} {key[:80]!r}{did_you_mean(nearest)}; leave it out for all.",
            nearest=nearest,
        )
    return found.id
