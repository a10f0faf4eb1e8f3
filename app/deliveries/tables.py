"""The tables of deliveries: receivers, what they are to be sent, and who wants no mail."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.events.tables import event
from app.storage.postgres import instant, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("url", Text, nullable=False, comment="may hold a secret of the receiver"),
    Column("format", Text, nullable=False, comment="standard, slack, teams or discord"),
    Column("events", ARRAY(Text), nullable=False, comment="types that it is told of unasked"),
    Column("description", Text),
    Column("secret_version", Integer, nullable=False, server_default="1", comment="grows with each rotation"),
    Column("secret_key", Text, nullable=False, comment="which key of OPENHOURS_SECRET_KEY its secret is derived from"),
    Column("previous_key", Text, comment="which one that of the version before is derived from"),
    instant("previous_until", comment="until when the version before signs along"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("disabled_reason", Text, comment="why nothing is sent to it; null: it is enabled"),
    instant("failing_since", comment="of the attempts since the last that succeeded, when the first failed"),
    Column("created_by", Text, nullable=False, comment="name of who made it"),
    Column("created_by_id", String(32), comment="their user; null: they are none"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("updated_at", nullable=False, server_default=func.now()),
    UniqueConstraint("name", name="webhook_name_key"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event_id", String(32), ForeignKey(event.c.id, ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False, comment="webhook or mail"),
    Column("webhook_id", String(32), ForeignKey(webhook.c.id, ondelete="CASCADE")),
    Column("address", Text, comment="of a mail"),
    Column("attach", ARRAY(Text), nullable=False, server_default="{}", comment="what a mail carries beside the text"),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="that were begun"),
    Column("charged", Integer, nullable=False, server_default="0", comment="of which the end is known"),
    instant("due_at", nullable=False, server_default=func.now()),
    instant("lease_until", comment="how long the replica that sends it may take"),
    Column("owner", Text, comment="the fence: replica that sends it, and which attempt"),
    Column("status_code", Integer, comment="of HTTP or SMTP, of the last attempt that got an answer"),
    Column("error", Text, comment="why the last attempt failed, for people"),
    Column("answer", Text, comment="the beginning of what the receiver answered"),
    instant("unsubscribed_at", comment="when who got the mail used its link to get no more"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("tried_at", comment="when the last attempt ended"),
    instant("ended_at", comment="when it was delivered, failed for good or dropped"),
    CheckConstraint("channel IN ('webhook', 'mail')", name="channel"),
    CheckConstraint("status IN ('waiting', 'delivered', 'failed', 'dropped')", name="status"),
    CheckConstraint("(channel = 'webhook') = (webhook_id IS NOT NULL)", name="webhook"),
    CheckConstraint("(channel = 'mail') = (address IS NOT NULL)", name="address"),
    UniqueConstraint("event_id", "webhook_id", name="delivery_webhook_key"),
    UniqueConstraint("event_id", "address", name="delivery_address_key"),
)
Index("delivery_due_idx", delivery.c.due_at, postgresql_where=text("status = 'waiting'"))
Index("delivery_newest_idx", delivery.c.created_at.desc(), delivery.c.id.desc())
Index("delivery_listed_idx", delivery.c.status, delivery.c.created_at.desc(), delivery.c.id.desc())
Index(
    "delivery_of_webhook_idx",
    delivery.c.webhook_id,
    delivery.c.status,
    delivery.c.created_at.desc(),
    delivery.c.id.desc(),
)

wish = Table(
    "notify",
    metadata,
    Column("subject", String(32), primary_key=True, comment="id of the report whose end is told"),
    Column("notify", JSONB, nullable=False, comment="whom: names of webhooks and addresses; what mails carry"),
    instant("created_at", nullable=False, server_default=func.now()),
)

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("address", Text(collation="C"), primary_key=True, comment="that gets no mail"),
    instant("at", nullable=False, server_default=func.now()),
)
