"""Deliveries in Postgres: the only code that writes their status.

A delivery waits until it is delivered, has failed for good, or was dropped. Whoever sends it holds a lease under a name
of its own for each attempt, which is the fence: a replica that was overtaken changes nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.deliveries.notify import Notify
from app.deliveries.retries import pause_after
from app.deliveries.tables import delivery, unsubscribed, webhook
from app.events.tables import event
from app.ids import new_id
from app.sending.outcome import Outcome, Verdict

#: A replica that has not told what became of an attempt for so long is taken for dead, seconds: longer than the
#: longest attempt, but for the files of a mail.
LEASE_SECONDS: Final = 120

#: Claims in all, those included of which nobody knows the end: what takes its replicas down must not do so for ever.
MOST_CLAIMS: Final = 50

#: Nobody sends it at the moment.
_IS_FREE: Final = or_(delivery.c.lease_until.is_(None), delivery.c.lease_until < func.now())

#: Word in the events of a webhook for all types.
EVERY: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The right to make one attempt.

    Attributes:
        owner: the fence.
        attempt: counted from 1.
        event_id, payload: what is told; the id is the same at each attempt.
        target: what other deliveries may go to at the same time, but not many: the id of the webhook, or ``mail``.
        webhook: columns of the webhook; None: it is a mail.
        address, attach: of a mail.
    """

    id: str
    owner: str
    attempt: int
    event_id: str
    payload: Mapping[str, Any]
    target: str
    webhook: Mapping[str, Any] | None
    address: str | None
    attach: tuple[str, ...]


def tell(connection: Connection, event_id: str, kind: str, wanted: Notify, *, listeners: bool = True) -> int:
    """Queue the deliveries of an event: to whom it is wanted to go, and to ``listeners``, webhooks of its type.

    To queue them again changes nothing. Returns how many are new.
    """
    listens: ColumnElement[bool] = webhook.c.name.in_(wanted.to)
    if listeners:
        listens = webhook.c.events.overlap([kind, EVERY]) | listens
    hooks = connection.scalars(select(webhook.c.id).where(webhook.c.enabled, listens)).all()
    # Two spellings are one mailbox: no server that is in use tells upper from lower case.
    addresses = {one.lower(): one for one in reversed(wanted.to) if "@" in one}
    spelt = func.lower(unsubscribed.c.address)
    refusing = set(connection.scalars(select(spelt).where(spelt.in_(addresses))))
    now = datetime.now(UTC)
    common: dict[str, Any] = {
        "event_id": event_id,
        "webhook_id": None,
        "address": None,
        "attach": [],
        "status": "waiting",
    }
    rows = [common | {"id": new_id(now), "channel": "webhook", "webhook_id": hook} for hook in hooks] + [
        common
        | {"id": new_id(now), "channel": "mail", "address": one, "attach": list(wanted.attach)}
        | ({"status": "dropped"} if plain in refusing else {})
        for plain, one in reversed(addresses.items())
    ]
    if not rows:
        return 0
    made = insert(delivery).values(rows).on_conflict_do_nothing().returning(delivery.c.id)
    return len(connection.scalars(made).all())


def claim_next(
    connection: Connection, *, replica: str, busy: Collection[str], file_seconds: float = 0
) -> Claimed | None:
    """Take the delivery that has been due longest, but for those to ``busy`` targets; None: none is due.

    A mail may take ``file_seconds`` longer than other deliveries.
    """
    owner = f"{replica} {new_id(datetime.now(UTC))}"
    target = func.coalesce(delivery.c.webhook_id, literal("mail"))
    due = (
        select(delivery.c.id)
        .where(
            delivery.c.status == "waiting",
            delivery.c.due_at <= func.now(),
            delivery.c.attempts < MOST_CLAIMS,
            _IS_FREE,
            *([target.not_in(busy)] if busy else []),
        )
        .order_by(delivery.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    lease = case((delivery.c.channel == "mail", LEASE_SECONDS + file_seconds), else_=LEASE_SECONDS)
    taken = (
        update(delivery)
        .where(delivery.c.id == due.c.id)
        .values(attempts=delivery.c.attempts + 1, owner=owner, lease_until=_in(lease * timedelta(seconds=1)))
        .returning(delivery)
        .cte("taken")
    )
    query = select(taken, event.c.payload).join(event, event.c.id == taken.c.event_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    hook = None
    if row.webhook_id is not None:
        hook = dict(connection.execute(select(webhook).where(webhook.c.id == row.webhook_id)).one()._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    return Claimed(
        id=row.id,
        owner=owner,
        attempt=row.attempts,
        event_id=row.event_id,
        payload=row.payload or {},
        target=row.webhook_id or "mail",
        webhook=hook,
        address=row.address,
        attach=tuple(row.attach),
    )


def settle(connection: Connection, claimed: Claimed, outcome: Outcome) -> str | None:
    """Write what became of an attempt; returns the status that the delivery has then, None if it is no longer ours."""
    ours = (
        delivery.c.id == claimed.id,
        delivery.c.owner == claimed.owner,
        delivery.c.status == "waiting",
    )
    charged = connection.scalar(select(delivery.c.charged).where(*ours).with_for_update())
    if charged is None:
        return None
    found: dict[str, Any] = {
        "charged": charged + 1,
        "status_code": outcome.status,
        "error": outcome.error,
        "answer": outcome.answer,
        "tried_at": func.now(),
        "lease_until": None,
        "owner": None,
    }
    status, pause = _becomes(outcome, charged + 1)
    found["status"] = status
    found |= {"ended_at": func.now()} if pause is None else {"due_at": _in(pause)}
    connection.execute(update(delivery).where(*ours).values(found))
    return status


def _becomes(outcome: Outcome, charged: int) -> tuple[str, timedelta | None]:
    """The status that a delivery has after an attempt, and the pause before the next one."""
    match outcome.verdict:
        case Verdict.DELIVERED:
            return "delivered", None
        case Verdict.GONE:
            return "failed", None
    pause = pause_after(charged, asked=outcome.retry_after)
    return ("failed", None) if pause is None else ("waiting", pause)


def drop_waiting(connection: Connection, which: ColumnElement[bool], reason: str) -> int:
    """Send nothing of what waits; returns how many were dropped."""
    dropped = {"status": "dropped", "error": reason, "ended_at": func.now(), "lease_until": None, "owner": None}
    return connection.execute(update(delivery).where(which, delivery.c.status == "waiting").values(dropped)).rowcount


def give_up(connection: Connection) -> int:
    """Fail what was claimed again and again, and nobody ever told what became of it; returns how many."""
    reason = f"It was started {MOST_CLAIMS} times, and each time its replica stopped first; it will not be tried again."
    failed = {"status": "failed", "error": reason, "ended_at": func.now(), "lease_until": None, "owner": None}
    used_up = (delivery.c.status == "waiting", delivery.c.attempts >= MOST_CLAIMS, _IS_FREE)
    return connection.execute(update(delivery).where(*used_up).values(failed)).rowcount


def send_again(connection: Connection, which: ColumnElement[bool]) -> int:
    """Have deliveries that ended sent once more, with the attempts of a new one; returns how many."""
    anew = {"status": "waiting", "attempts": 0, "charged": 0, "due_at": func.now(), "ended_at": None}
    ended = delivery.c.status.in_(("delivered", "failed", "dropped"))
    return connection.execute(update(delivery).where(which, ended).values(anew)).rowcount


def _in(pause: Any) -> Any:
    return func.now() + pause
