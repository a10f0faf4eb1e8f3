"""The engine, the metadata of all tables, and the one place that maps errors of Postgres to ours."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any, Final

import psycopg2
from psycopg2.extensions import make_dsn
from sqlalchemy import (
    URL,
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    QueuePool,
    Select,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import BadSetting, DatabaseUnavailable, NotMigrated, UnstorableText
from app.storage.silent_postgres import Waits
from app.storage.trouble import READ_ONLY, database_trouble
from app.wording.values import shown

#: How long a request waits for a connection of the pool before it fails with a retryable error, seconds.
POOL_WAIT_SECONDS: Final = 0.5

#: A connection to Postgres that has acknowledged nothing for this long is closed: a vanished host must not block a
#: heartbeat, whose lease lasts 30 seconds, seconds.
UNREACHABLE_SECONDS: Final = 10

#: A connection that has not been used for longer is pinged first, seconds.
TRUSTED_SECONDS: Final = 5.0

#: What the pool keeps of a connection: when it was returned.
_RETURNED: Final = "returned"

#: SQLSTATE classes of transient errors: connection, rollback, resources, operator intervention, a failing system.
TRANSIENT_CLASSES: Final = frozenset({"08", "40", "53", "57", "58"})

#: What Postgres, its JSON and its driver say of a text that it cannot store.
_UNSTORABLE: Final = (
    *("surrogate", "\\u0000 cannot be converted to text", "invalid byte sequence for encoding", "NUL (0x00)"),
)

#: SQLSTATE of a table that is not there.
_UNDEFINED_TABLE: Final = "42P01"

#: Every package adds its tables to this, in its ``tables.py``; dataset kinds whose rows have a key, in their files.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def instant(name: str, **options: Any) -> Column[Any]:
    """A column of instants."""
    return Column(name, DateTime(timezone=True), **options)


def build_engine(url: str, *, pool_size: int, statement_seconds: int | None = None) -> Engine:
    """An engine whose sessions use UTC and cancel statements that take longer than ``statement_seconds``.

    Such an engine also waits no longer for a Postgres that stands still. ``url`` is any ``postgres://`` or
    ``postgresql://`` address.

    Raises:
        BadSetting: it has an option that libpq does not know.
    """
    waits = None if statement_seconds is None else Waits(statement_seconds)
    limit = "" if statement_seconds is None else f" -c statement_timeout={statement_seconds}s"
    address = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg2")
    _require_known_options(address)
    engine = create_engine(
        address,
        poolclass=QueuePool if waits is None else waits.pool(),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_use_lifo=True,  # what was used last need not be pinged
        connect_args={
            "options": f"-c timezone=UTC{limit}",
            "connect_timeout": 5,
            "tcp_user_timeout": UNREACHABLE_SECONDS * 1000,
            "keepalives_idle": UNREACHABLE_SECONDS,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "application_name": "openhours",
        },
    )
    if waits is not None:
        waits.of(engine)
    _look_before_use(engine)
    return engine


def _require_known_options(address: URL) -> None:
    """Refuse an option that the driver would refuse in words of its own at the first connection."""
    for name in address.query:
        try:
            make_dsn(**{name: ""})
        except psycopg2.ProgrammingError as error:
            raise BadSetting(
                f"OPENHOURS_DATABASE_URL has the option {shown(name)}, which is not known. Allowed are the connection "
                "parameters of libpq, such as sslmode and sslrootcert: correct or remove it."
            ) from error


def _look_before_use(engine: Engine) -> None:
    """Have the pool look whether a connection still works before it gives it out, mostly without asking Postgres.

    A ping before each use was half of all round trips. A Postgres that has ended, or ends a session, says so on the
    connection: what nothing has come on since its last use still works, unless its host has vanished without a word.
    """

    def returned(_: Any, record: Any) -> None:
        record.info[_RETURNED] = monotonic()

    def looked_at(connection: Any, record: Any, _: Any) -> None:
        at = record.info.get(_RETURNED)
        if at is None or (monotonic() - at < TRUSTED_SECONDS and not _has_come(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg2.Error as error:
            raise InvalidatePoolError from error  # and so are the others: they are opened anew

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", looked_at)


def _has_come(connection: Any) -> bool:
    """Whether something has come on a connection that waits for nothing: mostly its end."""
    if connection.closed:
        return True
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))


@contextmanager
def each_by_itself(engine: Engine) -> Iterator[Connection]:
    """A connection on which each statement is a transaction of its own: one that is asked once needs no BEGIN.

    Each BEGIN and ROLLBACK is a round trip, which is half of what a poll waits for. The driver is told directly: its
    connection becomes one that commits by itself, and back, ten times as fast as through SQLAlchemy's isolation level.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True
        try:
            yield connection
        finally:
            if not driver.closed:
                driver.autocommit = False


@contextmanager
def database_errors() -> Iterator[None]:
    """Map transient errors of Postgres to DatabaseUnavailable, a missing table to NotMigrated; all others are bugs.

    A text with NUL or half a surrogate pair is UnstorableText: JSON can have both, and Postgres neither.
    """
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("Every connection to Postgres is busy; try again in a moment.") from error
    except (DBAPIError, psycopg2.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if is_transient(cause):
            raise database_trouble(cause) from error
        if isinstance(cause, psycopg2.Error) and cause.pgcode == _UNDEFINED_TABLE:
            raise NotMigrated("The database lacks a table of this version: run `openhours migrate`.") from error
        if any(words in str(cause) for words in _UNSTORABLE):
            raise _unstorable() from error
        raise
    except ValueError as error:  # of the driver, before Postgres has it
        if isinstance(error, UnicodeEncodeError) or any(words in str(error) for words in _UNSTORABLE):
            raise _unstorable() from error
        raise


def _unstorable() -> UnstorableText:
    return UnstorableText(
        "A text has the character NUL, or half of a surrogate pair (\\ud800 to \\udfff): leave it out."
    )


def is_transient(error: BaseException | None) -> bool:
    """Whether the same statement may succeed later: by SQLSTATE class, or because the connection itself broke."""
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is None:
        # psycopg2 raises the base class itself if a COPY breaks because the server died.
        broken = (psycopg2.OperationalError, psycopg2.InterfaceError)
        return isinstance(error, broken) or type(error) is psycopg2.DatabaseError
    return error.pgcode[:2] in TRANSIENT_CLASSES or error.pgcode == READ_ONLY


def as_text(query: Select[Any]) -> tuple[str, dict[str, Any]]:
    """A query as the driver takes it: its text, and the values of its parameters."""
    dialect = postgresql.psycopg2.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own way to name a driver
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)


def driver_cursor(connection: Connection) -> Any:
    """The psycopg2 cursor of a SQLAlchemy connection, in the same transaction; COPY needs it."""
    return connection.connection.cursor()


def database_now(connection: Connection) -> datetime:
    """When the transaction began, by the clock of Postgres: the one that all replicas share."""
    now: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return now
