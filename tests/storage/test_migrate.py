"""The migrations make exactly the tables that the code declares."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import app.access.tables  # noqa: F401 - declares its tables
from app.errors import NotMigrated
from app.storage.migrate import _config, current_revision, migrate, newest_revision, require_migrated
from app.storage.postgres import metadata
from app.storage.resources import Resources

#: Of a dataset whose bytes were not those that were announced.
DIFFERS = "checksum_differs"


def test_migrations_and_tables_agree(resources: Resources) -> None:
    with resources.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert current_revision(connection) == newest_revision()
        require_migrated(connection)


def test_migrating_twice_changes_nothing_and_from_nothing_makes_everything(resources: Resources) -> None:
    migrate(resources.engine)
    with resources.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    with resources.engine.connect() as connection, pytest.raises(NotMigrated, match="revision none"):
        require_migrated(connection)
    migrate(resources.engine)
    with resources.engine.connect() as connection:
        require_migrated(connection)


def test_a_replica_goes_on_when_a_later_version_has_migrated_the_database(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    migrate(resources.engine)
    with resources.engine.connect() as connection:
        require_migrated(connection)
        assert current_revision(connection) == "later"


def test_what_senders_had_claimed_is_told_from_what_was_found(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        for name, raw_key, error in (("coming", None, None), ("loaded", "raw", None), ("other", "raw", DIFFERS)):
            connection.execute(
                text(
                    "INSERT INTO dataset (id, kind, options, sha256, raw_key, error_code) "
                    "VALUES (:id, 'polls', '{}', 'x', :raw_key, :error)"
                ),
                {"id": name, "raw_key": raw_key, "error": error},
            )
    migrate(resources.engine)
    with resources.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, expected_sha256, sha256 FROM dataset ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [("coming", "x", None), ("loaded", None, "x"), ("other", "x", None)]
