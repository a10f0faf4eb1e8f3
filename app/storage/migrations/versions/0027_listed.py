"""Lists of deliveries by webhook and status, of all gaps of a source, of keys and of users."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_NEWEST = (sa.text("created_at DESC"), sa.text("id DESC"))


def upgrade() -> None:
    op.drop_index("delivery_of_webhook_idx", table_name="delivery")
    _index("delivery_of_webhook_idx", "delivery", "webhook_id", "status", *_NEWEST)
    _index("source_gap_listed_idx", "source_gap", "source_id", sa.text("opened_at DESC"), sa.text("id DESC"))
    _index("token_keys_idx", "token", *_NEWEST, postgresql_where=sa.text("kind = 'key'"))
    _index("app_user_newest_idx", "app_user", *_NEWEST)


def downgrade() -> None:
    op.drop_index("app_user_newest_idx", table_name="app_user")
    op.drop_index("token_keys_idx", table_name="token")
    op.drop_index("source_gap_listed_idx", table_name="source_gap")
    op.drop_index("delivery_of_webhook_idx", table_name="delivery")
    _index("delivery_of_webhook_idx", "delivery", "webhook_id", *_NEWEST)


def _index(name: str, table: str, *columns: Any, **options: Any) -> None:
    op.create_index(name, table, list(columns), **options)
