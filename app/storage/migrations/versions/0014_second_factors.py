"""Second factors of users, and their recovery codes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.String(32), sa.ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("salt", sa.LargeBinary, comment="from which, with the secret key, codes are made; null: not set"),
        sa.Column("key_id", sa.Text, comment="which secret key"),
        sa.Column("new_salt", sa.LargeBinary, comment="of one that is being set up"),
        sa.Column("new_key_id", sa.Text),
        sa.Column("last_step", sa.BigInteger, comment="30 seconds each since 1970; no code of it or before counts"),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.String(32), sa.ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
