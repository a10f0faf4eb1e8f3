"""A wait for a Postgres that stands still has an end; one that works is waited for as before."""

import logging
from collections.abc import Iterator
from threading import Thread
from time import sleep

import pytest
from sqlalchemy import Engine, text

from app.errors import DatabaseUnavailable
from app.storage import silent_postgres
from app.storage.postgres import build_engine, database_errors
from app.storage.resources import Addresses, Resources
from tests.chaos.fault_proxy import FaultProxy, fault_proxy

#: Longer than any wait here, seconds.
LONG = 60


@pytest.fixture
def proxy(resources: Resources) -> Iterator[FaultProxy]:
    assert resources.engine.url.port is not None
    with fault_proxy(resources.engine.url.port) as proxy:
        yield proxy


@pytest.fixture
def engine(resources: Resources, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """As of a server, with waits in tenths of seconds and two connections that have worked."""
    for name in ("SILENT_SECONDS", "PATIENCE_SECONDS", "GRACE_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(silent_postgres, name, getattr(silent_postgres, name) / 20)
    there = resources.engine.url.set(drivername="postgresql", host="127.0.0.1", port=proxy.port)
    engine = build_engine(there.render_as_string(hide_password=False), pool_size=2, statement_seconds=LONG)
    with engine.connect() as one, engine.connect() as two:
        assert one.scalar(text("SELECT 1")) == two.scalar(text("SELECT 1")) == 1
    yield engine
    engine.dispose()


def answer(engine: Engine) -> int:
    with database_errors(), engine.connect() as connection:
        return int(connection.scalar(text("SELECT 1")) or 0)


def test_a_statement_that_is_not_answered_ends(engine: Engine, proxy: FaultProxy) -> None:
    with proxy.hanging(), pytest.raises(DatabaseUnavailable, match="Postgres has not answered for"):
        answer(engine)
    assert answer(engine) == 1


def test_a_commit_that_is_not_answered_ends(engine: Engine, proxy: FaultProxy) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with proxy.hanging(), pytest.raises(DatabaseUnavailable, match="has not answered"), database_errors():
            connection.commit()


def test_further_requests_do_not_wait(engine: Engine, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silent_postgres, "RETRY_SECONDS", LONG)
    with proxy.hanging():
        with pytest.raises(DatabaseUnavailable):
            answer(engine)
        trying = Thread(target=answer, args=(engine,))  # is let through, to see whether Postgres is still silent
        trying.start()
        sleep(0.05)
        with pytest.raises(DatabaseUnavailable, match="has not answered"):  # not in the words of a connection
            answer(engine)
    trying.join()


def test_they_are_let_in_again_when_it_answers(engine: Engine, proxy: FaultProxy) -> None:
    with proxy.hanging(), pytest.raises(DatabaseUnavailable):
        answer(engine)
    assert [answer(engine) for _ in range(5)] == [1] * 5


def words_of_a_sleep(engine: Engine) -> str:
    """What becomes of a statement that takes 0.9 s while others are answered."""
    ended = list[str]()

    def sleep_long() -> None:
        try:
            with database_errors(), engine.connect() as connection:
                connection.execute(text("SELECT pg_sleep(0.9)"))
            ended.append("slept")
        except DatabaseUnavailable as error:
            ended.append(error.message)

    slow = Thread(target=sleep_long)
    slow.start()
    while slow.is_alive():
        assert answer(engine) == 1
        sleep(0.02)
    return ended[0]


def test_a_statement_that_takes_long_goes_on_while_others_are_answered(engine: Engine) -> None:
    assert words_of_a_sleep(engine) == "slept"


def test_a_session_that_hangs_alone_is_given_up(resources: Resources, engine: Engine) -> None:
    boundless = build_engine(resources.database_url, pool_size=2, statement_seconds=0)  # Postgres ends none itself
    assert "has not answered" in words_of_a_sleep(boundless)
    boundless.dispose()


def test_an_engine_is_disposed_of_without_a_word(servers: Addresses, caplog: pytest.LogCaptureFixture) -> None:
    engine = build_engine(servers.database_url, pool_size=1, statement_seconds=LONG)
    with caplog.at_level(logging.INFO):
        engine.connect().close()
        engine.dispose()
    assert caplog.messages == []
