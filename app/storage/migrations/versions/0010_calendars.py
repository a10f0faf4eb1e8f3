"""Hours, zones, calendars and details of entities, superseded instead of changed.

Hours and zones of before count whatever the date, and are known from this migration on. The table and the column that
held them stay as they are, because replicas of the version before read them; a later migration removes them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

#: Of the two tables that there are rows for.
_MOVED = (
    (
        "INSERT INTO hours_window (entity_id, weekday, opens, closes, recorded_at) "
        "SELECT entity_id, weekday, opens, closes, now() FROM working_hours"
    ),
    (
        "INSERT INTO entity_zone (entity_id, timezone, recorded_at) "
        "SELECT id, timezone, now() FROM entity WHERE timezone IS NOT NULL"
    ),
)


def upgrade() -> None:
    _create_tables()
    for statement in _MOVED:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "entity_detail",
        "entity_zone",
        "calendar_use",
        "calendar_day",
        "calendar",
        "hours_exception",
        "hours_window",
    ):
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "hours_window",
        _of_entity(),
        *_from_to(),
        sa.Column("weekday", sa.SmallInteger, nullable=False, comment="0 = Monday … 6 = Sunday, local"),
        *_window(),
        *_known(),
        sa.PrimaryKeyConstraint("entity_id", "valid_from", "valid_to", "weekday", "opens", "closes", "recorded_at"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
    )
    op.create_table(
        "hours_exception",
        _of_entity(),
        sa.Column("on_date", sa.Date, nullable=False, comment="local"),
        sa.Column(
            "what", sa.Text, nullable=False, comment="hours: open then; closed; usual: no holiday; minus: not then"
        ),
        *_window(),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        *_known(),
        sa.PrimaryKeyConstraint("entity_id", "on_date", "what", "opens", "closes", "name", "recorded_at"),
        sa.CheckConstraint("what IN ('hours', 'closed', 'usual', 'minus')", name="what"),
        comment="single dates of an entity; a closed or usual one has one row, with 00:00 for both times",
    )
    op.create_table(
        "calendar",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text, nullable=False, comment="where its dates are from, for people"),
        *_known(),
        sa.PrimaryKeyConstraint("name", "recorded_at"),
    )
    op.create_table(
        "calendar_day",
        sa.Column("calendar", sa.Text(collation="C"), nullable=False),
        sa.Column("on_date", sa.Date, nullable=False, comment="local"),
        sa.Column("what", sa.Text, nullable=False, comment="hours: open then; closed"),
        *_window(),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        *_known(),
        sa.PrimaryKeyConstraint("calendar", "on_date", "what", "opens", "closes", "name", "recorded_at"),
        sa.CheckConstraint("what IN ('hours', 'closed')", name="what"),
    )
    op.create_table(
        "calendar_use",
        _of_entity(),
        sa.Column(
            "place", sa.SmallInteger, nullable=False, comment="of two calendars that have a date the first one counts"
        ),
        sa.Column("calendar", sa.Text(collation="C"), nullable=False),
        *_from_to(),
        *_known(),
        sa.PrimaryKeyConstraint("entity_id", "place", "recorded_at"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
    )
    op.create_table(
        "entity_zone",
        _of_entity(),
        _from_to()[0],
        sa.Column("timezone", sa.Text, nullable=False, comment="IANA zone"),
        *_known(),
        sa.PrimaryKeyConstraint("entity_id", "valid_from", "recorded_at"),
    )
    op.create_table(
        "entity_detail",
        _of_entity(),
        sa.Column("name", sa.Text, comment="for people"),
        sa.Column("group_name", sa.Text, comment="whose totals it counts in"),
        sa.Column("max_gap_minutes", sa.Integer, comment="how long a poll holds; 0: until the next one"),
        sa.Column("active_from", sa.Date, comment="first local date on which it exists"),
        sa.Column("active_to", sa.Date, comment="last local date on which it exists"),
        *_known(),
        sa.PrimaryKeyConstraint("entity_id", "recorded_at"),
    )


def _of_entity() -> sa.Column[Any]:
    return sa.Column("entity_id", sa.Integer, sa.ForeignKey("entity.id", ondelete="CASCADE"), nullable=False)


def _from_to() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("valid_from", sa.Date, nullable=False, server_default="-infinity", comment="first local date"),
        sa.Column("valid_to", sa.Date, nullable=False, server_default="infinity", comment="last local date"),
    )


def _window() -> tuple[sa.Column[Any], ...]:
    return sa.Column("opens", sa.Time, nullable=False), sa.Column("closes", sa.Time, nullable=False)


def _known() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "superseded_at",
            sa.DateTime(timezone=True),
            comment="from then on it is known no more; null: it still is",
        ),
        sa.Column("recorded_by", sa.Text, comment="dataset that brought it; null: it was set by a request"),
    )
