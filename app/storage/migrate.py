"""Migrates the database to this version's schema, and checks whether it is migrated."""

import logging
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from app.errors import NotMigrated
from app.storage.postgres import database_errors

#: Key of the advisory lock that lets one migration run at a time, however many replicas start together.
_MIGRATION_LOCK = 0x6F70656E

_log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Apply the missing migrations, in one transaction; does nothing if none are missing."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        current = current_revision(connection)
        if _behind(current):
            _log.info("migrating the database from revision %s to %s", current or "none", newest_revision())
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def require_migrated(connection: Connection) -> None:
    """Raise NotMigrated if the database lacks migrations of this version.

    A database that is ahead is fine: while a new version is rolled out, old replicas keep serving on its schema, which
    only ever gains things that the previous version does not need.
    """
    current = current_revision(connection)
    if _behind(current):
        raise NotMigrated(
            f"The database is at revision {current or 'none'}, this version needs {newest_revision()}: "
            "run `openhours migrate`."
        )


class MigrationCheck:
    """Whether a database has this version's schema; once it has, no more queries are made."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._passed = False

    def require(self) -> None:
        """Raise NotMigrated or DatabaseUnavailable unless it has."""
        if not self._passed:
            with database_errors(), self._engine.connect() as connection:
                require_migrated(connection)
            self._passed = True


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at, or None for a database without our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision that this version of the program needs."""
    return _revisions()[0]


def _behind(current: str | None) -> bool:
    """Whether migrations are missing. An unknown revision belongs to a later version that is being rolled out: fine."""
    return current is None or current in _revisions()[1:]


@cache
def _revisions() -> tuple[str, ...]:
    """Those of this version, the newest first; their files are read once."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
