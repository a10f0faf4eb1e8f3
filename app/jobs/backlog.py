"""The backlog as metrics: read from Postgres at each scrape, and left out while Postgres does not answer."""

import logging
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.errors import DatabaseUnavailable
from app.jobs import records
from app.storage.postgres import database_errors

_log = logging.getLogger(__name__)


class BacklogCollector(Collector):
    """The same figures from every replica: take their maximum, not their sum."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Read the backlog."""
        try:
            with database_errors(), self._engine.connect() as connection:
                backlog = records.backlog(connection)
        except (DatabaseUnavailable, DBAPIError) as error:  # the latter before the database is migrated
            _log.warning("metrics without the backlog: %s", error)
            return
        yield GaugeMetricFamily("openhours_reports_queued", "Jobs queued for a worker.", backlog.queued)
        yield GaugeMetricFamily(
            "openhours_oldest_queued_age_seconds",
            "Age of the job that has been queued longest.",
            backlog.oldest_seconds,
        )
        yield GaugeMetricFamily("openhours_reports_running", "Jobs that a worker has claimed.", backlog.running)


def backlog_registry(engine: Engine) -> CollectorRegistry:
    """A registry of the backlog alone."""
    registry = CollectorRegistry()
    registry.register(BacklogCollector(engine))
    return registry
