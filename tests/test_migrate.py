"""The migrations make exactly the tables that the code declares."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.database import metadata
from app.errors import NotMigrated
from app.migrate import current_revision, migrate, newest_revision, require_migrated
from app.resources import Resources


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
