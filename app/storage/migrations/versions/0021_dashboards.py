"""Views for dashboards, the tables behind them, and who reads them."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_PHASES: Final = {
    "coding_time": "from the first commit to the creation",
    "pickup_time": "from when it was ready to the first review",
    "review_time": "from the first review to the approval, or the merge",
    "merge_time": "from the approval to the merge",
    "cycle_time": "from the first commit, or the creation, to the merge",
    "draft_time": "as a draft",
    "closed_unmerged": "from the first commit, or the creation, to the closing of what was not merged",
}
_LATER: Final = (
    *("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at"),
)
_CLASSES: Final = ("person", "unknown_ci", "ci", "mirror", "other")

#: What each column of a view holds; docs/dashboards.md shows the same.
_DAY: Final = {
    "store_id": "the store",
    "name": "what people call it, if a file of kind entities names it",
    "group_name": "whose totals it counts in",
    "day": "date on the clock of the store",
    "day_start": "its beginning",
    "day_end": "its end, or the instant of the latest poll while it runs",
    "complete": "whether it is over",
    "open_hours": "open time, hours",
    "uptime_hours": "open time that was up, hours",
    "downtime_hours": "open time that was down, hours",
    "unknown_hours": "open time of which nothing is known, hours",
}
_PERCENT: Final = {
    "availability_percent": "up / (up + down); null where neither is known",
    "availability_low_percent": "up / open: what is unknown counts as down",
    "availability_high_percent": "(up + unknown) / open: what is unknown counts as up",
    "coverage_percent": "(up + down) / open: the part that is known",
}
_POLLS: Final = {"polls": "polls of the day, also outside open hours"}
_EXACT: Final = {
    "outages": "outages that began on the day",
    "longest_outage_minutes": "open time of the longest of these, minutes",
    "mttr_minutes": "mean open time of those that have ended, minutes",
    "max_gap_minutes": "how long a poll holds, minutes",
}
_PULL_REQUEST: Final = {
    "repo": "the repository",
    "number": "of the pull request",
    "team": "whose working hours count",
    "is_bot": "whether a bot wrote it: the report leaves these out unless it is asked",
    "state": "open, merged or closed",
    "is_draft": "whether it is a draft",
    "size": "XS to XXL by lines added and deleted",
    "created_at": "when it was created",
    "first_commit_at": "of its first commit",
    "ready_at": "when it was no draft any more",
    "first_review_at": "of the first review by somebody else",
    "approved_at": "of the approval",
    "merged_at": "when it was merged",
    "closed_at": "when it was closed",
    "ci_finished_at": "when its CI ended",
    **{
        f"{phase}_{clock}_seconds": f"{said}, {measured}, seconds"
        for phase, said in _PHASES.items()
        for clock, measured in (("working", "in working hours of the team"), ("wall", "elapsed"))
    },
    "inconsistent": "phases that would end before they begin",
}
_ACTIVITY: Final = {
    "kind": "project or repository",
    "name": "of the project or repository",
    "day": "date in UTC",
    "source": "who counted; null for commits",
    "state": "complete, partial or no_data: nobody counted",
    "installs": "person and unknown_ci together; null where nobody counted, and for repositories",
    "person": "installs by people",
    "unknown_ci": "installs of which nobody knows whether CI made them",
    "ci": "installs by CI",
    "mirror": "downloads by mirrors",
    "other": "downloads by others",
    "ci_share_at_least": "the least share of CI in installs, 0 to 1",
    "commits": "commits by the date of their author; null for projects",
}
_REFRESH: Final = {
    "view_name": "a view of these; openhours_uptime_day stands for both of uptime",
    "as_of": "instant of its newest figures: the latest poll or event, or the refresh; null without data",
    "refreshed_at": "when it was last computed",
    "weeks_due": "weeks of uptime that are still to be computed",
}

_VIEWS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "openhours_uptime_day": (
        "FROM uptime_day WHERE accounting = 'hourly'",
        _DAY
        | {"carried_hours": "the part of up and down whose status comes from an earlier hour, hours"}
        | _PERCENT
        | _POLLS,
    ),
    "openhours_uptime_day_exact": ("FROM uptime_day WHERE accounting = 'exact'", _DAY | _PERCENT | _EXACT | _POLLS),
    "openhours_pull_request": ("FROM pull_request_course", _PULL_REQUEST),
    "openhours_activity": ("FROM activity_day", _ACTIVITY),
    "openhours_refresh": ("FROM dashboard_view", _REFRESH),
}

#: Columns of views that are called otherwise in their tables.
_RENAMED: Final = {"view_name": "name AS view_name"}


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _text(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), **options)


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(collation="C"), nullable=False)


def _uptime() -> None:
    op.create_table(
        "uptime_day",
        _text("accounting", nullable=False),
        _key("store_id"),
        sa.Column("day", sa.Date(), nullable=False, comment="local to the store"),
        sa.Column("week", sa.Date(), nullable=False, comment="Monday of the report that the row is of"),
        _text("name"),
        _text("group_name"),
        _instant("day_start", nullable=False),
        _instant("day_end", nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.Numeric(12, 6), nullable=False)
            for name in ("open_hours", "uptime_hours", "downtime_hours", "unknown_hours")
        ),
        sa.Column("carried_hours", sa.Numeric(12, 6)),
        *(sa.Column(name, sa.Numeric(7, 4)) for name in _PERCENT),
        sa.Column("outages", sa.Integer()),
        *(sa.Column(name, sa.Numeric(12, 2)) for name in _EXACT if name != "outages"),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("accounting", "store_id", "day", name=op.f("uptime_day_pkey")),
        sa.CheckConstraint("accounting IN ('hourly', 'exact')", name=op.f("uptime_day_accounting_check")),
        comment="rows of uptime reports by day, of a week each",
    )
    op.create_index("uptime_day_day_idx", "uptime_day", ["accounting", "day"])
    op.create_index("uptime_day_week_idx", "uptime_day", ["week"])


def _pull_requests() -> None:
    op.create_table(
        "pull_request_course",
        _key("repo"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("team"),
        sa.Column("is_bot", sa.Boolean(), nullable=False, comment="a bot wrote it: reports leave it out unless asked"),
        _text("state", nullable=False),
        sa.Column("is_draft", sa.Boolean()),
        _text("size"),
        _instant("created_at", nullable=False),
        *(_instant(name) for name in _LATER),
        *(sa.Column(f"{phase}_{clock}_seconds", sa.Double()) for phase in _PHASES for clock in ("working", "wall")),
        sa.Column("inconsistent", sa.Integer(), nullable=False, comment="phases that end before they begin"),
        sa.PrimaryKeyConstraint("repo", "number", name=op.f("pull_request_course_pkey")),
        comment="rows of a report on all pull requests",
    )
    for name in ("created_at", "merged_at"):
        op.create_index(f"pull_request_course_{name}_idx", "pull_request_course", [name])


def _activity() -> None:
    op.create_table(
        "activity_day",
        _text("kind", nullable=False),
        _key("name"),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC"),
        _text("source"),
        _text("state", nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("installs", *_CLASSES)),
        sa.Column("ci_share_at_least", sa.Double()),
        sa.Column("commits", sa.BigInteger()),
        sa.PrimaryKeyConstraint("kind", "name", "day", name=op.f("activity_day_pkey")),
        sa.CheckConstraint("kind IN ('project', 'repository')", name=op.f("activity_day_kind_check")),
        comment="rows of reports on activity by day",
    )
    op.create_index("activity_day_day_idx", "activity_day", ["kind", "day"])


def _state() -> None:
    op.create_table(
        "dashboard_week",
        sa.Column("week", sa.Date(), nullable=False, comment="Monday of the report"),
        _text("stamp", nullable=False, comment="what it was computed of; another one: it is to be computed again"),
        sa.PrimaryKeyConstraint("week", name=op.f("dashboard_week_pkey")),
        comment="the weeks of uptime_day",
    )
    op.create_table(
        "dashboard_view",
        _text("name", nullable=False, comment="of the view"),
        _text("stamp", nullable=False, comment="as of dashboard_week; of uptime always empty"),
        _instant("as_of", comment="instant of the report; null: there is no data"),
        _instant("refreshed_at", nullable=False, comment="when it was last computed"),
        sa.Column(
            "weeks_due",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="weeks that the next run computes",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("dashboard_view_pkey")),
    )
    op.create_table(
        "dashboard_reader",
        _text("role", nullable=False, comment="of the server; may read the views"),
        sa.Column("is_ours", sa.Boolean(), nullable=False, comment="it was made here, and goes with this row"),
        sa.PrimaryKeyConstraint("role", name=op.f("dashboard_reader_pkey")),
        comment="while there is one, jobs refresh the views",
    )


def upgrade() -> None:
    _uptime()
    _pull_requests()
    _activity()
    _state()
    for view, (source, columns) in _VIEWS.items():
        names = ", ".join(_RENAMED.get(name, name) for name in columns)
        op.execute(f"CREATE VIEW {view} AS SELECT {names} {source}")
        for name, said in columns.items():
            op.execute(f"COMMENT ON COLUMN {view}.{name} IS '{said}'")


def downgrade() -> None:
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in (
        *("dashboard_reader", "dashboard_view", "dashboard_week"),
        *("activity_day", "pull_request_course", "uptime_day"),
    ):
        op.drop_table(table)
