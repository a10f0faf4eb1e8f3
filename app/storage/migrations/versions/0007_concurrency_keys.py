"""Concurrency keys, and the order in which jobs are claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "report", sa.Column("concurrency_key", sa.Text(), comment="of jobs with the same one only one runs at a time")
    )
    op.alter_column("report", "dispatched_at", comment="not used any more; the version before needs it")
    running, queued = (sa.text(f"status = '{status}'") for status in ("running", "queued"))
    op.create_index("report_concurrency_key_idx", "report", ["concurrency_key"], unique=True, postgresql_where=running)
    holders = sa.text("status IN ('running', 'cancelled')")
    op.create_index("report_key_holders_idx", "report", ["concurrency_key"], postgresql_where=holders)
    op.create_index("report_waiting_idx", "report", ["created_at"], postgresql_where=queued)


def downgrade() -> None:
    op.drop_index("report_waiting_idx", "report")
    op.drop_index("report_key_holders_idx", "report")
    op.drop_index("report_concurrency_key_idx", "report")
    op.alter_column("report", "dispatched_at", comment=None)
    op.drop_column("report", "concurrency_key")
