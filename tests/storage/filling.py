"""A database with tables so large that plans are those of large ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources


@contextmanager
def filled(servers: Addresses, settings: Settings, *statements: str, tables: str) -> Iterator[Resources]:
    """Fresh servers in which these statements have filled ``tables``, which Postgres then looks through."""
    with fresh_resources(servers, settings) as fresh:
        with fresh.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        with fresh.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM ANALYZE {tables}"))
        yield fresh
