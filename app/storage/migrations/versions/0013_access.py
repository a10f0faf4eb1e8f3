"""Users, their keys and sessions, and the audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

#: Rows of the audit are only ever added. The janitor removes old ones after it has said up to which instant it may.
_APPEND_ONLY = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < nullif(current_setting('openhours.audit_ends', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of the audit are only ever added';
END
$$;
CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_table BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""


def upgrade() -> None:
    _make_users()
    _make_tokens()
    _make_audit()


def _make_users() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, comment="as shown; unique whatever its case"),
        sa.Column("email", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, comment="argon2id, with its parameters; null: cannot log in by a password"),
        sa.Column("oidc_iss", sa.Text, comment="who vouches for them"),
        sa.Column("oidc_sub", sa.Text, comment="and by which identity there"),
        sa.Column(
            "failed_logins", sa.Integer, nullable=False, server_default="0", comment="since the last that succeeded"
        ),
        _instant("first_failed_at", comment="of the failures that are counted"),
        _instant("throttled_until", comment="for addresses that never logged in to it"),
        _instant("disabled_at"),
        _instant("created_at", nullable=False, server_default=sa.func.now()),
        sa.Column("created_by", sa.Text, comment="name of who made it"),
        sa.UniqueConstraint("oidc_iss", "oidc_sub", name="app_user_oidc_key"),
        sa.CheckConstraint("kind IN ('person', 'service')", name="kind"),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
    )
    op.create_index("app_user_name_key", "app_user", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "login_address",
        sa.Column("user_id", sa.String(32), sa.ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("ip", postgresql.INET, primary_key=True, comment="from which somebody logged in to it"),
        _instant("last_at", nullable=False, server_default=sa.func.now()),
    )


def _make_tokens() -> None:
    op.create_table(
        "token",
        sa.Column(
            "id", sa.String(8), primary_key=True, comment="the beginning of the credential, by which lists name it"
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column(
            "user_id",
            sa.String(32),
            sa.ForeignKey("app_user.id", ondelete="CASCADE"),
            comment="null: the setup code",
        ),
        sa.Column(
            "sha256",
            sa.LargeBinary,
            nullable=False,
            unique=True,
            comment="of the credential, which is stored nowhere",
        ),
        sa.Column("last4", sa.String(4), nullable=False, comment="the end of the credential"),
        sa.Column("name", sa.Text),
        sa.Column("scopes", postgresql.ARRAY(sa.Text), comment="null: all of the role of its owner"),
        sa.Column("family", sa.String(32), comment="tokens that were made from one login, and end together"),
        sa.Column("replaces", sa.String(8), comment="the key that it replaces"),
        sa.Column("purpose", sa.Text, comment="of one-time codes: setup, reset, invite"),
        _instant("created_at", nullable=False, server_default=sa.func.now()),
        _instant("expires_at", comment="null: never, which only keys may, and only by a setting"),
        _instant("last_used_at", comment="to the minute"),
        sa.Column("last_ip", postgresql.INET),
        sa.Column("user_agent", sa.Text),
        _instant("revoked_at"),
        sa.CheckConstraint("kind IN ('key', 'session', 'access', 'refresh', 'once')", name="kind"),
        sa.CheckConstraint("expires_at IS NOT NULL OR kind = 'key'", name="ends"),
        sa.CheckConstraint("(purpose IS NOT NULL) = (kind = 'once')", name="purpose"),
    )
    op.create_index("token_user_idx", "token", ["user_id", "kind"])
    op.create_index("token_family_idx", "token", ["family"], postgresql_where=sa.text("family IS NOT NULL"))
    op.create_index("token_expiry_idx", "token", ["expires_at"])
    epoch = op.create_table(
        "auth_epoch",
        sa.Column("id", sa.Integer, primary_key=True, server_default="1"),
        sa.Column("n", sa.BigInteger, nullable=False, comment="raised by every change that takes rights away"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.bulk_insert(epoch, [{"id": 1, "n": 0}])


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _instant("at", nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("via", sa.Text, nullable=False, comment="how the actor came in: key, session, local, command, …"),
        sa.Column("actor_id", sa.String(32)),
        sa.Column("actor_name", sa.Text, nullable=False, comment="as it was then"),
        sa.Column("token_id", sa.String(8)),
        sa.Column("action", sa.Text, nullable=False, comment="object and verb: key.revoke"),
        sa.Column("object_kind", sa.Text),
        sa.Column("object_id", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("ip", postgresql.INET),
        sa.Column("request_id", sa.String(32)),
        sa.Column("detail", postgresql.JSONB, nullable=False, server_default="{}"),
        sa.CheckConstraint("outcome IN ('done', 'refused', 'failed')", name="outcome"),
    )
    newest = [sa.text("at DESC"), sa.text("id DESC")]
    op.create_index("audit_newest_idx", "audit", newest)
    op.create_index("audit_actor_idx", "audit", ["actor_name", *newest])
    op.create_index("audit_action_idx", "audit", ["action", *newest])
    op.create_index("audit_actor_action_idx", "audit", ["actor_name", "action", *newest])
    op.create_index("audit_outcome_idx", "audit", ["outcome", *newest])
    op.create_index("audit_object_idx", "audit", ["object_kind", "object_id", *newest])
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    for table in ("audit", "auth_epoch", "token", "login_address", "app_user"):
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_is_append_only()")


def _instant(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)  # type: ignore[arg-type]
