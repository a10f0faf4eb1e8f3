"""Read-only transactions that see the series as of one instant, for several connections."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

#: A read-only transaction and the name of its snapshot.
Snapshot = tuple[Connection, str]


@contextmanager
def take_snapshot(engine: Engine) -> Iterator[Snapshot]:
    """A read-only transaction and the name of its snapshot, for other connections to share.

    No week is dropped until it ends: the lock comes before the snapshot, so what that shows is there.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("LOCK TABLE ONLY poll IN ACCESS SHARE MODE"))
        name = connection.scalar(text("SELECT pg_export_snapshot()"))
        assert isinstance(name, str)  # noqa: S101 - the function never returns null; this tells the type checker
        yield connection, name


@contextmanager
def joined_snapshot(engine: Engine, name: str) -> Iterator[Connection]:
    """A read-only transaction on the snapshot that another one exported as ``name``."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text(f"SET TRANSACTION SNAPSHOT '{name}'"))
        yield connection
