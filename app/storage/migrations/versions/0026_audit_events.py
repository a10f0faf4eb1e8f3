"""Lists of the audit by any filters together: an index holds what happened as one number."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

#: Of a list by these filters alone, which the new indexes replace.
_BEFORE = {
    "audit_actor_idx": ["actor_name"],
    "audit_action_idx": ["action"],
    "audit_actor_action_idx": ["actor_name", "action"],
    "audit_outcome_idx": ["outcome"],
    "audit_object_kind_idx": ["object_kind"],
    "audit_object_id_idx": ["object_id"],
    "audit_object_idx": ["object_kind", "object_id"],
}

_NOW: dict[str, list[str]] = {
    "audit_event_idx": [],
    "audit_actor_idx": ["actor_name"],
    "audit_object_idx": ["object_id"],
    "audit_actor_object_idx": ["actor_object"],
}

_EVENT = "hashtextextended(action || ' ' || coalesce(object_kind, '') || ' ' || outcome, 0)"

_ACTOR_OBJECT = "hashtextextended(actor_name || ' ' || object_id, 0)"

#: Two transactions that meet an event for the first time both note it: neither waits for the other.
_NOTE_EVENTS = """
CREATE FUNCTION audit_notes_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_event WHERE id = NEW.event) THEN
        INSERT INTO audit_event (action, object_kind, outcome) VALUES (NEW.action, NEW.object_kind, NEW.outcome);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_events AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_notes_event();
CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of the audit are only ever added';
END
$$;
CREATE TRIGGER audit_event_table BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only();
"""


def upgrade() -> None:
    for name in _BEFORE:
        op.drop_index(name, table_name="audit")
    # In one statement: each would write the table anew.
    op.execute(
        f"ALTER TABLE audit ADD COLUMN event bigint GENERATED ALWAYS AS ({_EVENT}) STORED, "
        f"ADD COLUMN actor_object bigint GENERATED ALWAYS AS ({_ACTOR_OBJECT}) STORED"
    )
    for name, columns in _NOW.items():
        op.create_index(name, "audit", [*columns, "event", "at", "id"])
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger, sa.Computed(_EVENT, persisted=True)),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_kind", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index("audit_event_id_idx", "audit_event", ["id"])
    op.execute(
        "INSERT INTO audit_event (action, object_kind, outcome) SELECT DISTINCT action, object_kind, outcome FROM audit"
    )
    op.execute(_NOTE_EVENTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_events ON audit")
    op.drop_table("audit_event")
    op.execute("DROP FUNCTION audit_notes_event(), audit_event_is_append_only()")
    for name in _NOW:
        op.drop_index(name, table_name="audit")
    op.drop_column("audit", "actor_object")
    op.drop_column("audit", "event")
    for name, columns in _BEFORE.items():
        op.create_index(name, "audit", [*columns, sa.text("at DESC"), sa.text("id DESC")])
