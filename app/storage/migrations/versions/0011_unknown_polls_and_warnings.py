"""Polls that say unknown, contradicting polls of a dataset, and the warnings of datasets and jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

_WARNINGS = "what is probably not meant: code, message, count and examples of each"


def upgrade() -> None:
    # This changes the catalogue alone, of every week, too; no row is written anew.
    op.alter_column("poll", "active", nullable=True, comment="null: the monitor did not know")
    op.add_column("dataset", sa.Column("rows_contradicting", sa.BigInteger))
    op.add_column("dataset", sa.Column("warnings", postgresql.JSONB, comment=_WARNINGS))
    op.add_column("report", sa.Column("warnings", postgresql.JSONB, comment=_WARNINGS))


def downgrade() -> None:
    op.drop_column("report", "warnings")
    op.drop_column("dataset", "warnings")
    op.drop_column("dataset", "rows_contradicting")
    # The version before has no word for it; without the poll its hour has the votes that it had.
    op.execute("DELETE FROM poll WHERE active IS NULL")
    # Each week first, so that its constraint has the name of its own that it had.
    weeks = sa.text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'poll'::regclass")
    for week in op.get_bind().scalars(weeks).all():
        op.alter_column(week, "active", nullable=False)
    op.alter_column("poll", "active", nullable=False, comment=None, existing_comment="null: the monitor did not know")
