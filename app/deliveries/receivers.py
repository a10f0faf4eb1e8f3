"""What attempts tell of a receiver: it works, wants nothing more, or has failed for days and is left alone."""

from sqlalchemy import ColumnElement, Connection, func, update

from app.access import audit, user_records
from app.deliveries import queue
from app.deliveries.announcing import announce
from app.deliveries.notify import NOBODY, Notify, may_get_mail
from app.deliveries.retries import FAILING
from app.deliveries.tables import delivery, webhook
from app.errors import UnknownUser
from app.sending.outcome import Outcome, Verdict
from app.settings import Settings


def remember(connection: Connection, webhook_id: str, outcome: Outcome, settings: Settings) -> None:
    """What became of an attempt, in the transaction that writes it down."""
    mine = webhook.c.id == webhook_id
    if outcome.verdict is Verdict.DELIVERED:
        connection.execute(update(webhook).where(mine, webhook.c.failing_since.is_not(None)).values(failing_since=None))
        return
    since = func.coalesce(webhook.c.failing_since, func.now())
    connection.execute(update(webhook).where(mine).values(failing_since=since))
    if outcome.verdict is Verdict.GONE:
        _disable(connection, mine, "Its receiver answered 410: it wants no more deliveries.", settings)
        return
    too_long = webhook.c.failing_since <= func.now() - FAILING
    reason = f"Every attempt has failed for {FAILING.days} days. The last: {outcome.error}"
    _disable(connection, mine & too_long, reason, settings)


def _disable(connection: Connection, which: ColumnElement[bool], reason: str, settings: Settings) -> None:
    """Send nothing more to a webhook, drop what waits for it, and tell the others and who made it."""
    statement = (
        update(webhook)
        .where(which, webhook.c.enabled)
        .values(enabled=False, disabled_reason=reason, updated_at=func.now())
        .returning(webhook.c.id, webhook.c.name, webhook.c.created_by_id)
    )
    for row in connection.execute(statement).all():
        queue.drop_waiting(connection, delivery.c.webhook_id == row.id, reason)
        audit.record(connection, "webhook.disable", "webhook", row.id, outcome="failed", name=row.name, reason=reason)
        announce(
            connection,
            "webhook.disabled",
            row.id,
            title=f"The webhook {row.name} is disabled.",
            facts=[("Webhook", row.name), ("Reason", reason)],
            page=f"/console/webhooks/{row.name}",
            wanted=mail_of(connection, row.created_by_id, settings),
            webhook_id=row.id,
            name=row.name,
            reason=reason,
        )


def mail_of(connection: Connection, user_id: str | None, settings: Settings) -> Notify:
    """A mail to a user, if they have an address that may get one."""
    if user_id is None:
        return NOBODY
    try:
        address = user_records.required(connection, user_id).email
    except UnknownUser:
        return NOBODY
    found = None if address is None else may_get_mail(address, settings)
    return NOBODY if found is None else Notify(to=(found,))
