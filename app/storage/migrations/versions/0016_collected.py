"""Schedules, sources, and what GitHub tells of a pull request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("does", sa.Text(), nullable=False, comment="report or sync"),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the report; name of the source"),
        sa.Column("params", postgresql.JSONB, nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False, comment="IANA zone"),
        sa.Column("as_of", sa.Text(), nullable=False, comment="the instant that its reports speak for"),
        sa.Column("catch_up", sa.Text(), nullable=False, comment="which of the missed instants count: latest, none"),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True, comment="why it was paused; null: it was not"),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), nullable=True, comment="when it is due; null: never again, or paused"
        ),
        sa.Column(
            "last_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the instant that it last began something for",
        ),
        sa.Column("last_job_id", sa.String(length=32), nullable=True, comment="what it began then"),
        sa.Column(
            "skipped",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="instants that were missed when it was last due",
        ),
        sa.Column("created_by", sa.Text(), nullable=False, comment="name of who made it"),
        sa.Column("runs_as", sa.Text(), nullable=False, comment="name of who last set it, for whom it acts"),
        sa.Column("runs_as_id", sa.String(length=32), nullable=True, comment="their user; null: they are none"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "as_of IN ('run', 'start_of_day', 'start_of_week', 'start_of_month')", name=op.f("schedule_as_of_check")
        ),
        sa.CheckConstraint("catch_up IN ('latest', 'none')", name=op.f("schedule_catch_up_check")),
        sa.CheckConstraint("does IN ('report', 'sync')", name=op.f("schedule_does_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_pkey")),
        sa.UniqueConstraint("name", name="schedule_name_key"),
    )
    op.create_index("schedule_due_idx", "schedule", ["next_at"], unique=False, postgresql_where=sa.text("enabled"))
    op.create_table(
        "source",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the registry: github"),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB,
            nullable=False,
            comment="what is read: repositories, streams, address",
        ),
        sa.Column(
            "token",
            sa.LargeBinary(),
            nullable=True,
            comment="encrypted; null: there is none, or token_from says where it is",
        ),
        sa.Column("token_from", sa.Text(), nullable=True, comment="env:NAME or file:PATH, read when it is needed"),
        sa.Column("token_key", sa.Text(), nullable=True, comment="which key of OPENHOURS_SECRET_KEY encrypted it"),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True, comment="why nobody syncs it; null: nobody has paused it"),
        sa.Column(
            "hinted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="an event has asked for a sync",
        ),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "synced_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a sync that read everything last began",
        ),
        sa.Column("requests", sa.Integer(), nullable=True, comment="that the last sync has made"),
        sa.Column("records", sa.Integer(), nullable=True, comment="that it has read"),
        sa.Column("error_code", sa.Text(), nullable=True, comment="of the last sync; null: it went well"),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("source_pkey")),
        sa.UniqueConstraint("name", name="source_name_key"),
    )
    op.create_table(
        "source_budget",
        sa.Column(
            "token", sa.Text(), nullable=False, comment="hash of the token: sources that share one share its budget"
        ),
        sa.Column("resource", sa.Text(), server_default="core", nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=True, comment="requests an hour; null: the API does not say"),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("reset_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True, comment="the API has asked for a pause"),
        sa.Column("pauses", sa.Integer(), server_default="0", nullable=False, comment="in a row; each one is longer"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("token", "resource", name=op.f("source_budget_pkey")),
    )
    op.create_table(
        "source_cursor",
        sa.Column("source_id", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column(
            "scope",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="a repository's repo_id; empty: the whole source",
        ),
        sa.Column(
            "position",
            postgresql.JSONB,
            nullable=False,
            comment="where the next sync begins, as the kind of cursor has it",
        ),
        sa.Column(
            "pass",
            postgresql.JSONB,
            nullable=True,
            comment="of a pass that is not complete: where it goes on, and what its mark will be",
        ),
        sa.Column(
            "watermark",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="everything up to then is read; null: not yet",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("source_cursor_source_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "stream", "scope", name=op.f("source_cursor_pkey")),
    )
    op.create_table(
        "source_gap",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column(
            "scope",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="a repository's repo_id; empty: the whole source",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, comment="for people"),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="what is missing begins then; null: nobody knows",
        ),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="and ends then; null: nobody knows, or it goes on",
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "found_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when it was last found missing",
        ),
        sa.Column(
            "closed_at", sa.DateTime(timezone=True), nullable=True, comment="read after all; null: it is still missing"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("source_gap_source_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("source_gap_pkey")),
    )
    op.create_index(
        "source_gap_open_idx",
        "source_gap",
        ["source_id", "stream", "scope", "code"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "source_repository",
        sa.Column("source_id", sa.String(length=32), nullable=False),
        sa.Column(
            "repo_id", sa.BigInteger(), nullable=False, comment="the number that the API knows it by, whatever its name"
        ),
        sa.Column("full_name", sa.Text(), nullable=False, comment="owner/name, as last seen"),
        sa.Column(
            "entity_id",
            sa.Integer(),
            nullable=True,
            comment="its entity of kind repository; null until a row of it has come",
        ),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column(
            "chosen_as",
            sa.Text(),
            nullable=True,
            comment="the name that it was asked for by; null: a pattern matches it",
        ),
        sa.Column(
            "pushed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when somebody last pushed; null: nobody knows",
        ),
        sa.Column("state", sa.Text(), server_default="ok", nullable=False, comment="ok, or why it is not read"),
        sa.Column("state_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('ok', 'gone', 'forbidden', 'blocked', 'empty', 'off', 'left')",
            name=op.f("source_repository_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("source_repository_source_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "repo_id", name=op.f("source_repository_pkey")),
    )
    op.add_column(
        "pull_request",
        sa.Column("author_is_bot", sa.Boolean(), nullable=True, comment="as the source says; null: it does not say"),
    )
    op.add_column(
        "pull_request",
        sa.Column(
            "is_draft",
            sa.Boolean(),
            nullable=True,
            comment="an empty ready_at means: still a draft; null: the source does not say",
        ),
    )
    op.add_column(
        "pull_request",
        sa.Column("draft_seconds", sa.Double(), nullable=True, comment="in all, where it was a draft several times"),
    )
    op.add_column(
        "pull_request",
        sa.Column("labels", postgresql.ARRAY(sa.Text), nullable=True, comment="names; null: the source does not say"),
    )
    op.add_column("pull_request", sa.Column("additions", sa.Integer(), nullable=True, comment="lines"))
    op.add_column("pull_request", sa.Column("deletions", sa.Integer(), nullable=True, comment="lines"))
    op.add_column("pull_request", sa.Column("changed_files", sa.Integer(), nullable=True))
    op.add_column(
        "pull_request",
        sa.Column("head_sha", sa.Text(), nullable=True, comment="the last commit, by which runs of CI are found"),
    )
    op.add_column(
        "pull_request",
        sa.Column(
            "changes_requested_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the last review that asked for changes",
        ),
    )
    op.create_index("pull_request_changes_requested_at_idx", "pull_request", ["changes_requested_at"])


def downgrade() -> None:
    op.drop_index("pull_request_changes_requested_at_idx", table_name="pull_request")
    op.drop_column("pull_request", "changes_requested_at")
    op.drop_column("pull_request", "head_sha")
    op.drop_column("pull_request", "changed_files")
    op.drop_column("pull_request", "deletions")
    op.drop_column("pull_request", "additions")
    op.drop_column("pull_request", "labels")
    op.drop_column("pull_request", "draft_seconds")
    op.drop_column("pull_request", "is_draft")
    op.drop_column("pull_request", "author_is_bot")
    op.drop_table("source_repository")
    op.drop_index("source_gap_open_idx", table_name="source_gap", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("source_gap")
    op.drop_table("source_cursor")
    op.drop_table("source_budget")
    op.drop_table("source")
    op.drop_index("schedule_due_idx", table_name="schedule", postgresql_where=sa.text("enabled"))
    op.drop_table("schedule")
