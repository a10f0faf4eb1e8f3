"""The tables of access, and what every change of rights does to them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB

from app.storage.postgres import instant, metadata

user = Table(
    "app_user",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False, comment="as shown; unique whatever its case"),
    Column("email", Text),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, comment="argon2id, with its parameters; null: cannot log in by a password"),
    Column("oidc_iss", Text, comment="who vouches for them"),
    Column("oidc_sub", Text, comment="and by which identity there"),
    Column("failed_logins", Integer, nullable=False, server_default="0", comment="since the last that succeeded"),
    instant("first_failed_at", comment="of the failures that are counted"),
    instant("throttled_until", comment="for addresses that never logged in to it"),
    instant("disabled_at"),
    instant("created_at", nullable=False, server_default=func.now()),
    Column("created_by", Text, comment="name of who made it"),
    UniqueConstraint("oidc_iss", "oidc_sub", name="app_user_oidc_key"),
    CheckConstraint("kind IN ('person', 'service')", name="kind"),
    CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
)
Index("app_user_name_key", func.lower(user.c.name), unique=True)
Index("app_user_newest_idx", user.c.created_at.desc(), user.c.id.desc())

login_address = Table(
    "login_address",
    metadata,
    Column("user_id", String(32), ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
    Column("ip", INET, primary_key=True, comment="from which somebody logged in to it"),
    instant("last_at", nullable=False, server_default=func.now()),
)

token = Table(
    "token",
    metadata,
    Column("id", String(8), primary_key=True, comment="the beginning of the credential, by which lists name it"),
    Column("kind", Text, nullable=False),
    Column("user_id", String(32), ForeignKey("app_user.id", ondelete="CASCADE"), comment="null: the setup code"),
    Column("sha256", LargeBinary, nullable=False, unique=True, comment="of the credential, which is stored nowhere"),
    Column("last4", String(4), nullable=False, comment="the end of the credential"),
    Column("name", Text),
    Column("scopes", ARRAY(Text), comment="null: all of the role of its owner"),
    Column("family", String(32), comment="tokens that were made from one login, and end together"),
    Column("replaces", String(8), comment="the key that it replaces"),
    Column("purpose", Text, comment="of one-time codes: setup, reset, invite"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("expires_at", comment="null: never, which only keys may, and only by a setting"),
    instant("last_used_at", comment="to the minute"),
    Column("last_ip", INET),
    Column("user_agent", Text),
    instant("revoked_at"),
    CheckConstraint("kind IN ('key', 'session', 'access', 'refresh', 'once')", name="kind"),
    CheckConstraint("expires_at IS NOT NULL OR kind = 'key'", name="ends"),
    CheckConstraint("(purpose IS NOT NULL) = (kind = 'once')", name="purpose"),
)
Index("token_user_idx", token.c.user_id, token.c.kind)
Index("token_family_idx", token.c.family, postgresql_where=token.c.family.is_not(None))
Index("token_expiry_idx", token.c.expires_at)
Index("token_keys_idx", token.c.created_at.desc(), token.c.id.desc(), postgresql_where=text("kind = 'key'"))

second_factor = Table(
    "second_factor",
    metadata,
    Column("user_id", String(32), ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
    Column("salt", LargeBinary, comment="from which, with the secret key, codes are made; null: not set"),
    Column("key_id", Text, comment="which secret key"),
    Column("new_salt", LargeBinary, comment="of one that is being set up"),
    Column("new_key_id", Text),
    Column("last_step", BigInteger, comment="30 seconds each since 1970; no code of it or before counts"),
    instant("confirmed_at"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user_id", String(32), ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
)

auth_epoch = Table(
    "auth_epoch",
    metadata,
    Column("id", Integer, primary_key=True, server_default="1"),
    Column("n", BigInteger, nullable=False, comment="raised by every change that takes rights away"),
    CheckConstraint("id = 1", name="one_row"),
)

#: Of an event of the audit: what happened, to what kind of object, and how it ended, as one number.
_EVENT: Final = "hashtextextended(action || ' ' || coalesce(object_kind, '') || ' ' || outcome, 0)"

#: Both texts together may be longer than the 2.7 kB that an index takes.
_ACTOR_OBJECT: Final = "hashtextextended(actor_name || ' ' || object_id, 0)"

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("at", nullable=False, server_default=func.clock_timestamp()),
    Column("via", Text, nullable=False, comment="how the actor came in: key, session, local, command, …"),
    Column("actor_id", String(32)),
    Column("actor_name", Text, nullable=False, comment="as it was then"),
    Column("token_id", String(8)),
    Column("action", Text, nullable=False, comment="object and verb: key.revoke"),
    Column("object_kind", Text),
    Column("object_id", Text),
    Column("outcome", Text, nullable=False),
    Column("ip", INET),
    Column("request_id", String(32)),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("event", BigInteger, Computed(_EVENT, persisted=True)),
    Column("actor_object", BigInteger, Computed(_ACTOR_OBJECT, persisted=True)),
    CheckConstraint("outcome IN ('done', 'refused', 'failed')", name="outcome"),
)
Index("audit_newest_idx", audit.c.at.desc(), audit.c.id.desc())
Index("audit_event_idx", audit.c.event, audit.c.at, audit.c.id)
Index("audit_actor_idx", audit.c.actor_name, audit.c.event, audit.c.at, audit.c.id)
Index("audit_object_idx", audit.c.object_id, audit.c.event, audit.c.at, audit.c.id)
Index("audit_actor_object_idx", audit.c.actor_object, audit.c.event, audit.c.at, audit.c.id)

#: All events that the audit has, which are some hundred at most. A trigger notes them, some of them twice.
audit_event = Table(
    "audit_event",
    metadata,
    Column("id", BigInteger, Computed(_EVENT, persisted=True)),
    Column("action", Text, nullable=False),
    Column("object_kind", Text),
    Column("outcome", Text, nullable=False),
)
Index("audit_event_id_idx", audit_event.c.id)
