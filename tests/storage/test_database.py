"""Postgres' errors become ours where waiting helps, and stay what they are where it does not."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.errors import DatabaseUnavailable, NotMigrated
from app.storage.postgres import build_engine, database_errors, each_by_itself
from app.storage.resources import Resources


def test_a_postgres_that_is_not_there_is_unavailable() -> None:
    engine = build_engine("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    with pytest.raises(DatabaseUnavailable) as caught, database_errors(), engine.connect():
        pass
    assert caught.value.retryable
    assert caught.value.status == 503
    engine.dispose()


@pytest.fixture
def pings(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Engine, list[bool]]]:
    """An engine with one connection that is open, and whether Postgres has answered each ping so far."""
    engine, answers = build_engine(resources.database_url, pool_size=1), list[bool]()
    ping = engine.dialect.do_ping

    def counted(connection: Any) -> bool:
        answers.append(False)
        answers[-1] = ping(connection)
        return answers[-1]

    monkeypatch.setattr(engine.dialect, "do_ping", counted)
    engine.connect().close()
    yield engine, answers
    engine.dispose()


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def test_a_connection_in_use_is_not_pinged_each_time(pings: tuple[Engine, list[bool]]) -> None:
    engine, answers = pings
    assert backend(engine) == backend(engine)
    assert answers == []


def test_a_connection_that_was_not_used_for_long_is_pinged(
    pings: tuple[Engine, list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, answers = pings
    monkeypatch.setattr("app.storage.postgres.TRUSTED_SECONDS", 0)
    assert backend(engine) == backend(engine)
    assert answers == [True, True]


def test_a_connection_that_postgres_has_ended_meanwhile_is_replaced_unnoticed(
    resources: Resources, pings: tuple[Engine, list[bool]]
) -> None:
    engine, answers = pings
    ended = backend(engine)
    with resources.engine.connect() as other:
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ended})
    assert backend(engine) not in (0, ended)
    assert answers == [False]


def test_a_pool_that_stays_busy_is_unavailable(resources: Resources) -> None:
    engine = build_engine(resources.database_url, pool_size=1)
    with (
        engine.connect(),
        pytest.raises(DatabaseUnavailable, match="busy"),
        database_errors(),
        engine.connect(),
    ):
        pass
    engine.dispose()


@pytest.mark.parametrize("connect", [Engine.connect, each_by_itself])
@pytest.mark.parametrize(
    "statement",
    [
        "SET statement_timeout = 1; SELECT pg_sleep(5)",  # 57014
        "SELECT pg_terminate_backend(pg_backend_pid())",  # the connection breaks
        "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$",
    ],
)
def test_what_goes_away_by_itself_is_unavailable_and_then_gone(
    resources: Resources, statement: str, connect: Callable[[Engine], AbstractContextManager[Connection]]
) -> None:
    engine = build_engine(resources.database_url, pool_size=1)
    with pytest.raises(DatabaseUnavailable), database_errors(), connect(engine) as connection:
        connection.exec_driver_sql(statement)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert (connection.exec_driver_sql("SELECT 1").scalar(), driver.autocommit) == (1, False)
    engine.dispose()


def test_a_database_without_our_tables_is_to_be_migrated(resources: Resources) -> None:
    with (
        pytest.raises(NotMigrated, match="openhours migrate"),
        database_errors(),
        resources.engine.connect() as connection,
    ):
        connection.execute(text("SELECT * FROM table_of_a_later_version"))


def test_a_defect_of_ours_is_not_called_unavailable(resources: Resources) -> None:
    with pytest.raises(DBAPIError), database_errors(), resources.engine.connect() as connection:
        connection.execute(text("SELECT no_such_column"))


@pytest.mark.parametrize(
    "error",
    [
        psycopg2.OperationalError("server closed the connection unexpectedly"),
        psycopg2.DatabaseError("error with status PGRES_COPY_OUT and no message from the libpq"),  # killed mid-COPY
    ],
)
def test_errors_of_the_driver_itself_are_mapped_too(error: psycopg2.Error) -> None:
    with pytest.raises(DatabaseUnavailable), database_errors():
        raise error


def test_sessions_speak_utc_and_any_spelling_of_the_address_works(resources: Resources) -> None:
    engine = build_engine(resources.database_url.replace("postgresql://", "postgres://"), pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
    engine.dispose()


def test_statements_by_themselves_are_kept_and_the_next_user_of_the_connection_has_transactions(
    resources: Resources,
) -> None:
    engine = build_engine(resources.database_url, pool_size=1)
    with each_by_itself(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number integer)")
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (2)")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT number FROM kept").scalars().all() == [1]
    engine.dispose()
