"""A database that a test has used is lent again only as it was migrated."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.storage.resources import Addresses
from tests.conftest import engine_of
from tests.databases import Databases

#: What tests mostly do to a database.
ROWS = (
    "INSERT INTO entity (kind, key) VALUES ('store', 'a')",
    "INSERT INTO audit_event (action, outcome) VALUES ('made', 'done')",
    "UPDATE auth_epoch SET n = n + 7",
    "CREATE TEMPORARY TABLE other (a int)",
    "CREATE TABLE poll_2024w02 (LIKE poll)",
    "ALTER TABLE poll ATTACH PARTITION poll_2024w02 FOR VALUES FROM ('2024-01-08Z') TO ('2024-01-15Z')",
)


@pytest.fixture
def lent(servers: Addresses) -> Iterator[Databases]:
    databases = Databases(servers.database_url)
    yield databases
    databases.close()


def asked(url: str, *statements: str) -> list[Any]:
    """What the last of these statements gives."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_rows_are_gone_when_a_database_is_lent_again(lent: Databases) -> None:
    with lent.one() as first:
        before = asked(first, "SELECT n FROM auth_epoch")
        asked(first, *ROWS)
    with lent.one() as second:
        assert second == first
        assert asked(second, "SELECT n FROM auth_epoch") == before
        assert asked(second, "SELECT to_regclass('poll_2024w02')") == [(None,)]
        assert asked(second, "SELECT count(*) FROM audit_event") == [(0,)]
        assert asked(second, "SELECT count(*) FROM entity") == [(0,)]
        assert asked(second, f"{ROWS[0]} RETURNING id") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE entity ADD COLUMN mine int",
        "ALTER TABLE entity ALTER COLUMN key DROP NOT NULL",
        "ALTER TABLE entity ADD CHECK (key <> 'mine')",
        "ALTER TABLE audit DISABLE TRIGGER audit_table",
        "DROP VIEW openhours_refresh",
        "CREATE INDEX ON entity (key)",
        "GRANT SELECT ON entity TO public",
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET statement_timeout = 1000'; END $$",
    ],
)
def test_a_database_that_got_more_than_rows_is_dropped(lent: Databases, statement: str) -> None:
    with lent.one() as first:
        asked(first, statement)
    with lent.one() as second:
        assert second != first
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        asked(first)


def test_a_database_that_is_still_in_use_is_dropped(lent: Databases) -> None:
    with lent.one() as first:
        connection = psycopg2.connect(first)
    with lent.one() as second:
        assert second != first
    connection.close()


def test_so_is_that_of_a_test_that_fails(lent: Databases) -> None:
    def fails() -> str:
        with lent.one() as database:
            raise LookupError(database)

    with pytest.raises(LookupError) as caught:
        fails()
    with lent.one() as second:
        assert second != str(caught.value)


def test_a_copy_has_the_rows_of_its_model_and_leaves_it_as_it_is(lent: Databases) -> None:
    with lent.one() as model:
        asked(model, ROWS[0])
        for _ in range(2):
            with lent.like(model) as copy:
                assert asked(copy, "SELECT key FROM entity") == [("a",)]
                asked(copy, "DELETE FROM entity")


def pid_of(connection: Any) -> int:
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def engine(lent: Databases, url: str, **options: Any) -> Engine:
    return engine_of(url, connect=lent.connecting(url), **{"pool_size": 1, **options})


def test_connections_are_lent_again_as_new(lent: Databases) -> None:
    with lent.one() as url:
        first = engine(lent, url)
        with first.connect() as connection:
            pid = pid_of(connection)
            for statement in (
                "SET timezone = 'Asia/Tokyo'",
                "CREATE TEMPORARY TABLE t ()",
                "SELECT pg_advisory_lock(7)",
            ):
                connection.exec_driver_sql(statement)
            connection.commit()
        first.dispose()
    with lent.one() as url:
        second = engine(lent, url)
        with second.connect() as connection:
            assert pid_of(connection) == pid
            assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"
            assert connection.exec_driver_sql("SELECT to_regclass('t')").scalar() is None
            assert connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").scalar() == 0
            connection.rollback()
            connection.exec_driver_sql("CREATE TABLE mine ()")
            connection.rollback()  # it is no connection on which each statement is a transaction
            assert connection.exec_driver_sql("SELECT to_regclass('mine')").scalar() is None
        second.dispose()


def test_one_that_was_made_otherwise_or_was_ended_is_not(lent: Databases) -> None:
    with lent.one() as url:
        first = engine(lent, url)
        with first.connect() as connection:
            pid = pid_of(connection)
        first.dispose()
    with lent.one() as url:
        bounded = engine(lent, url, statement_seconds=5)
        with bounded.connect() as connection:
            assert pid_of(connection) != pid
        bounded.dispose()
        again = engine(lent, url)
        with again.connect() as connection:
            assert pid_of(connection) == pid
        asked(url, f"SELECT pg_terminate_backend({pid}, 5000)")
        again.dispose()
    with lent.one() as url:
        third = engine(lent, url)
        with third.connect() as connection:
            assert pid_of(connection) != pid
        third.dispose()


def test_what_outlives_its_test_does_not_reach_the_next_one(lent: Databases) -> None:
    with lent.one() as url:
        first = engine(lent, url)
    with lent.one() as again:
        assert again == url
        with pytest.raises(OperationalError, match="is over"):
            first.connect()
