"""The tables behind the views of dashboards, made by migrations 0021 and 0024: their columns stay, these may change."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from app.flow.clocks import CLOCKS
from app.flow.install_classes import InstallClass
from app.flow.instants import LATER_INSTANTS
from app.flow.phases import PHASES
from app.storage.postgres import instant, metadata

#: What the role of a dashboard may read; each is explained in docs/dashboards.md.
VIEWS: Final = (
    *("openhours_uptime_day", "openhours_uptime_day_exact", "openhours_pull_request", "openhours_activity"),
    *("openhours_engineering_week", "openhours_refresh"),
)


def _hours(name: str, **options: Any) -> Column[Any]:
    return Column(name, Numeric(12, 6), **options)


def _percent(name: str) -> Column[Any]:
    return Column(name, Numeric(7, 4))


def _minutes(name: str) -> Column[Any]:
    return Column(name, Numeric(12, 2))


uptime_day = Table(
    "uptime_day",
    metadata,
    Column("accounting", Text, nullable=False),
    Column("store_id", Text(collation="C"), nullable=False),
    Column("day", Date, nullable=False, comment="local to the store"),
    Column("week", Date, nullable=False, comment="Monday of the report that the row is of"),
    Column("name", Text),
    Column("group_name", Text),
    instant("day_start", nullable=False),
    instant("day_end", nullable=False),
    Column("complete", Boolean, nullable=False),
    *(_hours(name, nullable=False) for name in ("open_hours", "uptime_hours", "downtime_hours", "unknown_hours")),
    _hours("carried_hours"),
    *(_percent(f"{name}_percent") for name in ("availability", "availability_low", "availability_high", "coverage")),
    Column("outages", Integer),
    *(_minutes(name) for name in ("longest_outage_minutes", "mttr_minutes", "max_gap_minutes")),
    Column("polls", BigInteger, nullable=False),
    PrimaryKeyConstraint("accounting", "store_id", "day"),
    CheckConstraint("accounting IN ('hourly', 'exact')", name="accounting"),
    comment="rows of uptime reports by day, of a week each",
)
Index("uptime_day_day_idx", uptime_day.c.accounting, uptime_day.c.day)
Index("uptime_day_week_idx", uptime_day.c.week)

pull_request_course = Table(
    "pull_request_course",
    metadata,
    Column("repo", Text(collation="C"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("team", Text),
    Column("is_bot", Boolean, nullable=False, comment="a bot wrote it: reports leave it out unless asked"),
    Column("state", Text, nullable=False),
    Column("is_draft", Boolean),
    Column("size", Text),
    instant("created_at", nullable=False),
    *(instant(name) for name in LATER_INSTANTS),
    *(Column(f"{phase}_{clock}_seconds", Double) for phase in PHASES for clock in CLOCKS),
    Column("inconsistent", Integer, nullable=False, comment="phases that end before they begin"),
    PrimaryKeyConstraint("repo", "number"),
    comment="rows of a report on all pull requests",
)
Index("pull_request_course_created_at_idx", pull_request_course.c.created_at)
Index("pull_request_course_merged_at_idx", pull_request_course.c.merged_at)

activity_day = Table(
    "activity_day",
    metadata,
    Column("kind", Text, nullable=False),
    Column("name", Text(collation="C"), nullable=False),
    Column("day", Date, nullable=False, comment="in UTC"),
    Column("source", Text),
    Column("state", Text, nullable=False),
    *(Column(name, BigInteger) for name in ("installs", *(one.value for one in InstallClass))),
    Column("ci_share_at_least", Double),
    Column("commits", BigInteger),
    PrimaryKeyConstraint("kind", "name", "day"),
    CheckConstraint("kind IN ('project', 'repository')", name="kind"),
    comment="rows of reports on activity by day",
)
Index("activity_day_day_idx", activity_day.c.kind, activity_day.c.day)

engineering_metric = Table(
    "engineering_metric",
    metadata,
    Column("metric", Text(collation="C"), primary_key=True),
    Column("version", Integer, nullable=False, comment="of its definition; 0 is the one that is shipped"),
    Column("pillar", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("unit", Text, comment="null: a plain number"),
    Column("caveat", Text),
    comment="the metrics of engineering_week",
)

engineering_week = Table(
    "engineering_week",
    metadata,
    Column("metric", Text(collation="C"), nullable=False),
    Column("of", Text(collation="C"), nullable=False),
    Column("week", Date, nullable=False, comment="its Monday"),
    Column("group_name", Text(collation="C"), nullable=False, comment="empty: of all groups, or of none"),
    Column("part", Text(collation="C"), nullable=False, comment="empty: the metric is not told apart"),
    *(Column(name, Double) for name in ("value", "p75", "p90")),
    Column("n", BigInteger, nullable=False),
    Column("few", Boolean, nullable=False),
    Column("withheld", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("metric", "of", "week", "group_name", "part"),
    CheckConstraint("of IN ('all', 'team', 'repo')", name="of"),
    comment="rows of engineering reports by week",
)

engineering_part = Table(
    "engineering_part",
    metadata,
    Column("metric", Text(collation="C"), nullable=False),
    Column("by", Text(collation="C"), nullable=False, comment="team, with the rows of all, or repo"),
    Column("stamp", Text, nullable=False, comment="of the rows that were written"),
    PrimaryKeyConstraint("metric", "by"),
    comment="what engineering_week has: the same rows are not written again",
)

dashboard_week = Table(
    "dashboard_week",
    metadata,
    Column("week", Date, primary_key=True, comment="Monday of the report"),
    Column("stamp", Text, nullable=False, comment="what it was computed of; another one: it is to be computed again"),
    comment="the weeks of uptime_day",
)

dashboard_view = Table(
    "dashboard_view",
    metadata,
    Column("name", Text, primary_key=True, comment="of the view"),
    Column("stamp", Text, nullable=False, comment="as of dashboard_week; of uptime always empty"),
    instant("as_of", comment="instant of the report; null: there is no data"),
    instant("refreshed_at", nullable=False, comment="when it was last computed"),
    Column("weeks_due", Integer, nullable=False, server_default="0", comment="weeks that the next run computes"),
)

dashboard_reader = Table(
    "dashboard_reader",
    metadata,
    Column("role", Text, primary_key=True, comment="of the server; may read the views"),
    Column("is_ours", Boolean, nullable=False, comment="it was made here, and goes with this row"),
    comment="while there is one, jobs refresh the views",
)
