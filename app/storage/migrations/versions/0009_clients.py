"""Which client the bytes of an upload come from, until they are loaded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    client = sa.Column("client", sa.Text, comment="address that its bytes come from, until they are loaded or rejected")
    op.add_column("dataset", client)
    reserved = sa.Column("reserved_bytes", sa.BigInteger, comment="of the client's share, until all bytes are there")
    op.add_column("dataset", reserved)
    op.create_index("dataset_client_idx", "dataset", ["client"], postgresql_where=sa.text("client IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("dataset_client_idx", "dataset")
    op.drop_column("dataset", "reserved_bytes")
    op.drop_column("dataset", "client")
