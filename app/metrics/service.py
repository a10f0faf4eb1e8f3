"""Metrics for users: list, view, store and remove definitions; see the rows that count in one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, text

from app.access import audit
from app.errors import InvalidParameters
from app.ids import is_name
from app.metrics.convention import asked_of
from app.metrics.counted import CountedRows, Dates, counted_rows
from app.metrics.document import read_metric, written
from app.metrics.metric import Metric
from app.metrics.shipped import shipped
from app.metrics.store import Definition, definitions, find, latest_of, unknown
from app.metrics.tables import metric_definition
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
            return definitions(connection)

    def get(self, name: str, version: int | None = None) -> Definition:
        """A definition, of its latest version unless one is given. Raises UnknownMetric."""
        with database_errors(), self._engine.connect() as connection:
            return find(connection, name, version)

    def put(self, name: str, document: Any, *, dry_run: bool = False) -> Definition:
        """Store a definition as a new version, unless it equals the latest one.

        Args:
            name: by which reports call the metric.
            document: what JSON has for it, or its text.
            dry_run: store nothing; what would be stored is returned, with the version that it would get.

        Raises:
            InvalidParameters: with each thing that is wrong, its place, and what is allowed.
        """
        if not is_name(name):
            raise InvalidParameters(
                f"name: {name[:80]!r} is not a name of a metric; allowed are up to 64 of the characters a to z, 0 to "
                "9, -, _ and ., of which the first is a letter or a digit."
            )
        read_metric(document, name=name)
        new = written(document)
        with database_errors(), self._engine.begin() as connection:
            if not dry_run:
                connection.execute(text("LOCK TABLE metric_definition IN SHARE ROW EXCLUSIVE MODE"))
            row = connection.execute(latest_of(name)).one_or_none()
            if row is not None and row.document == new:
                return find(connection, name)
            version = 1 if row is None else row.version + 1
            if dry_run:
                return Definition(name, version, new, None)
            connection.execute(insert(metric_definition).values(name=name, version=version, document=new))
            audit.record(connection, "metric.set", "metric", name, version=version)
            return find(connection, name)

    def remove(self, name: str) -> None:
        """Remove all versions that are stored; a shipped metric of that name counts again.

        Raises:
            UnknownMetric: there is none of this name.
            InvalidParameters: it is a shipped one.
        """
        of_name = delete(metric_definition).where(metric_definition.c.name == name)
        with database_errors(), self._engine.begin() as connection:
            if not is_name(name) or connection.execute(of_name).rowcount == 0:
                if name in shipped():
                    raise InvalidParameters(
                        f"{name} is shipped and cannot be removed; PUT stores one of the same name."
                    )
                raise unknown(connection, name)
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
            definition = find(connection, name, version)
            metric = definition.metric()
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
            f"{metric.name}: it tells nothing of fewer than {people} people ({column}), so its rows are not shown."
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
