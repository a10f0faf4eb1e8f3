"""Which client the bytes of an upload come from, until they are loaded; jobs of small datasets."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    client = sa.Column("client", sa.Text, comment="address that its bytes come from, until they are loaded or rejected")
    op.add_column("dataset", client)
    reserved = sa.Column("reserved_bytes", sa.BigInteger, comment="of the client's share, until all bytes are there")
    op.add_column("dataset", reserved)
    _index_jobs("kind IN ('dataset', 'small_dataset')")
    op.create_index("dataset_client_idx", "dataset", ["client"], postgresql_where=sa.text("client IS NOT NULL"))


def downgrade() -> None:
    op.execute("UPDATE report SET kind = 'dataset' WHERE kind = 'small_dataset'")
    _index_jobs("kind = 'dataset'")
    op.drop_index("dataset_client_idx", "dataset")
    op.drop_column("dataset", "reserved_bytes")
    op.drop_column("dataset", "client")


def _index_jobs(condition: str) -> None:
    op.drop_index("report_dataset_idx", "report")
    job_of_dataset = [sa.text("(params ->> 'dataset_id')")]
    op.create_index("report_dataset_idx", "report", job_of_dataset, postgresql_where=sa.text(condition))
