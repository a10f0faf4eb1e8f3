"""The role of a dashboard reads the views and nothing else, and writes nothing."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from app.dashboards.job import RefreshParams, produce
from app.dashboards.role import add_role, readers, remove_reader
from app.dashboards.tables import VIEWS, dashboard_reader
from app.errors import InvalidParameters, SetupError
from app.storage.postgres import build_engine, metadata
from app.storage.resources import Resources
from tests.access.audit_rows import rows_of
from tests.kinds import context_of

PASSWORD = "correct horse 'battery' staple"


@pytest.fixture
def name(resources: Resources) -> Iterator[str]:
    """Of a role that no other test has; it is gone afterwards."""
    role = f"views_{uuid.uuid4().hex[:8]}"
    yield role
    with resources.engine.begin() as connection:
        if connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}; DROP ROLE {role}")


def opened(resources: Resources, role: str, password: str = PASSWORD) -> Any:
    """A connection of the role."""
    address = make_url(resources.database_url).set(drivername="postgresql", username=role, password=password)
    return closing(psycopg2.connect(address.render_as_string(hide_password=False)))


def asked(connection: Any, statement: str) -> list[Any]:
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def names_in_public(resources: Resources) -> set[str]:
    query = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')"
    )
    with resources.engine.connect() as connection:
        return set(connection.scalars(text(query)))


def test_it_reads_every_view_and_nothing_else(resources: Resources, name: str) -> None:
    add_role(resources.engine, name, password=PASSWORD)
    others = names_in_public(resources) - set(VIEWS)
    assert others >= set(metadata.tables) > {"report", "poll", "pull_request", "audit", "dashboard_reader"}
    with opened(resources, name) as connection:
        for view in VIEWS:
            assert asked(connection, f"SELECT * FROM {view}") == []
        for other in sorted(others):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                asked(connection, f'SELECT * FROM "{other}"')


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO openhours_activity (kind, name, day, state) VALUES ('project', 'x', '2024-01-01', 'complete')",
        "UPDATE openhours_pull_request SET team = 'x'",
        "DELETE FROM openhours_uptime_day",
        "DELETE FROM uptime_day",
        "CREATE TABLE mine (one int)",
        "CREATE VIEW openhours_mine AS SELECT 1",
        "DROP VIEW openhours_activity",
        "CREATE ROLE another",
    ],
)
def test_it_writes_nothing_even_if_it_asks_for_transactions_that_write(
    resources: Resources, name: str, statement: str
) -> None:
    add_role(resources.engine, name, password=PASSWORD)
    with opened(resources, name) as connection:
        with pytest.raises((psycopg2.errors.ReadOnlySqlTransaction, psycopg2.errors.InsufficientPrivilege)):
            asked(connection, statement)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            asked(connection, f"SET TRANSACTION READ WRITE; {statement}")


def test_the_server_is_never_sent_the_password(resources: Resources, name: str) -> None:
    sent: list[str] = []
    event.listen(resources.engine, "before_cursor_execute", lambda *of: sent.append(f"{of[2]} {of[3]}"))
    add_role(resources.engine, name, password=PASSWORD)
    assert any("SCRAM-SHA-256$" in one for one in sent)
    assert not [one for one in sent if "battery" in one]


def test_another_password_replaces_the_first_and_to_say_it_twice_changes_nothing(
    resources: Resources, name: str
) -> None:
    add_role(resources.engine, name, password=PASSWORD)
    add_role(resources.engine, name, password="another one")
    with opened(resources, name, "another one") as connection:
        assert asked(connection, "SELECT current_setting('statement_timeout')") == [("30s",)]
    with pytest.raises(psycopg2.OperationalError, match="password"), opened(resources, name):
        pass
    with resources.engine.connect() as connection:
        assert readers(connection) == [name]
    told = [(row.action, row.object_id) for row in rows_of(resources.engine, after=0)]
    assert told == [("dashboards.allow", name)] * 2


def test_a_role_that_is_removed_is_gone(resources: Resources, name: str) -> None:
    add_role(resources.engine, name, password=PASSWORD)
    remove_reader(resources.engine, name)
    with pytest.raises(psycopg2.OperationalError), opened(resources, name):
        pass
    with resources.engine.connect() as connection:
        assert readers(connection) == []
    with pytest.raises(InvalidParameters, match="does not read the dashboard views"):
        remove_reader(resources.engine, name)


def test_a_role_of_others_is_left_as_it_is_but_may_read(resources: Resources, name: str) -> None:
    with pytest.raises(InvalidParameters, match="no such role"):
        add_role(resources.engine, name, password=None)
    with resources.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'theirs'")
    with pytest.raises(InvalidParameters, match="not made here"):
        add_role(resources.engine, name, password=PASSWORD)
    add_role(resources.engine, name, password=None)
    with opened(resources, name, "theirs") as connection:
        assert asked(connection, "SELECT * FROM openhours_refresh") == []
    remove_reader(resources.engine, name)
    with opened(resources, name, "theirs") as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        asked(connection, "SELECT * FROM openhours_refresh")


def test_the_next_run_gives_back_rights_that_a_restore_has_not_brought(
    resources: Resources, name: str, tmp_path: Path
) -> None:
    add_role(resources.engine, name, password=PASSWORD)
    with resources.engine.begin() as connection:
        connection.exec_driver_sql(f"REVOKE ALL ON openhours_activity, openhours_refresh FROM {name}")
        connection.execute(dashboard_reader.insert().values(role="of_another_server", is_ours=True))
    produce(context_of(resources, tmp_path), RefreshParams())
    with opened(resources, name) as connection:
        for view in VIEWS:
            asked(connection, f"SELECT * FROM {view}")


@pytest.mark.parametrize("wrong", ["", "Upper", "pg_views", "a b", "1a", 'a"b', "a" * 64])
def test_a_name_that_is_none_is_refused(resources: Resources, wrong: str) -> None:
    with pytest.raises(InvalidParameters, match="is not a name of a role"):
        add_role(resources.engine, wrong, password=PASSWORD)


@pytest.mark.parametrize("wrong", ["", "short", "with a\nline break"])
def test_a_password_that_is_none_is_refused(resources: Resources, name: str, wrong: str) -> None:
    with pytest.raises(InvalidParameters, match="printable ones"):
        add_role(resources.engine, name, password=wrong)


def test_who_may_make_no_roles_is_told_what_to_do(resources: Resources, name: str) -> None:
    with resources.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'theirs'")
        connection.exec_driver_sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    address = make_url(resources.database_url).set(username=name, password="theirs")
    engine = build_engine(address.render_as_string(hide_password=False), pool_size=1)
    try:
        with pytest.raises(SetupError, match="CREATE ROLE views_more LOGIN"):
            add_role(engine, "views_more", password=PASSWORD)
    finally:
        engine.dispose()
    with resources.engine.connect() as connection:
        assert readers(connection) == []
