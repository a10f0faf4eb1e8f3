"""The tables, the engine, and the one place where Postgres' errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    create_engine,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import DatabaseUnavailable

#: How long a request waits for a connection of the pool before it is told to come back, seconds.
POOL_WAIT_SECONDS: Final = 0.5

#: A Postgres whose machine has not acknowledged anything for this long is given up: a vanished host must not hold a
#: heartbeat, whose lease lasts 30 seconds, seconds.
UNREACHABLE_SECONDS: Final = 10

#: SQLSTATE classes that go away by themselves: connection, rollback, resources, operator intervention.
TRANSIENT_CLASSES: Final = frozenset({"08", "40", "53", "57"})

#: What may happen to a pull request after it was created, or have happened before, in the order of its columns.
LATER_INSTANTS: Final = (
    *("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at"),
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **options)


entity = Table(
    "entity",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text(collation="C"), nullable=False),
    Column("timezone", Text, comment="IANA zone; null means the default zone"),
    UniqueConstraint("kind", "key", name="entity_kind_key"),
)

working_hours = Table(
    "working_hours",
    metadata,
    Column("entity_id", ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True),
    Column("weekday", SmallInteger, primary_key=True, comment="0 = Monday … 6 = Sunday, local"),
    Column("opens", Time, primary_key=True),
    Column("closes", Time, primary_key=True),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
)

# The instant comes first because eight aligned bytes before four and one make the row a sixth shorter. There is no
# foreign key: it would look up the entity of each of millions of rows that the loader has just resolved itself.
poll = Table(
    "poll",
    metadata,
    _instant("at", nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    PrimaryKeyConstraint("entity_id", "at"),
    postgresql_partition_by="RANGE (at)",
)

poll_week = Table(
    "poll_week",
    metadata,
    Column("week", Date, primary_key=True, comment="Monday, UTC, of the partition poll_<week>"),
    _instant("first_at", nullable=False, comment="no poll of the week is earlier"),
    _instant("last_at", nullable=False, comment="no poll of the week is later"),
)

pull_request = Table(
    "pull_request",
    metadata,
    Column("repo_id", Integer, nullable=False, comment="an entity of kind repository"),
    Column("number", Integer, nullable=False),
    Column("team_id", Integer, comment="an entity of kind team"),
    Column("author", Text),
    _instant("created_at", nullable=False),
    *(_instant(name) for name in LATER_INSTANTS),
    Column(
        "last_at",
        DateTime(timezone=True),
        Computed(f"greatest(created_at, {', '.join(LATER_INSTANTS)})", persisted=True),
    ),
    PrimaryKeyConstraint("repo_id", "number"),
)
Index("pull_request_created_at_idx", pull_request.c.created_at)
Index("pull_request_last_at_idx", pull_request.c.last_at)

review_time = Table(
    "review_time",
    metadata,
    Column("dataset_id", String(32), nullable=False, comment="the sample that the observation belongs to"),
    Column("line", BigInteger, nullable=False, comment="of its file"),
    Column("review_seconds", Double),
    Column("merge_seconds", Double),
    Column("observed_on", Date),
    Column("team_id", Integer, comment="an entity of kind team"),
    PrimaryKeyConstraint("dataset_id", "line"),
)

report = Table(
    "report",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("params_sha256", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0", comment="the fence: grows with every claim"),
    Column("crashes", Integer, nullable=False, server_default="0", comment="attempts whose process died"),
    Column("retries", Integer, nullable=False, server_default="0", comment="attempts that a server failed"),
    Column(
        "returned", Integer, nullable=False, server_default="0", comment="attempts that a stopping worker gave back"
    ),
    Column("owner", Text, comment="replica that runs it"),
    _instant("lease_until"),
    _instant("not_before"),
    _instant("dispatched_at"),
    _instant("as_of", comment="the instant the report speaks for"),
    Column("artifacts", JSONB),
    Column("error_code", Text),
    Column("error_message", Text),
    _instant("created_at", nullable=False, server_default=func.now()),
    _instant("started_at"),
    _instant("finished_at"),
    CheckConstraint("status IN ('queued', 'running', 'complete', 'failed', 'cancelled')", name="status"),
)
Index("report_idempotency_key_idx", report.c.idempotency_key, unique=True)
Index("report_newest_idx", report.c.created_at.desc(), report.c.id.desc())
Index(
    "report_outstanding_idx",
    report.c.status,
    report.c.lease_until,
    postgresql_where=text("status IN ('queued', 'running')"),
)


dataset = Table(
    "dataset",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("filename", Text, comment="as the sender called it"),
    Column("options", JSONB, nullable=False, comment="how to check it, as it was asked for"),
    Column("bytes", BigInteger),
    Column("expected_sha256", String(64), comment="as announced, or as counted while they came"),
    Column("sha256", String(64), comment="of the bytes as they came"),
    Column("raw_key", Text, comment="where the bytes are in S3; null until all of them are"),
    Column("job_id", String(32), comment="the latest run that checks and loads it, a row of report"),
    Column("merged_by", String(32), comment="the run whose rows are in the series"),
    Column("merged_options", JSONB, comment="how that run checked it"),
    Column("outcome", Text, comment="what the check came to"),
    *(Column(name, BigInteger) for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate")),
    _instant("first_at", comment="earliest instant of the accepted rows"),
    _instant("last_at", comment="latest instant of the accepted rows"),
    Column("rejections", JSONB, comment="the first rejected rows"),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("duplicate_of", String(32), comment="a ready dataset of the same bytes"),
    _instant("created_at", nullable=False, server_default=func.now()),
    _instant("uploaded_at"),
    CheckConstraint("outcome IN ('ready', 'rejected')", name="outcome"),
)
Index("dataset_newest_idx", dataset.c.created_at.desc(), dataset.c.id.desc())
Index("dataset_sha256_idx", dataset.c.sha256)


upload = Table(
    "upload",
    metadata,
    Column("id", String(32), primary_key=True, comment="also that of the dataset which it becomes"),
    Column("kind", Text, nullable=False),
    Column("filename", Text, comment="as the sender called it"),
    Column("metadata", Text, comment="Upload-Metadata as it came"),
    Column("options", JSONB, nullable=False, comment="how to check the file, as it was asked for"),
    Column("length_bytes", BigInteger, comment="null when it comes in one request that cannot be resumed"),
    Column("offset_bytes", BigInteger, nullable=False, server_default="0", comment="bytes that are in S3"),
    Column("part_bytes", BigInteger, nullable=False, comment="every part but the last has so many"),
    Column("raw_key", Text, comment="where the file will lie in S3; null until its first bytes tell"),
    Column("multipart_id", Text, comment="the multipart upload in S3; null for a file of one part"),
    Column("parts", JSONB, nullable=False, server_default=text("'[]'"), comment="ETags of the parts, in order"),
    Column("tail_key", Text, comment="object of the bytes behind the last part"),
    Column("tail_bytes", BigInteger, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0", comment="grows with every lock"),
    _instant("lock_until"),
    _instant("contested_at", comment="somebody else has asked for the lock"),
    _instant("created_at", nullable=False, server_default=func.now()),
    _instant("expires_at", nullable=False),
    _instant("finished_at", comment="the file is whole, and was handed on"),
    _instant("lost_at", comment="S3 has lost what had arrived"),
)
Index("upload_expires_at_idx", upload.c.expires_at)
Index("upload_unfinished_idx", upload.c.id, postgresql_where=text("finished_at IS NULL AND lost_at IS NULL"))


def build_engine(url: str, *, pool_size: int, statement_seconds: int | None = None) -> Engine:
    """An engine whose sessions speak UTC and stop statements that take longer than ``statement_seconds``.

    ``url`` is any ``postgres://`` or ``postgresql://`` address.
    """
    limit = "" if statement_seconds is None else f" -c statement_timeout={statement_seconds}s"
    address = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg2")
    return create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
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


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what means "Postgres does not answer now" into DatabaseUnavailable; everything else is a defect."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("Every connection to Postgres is busy; try again in a moment.") from error
    except (DBAPIError, psycopg2.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if is_transient(cause):
            raise DatabaseUnavailable("Postgres does not answer; try again in a moment.") from error
        raise


def is_transient(error: BaseException | None) -> bool:
    """Whether the same statement may succeed later: by SQLSTATE class, or because the connection itself broke."""
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is None:
        # The base class itself is raised where a COPY breaks off because its server died.
        broken = (psycopg2.OperationalError, psycopg2.InterfaceError)
        return isinstance(error, broken) or type(error) is psycopg2.DatabaseError
    return error.pgcode[:2] in TRANSIENT_CLASSES


def driver_cursor(connection: Connection) -> Any:
    """The psycopg2 cursor below a SQLAlchemy connection, in the same transaction; COPY needs it."""
    return connection.connection.cursor()
