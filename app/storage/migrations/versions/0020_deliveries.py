"""Events, webhooks and their deliveries, rules; what began a job, and whom a schedule tells."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _made(name: str) -> sa.Column[Any]:
    return _instant(name, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.add_column(
        "report",
        sa.Column(
            "begun_by",
            sa.Text(),
            nullable=True,
            comment="what began it unasked, such as a schedule and its id; null: somebody asked",
        ),
    )
    op.add_column(
        "schedule",
        sa.Column(
            "notify",
            postgresql.JSONB,
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="who is told when a report ends",
        ),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=32), nullable=False, comment="as receivers know it"),
        sa.Column(
            "type", sa.Text(), nullable=False, comment="job.complete and the like until it was handled; then as told"
        ),
        sa.Column("subject", sa.String(length=32), nullable=False, comment="id of what it happened to"),
        sa.Column("facts", postgresql.JSONB, nullable=False, comment="what is known of it where it happens"),
        sa.Column(
            "payload", postgresql.JSONB, nullable=True, comment="what receivers are told; null until it was handled"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False, comment="that failed to handle it"),
        _instant("not_before", nullable=True, comment="when to try again to handle it"),
        _made("at"),
        _instant("handled_at", nullable=True, comment="when it was found out who is to be told; null: not yet"),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
    )
    op.create_index("event_waiting_idx", "event", ["id"], unique=False, postgresql_where=sa.text("handled_at IS NULL"))
    op.create_index("event_old_idx", "event", ["handled_at"], unique=False)
    op.create_index("event_subject_idx", "event", ["subject"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="may hold a secret of the receiver"),
        sa.Column("format", sa.Text(), nullable=False, comment="standard, slack, teams or discord"),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False, comment="types that it is told of unasked"),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "secret_version", sa.Integer(), server_default="1", nullable=False, comment="grows with each rotation"
        ),
        sa.Column(
            "secret_key",
            sa.Text(),
            nullable=False,
            comment="which key of OPENHOURS_SECRET_KEY its secret is derived from",
        ),
        sa.Column(
            "previous_key", sa.Text(), nullable=True, comment="which one that of the version before is derived from"
        ),
        _instant("previous_until", nullable=True, comment="until when the version before signs along"),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "disabled_reason", sa.Text(), nullable=True, comment="why nothing is sent to it; null: it is enabled"
        ),
        _instant(
            "failing_since",
            nullable=True,
            comment="of the attempts since the last that succeeded, when the first failed",
        ),
        sa.Column("created_by", sa.Text(), nullable=False, comment="name of who made it"),
        sa.Column("created_by_id", sa.String(length=32), nullable=True, comment="their user; null: they are none"),
        _made("created_at"),
        _made("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_pkey")),
        sa.UniqueConstraint("name", name="webhook_name_key"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="webhook or mail"),
        sa.Column("webhook_id", sa.String(length=32), nullable=True),
        sa.Column("address", sa.Text(), nullable=True, comment="of a mail"),
        sa.Column(
            "attach",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="what a mail carries beside the text",
        ),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False, comment="that were begun"),
        sa.Column(
            "charged",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="of which the end is known",
        ),
        _made("due_at"),
        _instant("lease_until", nullable=True, comment="how long the replica that sends it may take"),
        sa.Column("owner", sa.Text(), nullable=True, comment="the fence: replica that sends it, and which attempt"),
        sa.Column(
            "status_code",
            sa.Integer(),
            nullable=True,
            comment="of HTTP or SMTP, of the last attempt that got an answer",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="why the last attempt failed, for people"),
        sa.Column("answer", sa.Text(), nullable=True, comment="the beginning of what the receiver answered"),
        _instant("unsubscribed_at", nullable=True, comment="when who got the mail used its link to get no more"),
        _made("created_at"),
        _instant("tried_at", nullable=True, comment="when the last attempt ended"),
        _instant("ended_at", nullable=True, comment="when it was delivered, failed for good or dropped"),
        sa.CheckConstraint("channel IN ('webhook', 'mail')", name=op.f("delivery_channel_check")),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'failed', 'dropped')", name=op.f("delivery_status_check")
        ),
        sa.CheckConstraint("(channel = 'webhook') = (webhook_id IS NOT NULL)", name=op.f("delivery_webhook_check")),
        sa.CheckConstraint("(channel = 'mail') = (address IS NOT NULL)", name=op.f("delivery_address_check")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("delivery_event_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("delivery_webhook_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_pkey")),
        sa.UniqueConstraint("event_id", "webhook_id", name="delivery_webhook_key"),
        sa.UniqueConstraint("event_id", "address", name="delivery_address_key"),
    )
    op.create_index(
        "delivery_due_idx", "delivery", ["due_at"], unique=False, postgresql_where=sa.text("status = 'waiting'")
    )
    newest: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index("delivery_newest_idx", "delivery", newest, unique=False)
    op.create_index("delivery_listed_idx", "delivery", ["status", *newest], unique=False)
    op.create_index("delivery_of_webhook_idx", "delivery", ["webhook_id", *newest], unique=False)
    op.create_table(
        "notify",
        sa.Column("subject", sa.String(length=32), nullable=False, comment="id of the report whose end is told"),
        sa.Column(
            "notify",
            postgresql.JSONB,
            nullable=False,
            comment="whom: names of webhooks and addresses; what mails carry",
        ),
        _made("created_at"),
        sa.PrimaryKeyConstraint("subject", name=op.f("notify_pkey")),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("address", sa.Text(collation="C"), nullable=False, comment="that gets no mail"),
        _made("at"),
        sa.PrimaryKeyConstraint("address", name=op.f("unsubscribed_pkey")),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the registry: report_on_dataset, store_down, …"),
        sa.Column("options", postgresql.JSONB, nullable=False),
        sa.Column("notify", postgresql.JSONB, nullable=False, comment="whom it tells"),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True, comment="why it does nothing; null: it is enabled"),
        _instant("looked_at", nullable=True, comment="when it last looked, if it does so by itself"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="name of who made it"),
        sa.Column("runs_as", sa.Text(), nullable=False, comment="name of who last set it, for whom it acts"),
        sa.Column("runs_as_id", sa.String(length=32), nullable=True, comment="their user; null: they are none"),
        _made("created_at"),
        _made("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("rule_pkey")),
        sa.UniqueConstraint("name", name="rule_name_key"),
    )
    op.create_table(
        "episode",
        sa.Column("rule_id", sa.String(length=32), nullable=False),
        sa.Column(
            "subject", sa.Text(collation="C"), nullable=False, comment="what is wrong: a store, a source, a schedule"
        ),
        sa.Column("told", sa.Text(), nullable=False, comment="what is told when it is right again"),
        _made("began_at"),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("episode_rule_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rule_id", "subject", name=op.f("episode_pkey")),
    )
    op.create_index("episode_began_idx", "episode", ["began_at"], unique=False)
    op.create_index(
        "dataset_upload_id_idx",
        "dataset",
        [sa.literal_column("(options ->> 'upload_id')"), sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("(options ->> 'upload_id') IS NOT NULL"),
    )
    op.execute(
        """
        INSERT INTO rule (id, name, kind, options, notify, created_by, runs_as)
        VALUES (
            '01900000000070008000000000000001', 'review-times-samples', 'report_on_dataset',
            '{"dataset_kind": "review_times", "report": "pull_requests", "founding_clients": true,
              "params": {"source": "{dataset}", "charts": true}}',
            '{}', 'system', 'system'
        )
        """
    )


def downgrade() -> None:
    for table in ("episode", "rule", "unsubscribed", "notify", "delivery", "webhook", "event"):
        op.drop_table(table)
    op.drop_index("dataset_upload_id_idx", table_name="dataset")
    op.drop_column("schedule", "notify")
    op.drop_column("report", "begun_by")
