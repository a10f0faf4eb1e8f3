"""Metrics that Postgres knows: read at each scrape, and left out while Postgres does not answer."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.errors import DatabaseUnavailable
from app.storage.in_time import InTime
from app.storage.postgres import database_errors

#: Reads some metrics on a connection.
ReadMetrics = Callable[[Connection], Iterable[Metric]]

#: How long a scrape waits for Postgres, seconds: Prometheus gives up a scrape after ten, with all its metrics.
SCRAPE_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class PostgresCollector(Collector):
    """The same figures from every replica: take their maximum, not their sum."""

    def __init__(self, engine: Engine, *reads: ReadMetrics) -> None:
        self._engine = engine
        self._reads = reads
        self._found = InTime(self._read, of="Postgres", seconds=SCRAPE_SECONDS, error=DatabaseUnavailable)

    def collect(self) -> Iterator[Metric]:
        """Read them all on one connection."""
        try:
            found = self._found.answer()
        except (DatabaseUnavailable, DBAPIError) as error:  # the latter before the database is migrated
            _log.warning("metrics without those of Postgres: %s", error)
            return
        yield from found

    def _read(self) -> list[Metric]:
        with database_errors(), self._engine.connect() as connection:
            return [metric for read in self._reads for metric in read(connection)]


def postgres_registry(engine: Engine, *reads: ReadMetrics) -> CollectorRegistry:
    """A registry of these metrics alone."""
    registry = CollectorRegistry()
    registry.register(PostgresCollector(engine, *reads))
    return registry
