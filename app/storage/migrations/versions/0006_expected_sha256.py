"""The SHA-256 that a file is expected to have, apart from the one that its bytes were found to have."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "dataset", sa.Column("expected_sha256", sa.String(64), comment="as announced, or as counted while they came")
    )
    # Of these it is the claim of the sender.
    op.execute(
        "UPDATE dataset SET expected_sha256 = sha256, sha256 = NULL "
        "WHERE raw_key IS NULL OR error_code = 'checksum_differs'"
    )


def downgrade() -> None:
    op.execute("UPDATE dataset SET sha256 = expected_sha256 WHERE sha256 IS NULL")
    op.drop_column("dataset", "expected_sha256")
