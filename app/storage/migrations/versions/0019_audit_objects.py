"""Lists of the audit by the kind or the id of an object alone."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index(
        "audit_object_id_idx",
        "audit",
        ["object_id", sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "audit_object_kind_idx",
        "audit",
        ["object_kind", sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("audit_object_kind_idx", table_name="audit")
    op.drop_index("audit_object_id_idx", table_name="audit")
