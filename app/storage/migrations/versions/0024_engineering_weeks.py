"""The view of metrics by week, and the tables behind it."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_VIEW: Final = "openhours_engineering_week"

#: Each column with what it is selected as and what it holds; docs/dashboards.md shows the same.
_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "metric": ("metric", "name of the metric"),
    "pillar": ("pillar", "version_control, compatibility, infrastructure or team"),
    "title": ("title", "name of the metric for people"),
    "of": ("engineering_week.of", "team, repo, or all: all groups together"),
    "group_name": ("nullif(group_name, '')", "the team or repository; null for all, and for what belongs to none"),
    "week": ("week", "its Monday, on the clock of the team"),
    "part": ("nullif(part, '')", "which part, such as a workflow; null if the metric is not told apart"),
    "value": ("value", "the figure; null where there is none"),
    "p75": ("p75", "beside a median"),
    "p90": ("p90", "beside a median"),
    "n": ("n", "how many rows or values it is of"),
    "few": ("few", "whether these are fewer than 5, of a figure that is no count"),
    "withheld": ("withheld", "whether there is no figure because it would be of too few people"),
    "state": ("state", "complete, partial: a source has not read all of it, or running: the week is not over"),
    "unit": ("unit", "seconds, percent, or what is counted; null for plain numbers"),
    "version": ("version", "of the definition; 0 is the one that is shipped"),
    "caveat": ("caveat", "what the figure cannot know, for people"),
}


def _text(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), **options)


def _key(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(collation="C"), nullable=False, **options)


def upgrade() -> None:
    op.create_table(
        "engineering_metric",
        _key("metric"),
        sa.Column("version", sa.Integer(), nullable=False, comment="of its definition; 0 is the one that is shipped"),
        _text("pillar", nullable=False),
        _text("title", nullable=False),
        _text("unit", comment="null: a plain number"),
        _text("caveat"),
        sa.PrimaryKeyConstraint("metric", name=op.f("engineering_metric_pkey")),
        comment="the metrics of engineering_week",
    )
    op.create_table(
        "engineering_week",
        _key("metric"),
        _key("of"),
        sa.Column("week", sa.Date(), nullable=False, comment="its Monday"),
        _key("group_name", comment="empty: of all groups, or of none"),
        _key("part", comment="empty: the metric is not told apart"),
        *(sa.Column(name, sa.Double()) for name in ("value", "p75", "p90")),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("few", sa.Boolean(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        _text("state", nullable=False),
        sa.PrimaryKeyConstraint("metric", "of", "week", "group_name", "part", name=op.f("engineering_week_pkey")),
        sa.CheckConstraint("of IN ('all', 'team', 'repo')", name=op.f("engineering_week_of_check")),
        comment="rows of engineering reports by week",
    )
    op.create_table(
        "engineering_part",
        _key("metric"),
        _key("by", comment="team, with the rows of all, or repo"),
        _text("stamp", nullable=False, comment="of the rows that were written"),
        sa.PrimaryKeyConstraint("metric", "by", name=op.f("engineering_part_pkey")),
        comment="what engineering_week has: the same rows are not written again",
    )
    selected = ", ".join(f"{source} AS {name}" for name, (source, _) in _COLUMNS.items())
    op.execute(f"CREATE VIEW {_VIEW} AS SELECT {selected} FROM engineering_week JOIN engineering_metric USING (metric)")
    for name, (_, said) in _COLUMNS.items():
        op.execute(f"COMMENT ON COLUMN {_VIEW}.{name} IS '{said}'")


def downgrade() -> None:
    op.execute(f"DROP VIEW {_VIEW}")
    for table in ("engineering_part", "engineering_week", "engineering_metric"):
        op.drop_table(table)
