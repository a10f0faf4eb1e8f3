"""The table of datasets."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    String,
    Table,
    Text,
    func,
    literal_column,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.catalogue.job_kinds import JOB_KINDS
from app.jobs.tables import WARNINGS_COMMENT, job
from app.storage.named_documents import documents_table
from app.storage.postgres import instant, metadata

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
    Column("followed_by", String(32), comment="the report that was made of it unasked, a row of report"),
    Column("outcome", Text, comment="what the check came to"),
    *(Column(name, BigInteger) for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate")),
    Column("rows_contradicting", BigInteger),
    instant("first_at", comment="earliest instant of the accepted rows"),
    instant("last_at", comment="latest instant of the accepted rows"),
    Column("rejections", JSONB, comment="the first rejected rows"),
    Column("warnings", JSONB, comment=WARNINGS_COMMENT),
    Column("proposal", JSONB, comment="a mapping that would read it"),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("duplicate_of", String(32), comment="a ready dataset of the same bytes"),
    Column("client", Text, comment="address that its bytes come from, until they are loaded or rejected"),
    Column("reserved_bytes", BigInteger, comment="of the client's share, until all bytes are there"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("uploaded_at"),
    CheckConstraint("outcome IN ('ready', 'rejected')", name="outcome"),
)
Index("dataset_newest_idx", dataset.c.created_at.desc(), dataset.c.id.desc())
Index("dataset_sha256_idx", dataset.c.sha256)
Index("dataset_job_idx", dataset.c.job_id)
Index(
    "dataset_upload_id_idx",
    dataset.c.options["upload_id"].astext,
    dataset.c.created_at.desc(),
    postgresql_where=dataset.c.options["upload_id"].astext.is_not(None),
)
Index("dataset_client_idx", dataset.c.client, postgresql_where=dataset.c.client.is_not(None))

mapping = documents_table("mapping")

# A list asks for each kind and status by itself, so that a filter without a match reads little.
_LISTED = (dataset.c.kind, dataset.c.created_at.desc(), dataset.c.id.desc())

#: Conditions on the row alone that all datasets of some statuses fulfil, and hardly any other.
_READY: ColumnElement[str] = literal_column("'ready'")
UPLOADING = dataset.c.raw_key.is_(None)
ACCEPTED = dataset.c.outcome == _READY
UNSETTLED = dataset.c.raw_key.is_not(None) & or_(
    dataset.c.outcome.is_distinct_from(literal_column("'ready'")),
    dataset.c.merged_by.is_distinct_from(dataset.c.job_id),
)

Index("dataset_kind_idx", *_LISTED)
Index("dataset_uploading_idx", *_LISTED, postgresql_where=UPLOADING)
Index("dataset_accepted_idx", *_LISTED, postgresql_where=ACCEPTED)
Index("dataset_unsettled_idx", *_LISTED, postgresql_where=UNSETTLED)

#: The dataset of a job of ours.
DATASET_OF_JOB = job.c.params["dataset_id"].astext
Index(
    "report_dataset_idx",
    DATASET_OF_JOB,
    postgresql_where=job.c.kind.in_([literal_column(f"'{kind}'") for kind in JOB_KINDS]),
)
