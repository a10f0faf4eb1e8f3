"""A Postgres that stands still is told by probes and metrics, which do not stand still with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import Metric
from sqlalchemy import Connection, Engine

from app.errors import DatabaseUnavailable
from app.replica import reachability, readiness
from app.replica.reachability import Reachability
from app.replica.readiness import Readiness
from app.storage import scraping
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from app.storage.scraping import PostgresCollector
from tests.chaos.fault_proxy import fault_proxy


@contextmanager
def silent(resources: Resources) -> Iterator[Engine]:
    """An engine whose connections work, and then stand still."""
    url = resources.engine.url
    assert url.port is not None
    with fault_proxy(url.port) as proxy:
        there = url.set(drivername="postgresql", host="127.0.0.1", port=proxy.port)
        engine = build_engine(there.render_as_string(hide_password=False), pool_size=5)
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        with proxy.hanging():
            yield engine
        engine.dispose()


class _Fit:
    """A replica without faults."""

    draining = False

    def check_fit(self) -> None:
        """It is."""


def test_a_probe_says_that_postgres_is_silent(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 0.1)
    with silent(resources) as engine:
        ready = Readiness(engine, _Fit())  # type: ignore[arg-type]  # what is asked of a replica here
        with pytest.raises(DatabaseUnavailable, match="Postgres has not answered"):
            ready.check()


def _read(connection: Connection) -> list[Metric]:
    connection.exec_driver_sql("SELECT 1")
    return [Metric("never", "", "gauge")]


def test_a_scrape_leaves_out_what_a_silent_postgres_knows(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scraping, "SCRAPE_SECONDS", 0.1)
    with silent(resources) as engine:
        assert list(PostgresCollector(engine, _read).collect()) == []
    assert "Postgres has not answered" in caplog.text


def test_a_silent_postgres_shows_as_down_and_the_others_are_asked(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachability, "ANSWER_SECONDS", 1)
    with silent(resources) as engine:
        watch = Reachability(replace(resources, engine=engine))
        watch.look(Event(), None)
        assert REGISTRY.get_sample_value("openhours_server_up", {"server": "postgres"}) == 0
        assert REGISTRY.get_sample_value("openhours_server_up", {"server": "s3"}) == 1
    Reachability(resources).look(Event(), None)
    assert REGISTRY.get_sample_value("openhours_server_up", {"server": "postgres"}) == 1
