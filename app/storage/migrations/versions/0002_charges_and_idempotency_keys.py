"""What an attempt is charged with, and one report for each idempotency key."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

CHARGES = {"retries": "attempts that a server failed", "returned": "attempts that a stopping worker gave back"}


def upgrade() -> None:
    op.alter_column("report", "crashes", comment="attempts whose process died")
    for name, comment in CHARGES.items():
        op.add_column("report", sa.Column(name, sa.Integer(), nullable=False, server_default="0", comment=comment))
    op.create_index("report_idempotency_key_idx", "report", ["idempotency_key"], unique=True)


def downgrade() -> None:
    op.drop_index("report_idempotency_key_idx", "report")
    for name in CHARGES:
        op.drop_column("report", name)
    op.alter_column("report", "crashes", comment=None)
