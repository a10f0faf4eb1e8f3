"""Tells of something: the event, what receivers are told of it, and the deliveries, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, update

from app.deliveries import queue
from app.deliveries.notify import NOBODY, Notify
from app.events.tables import event
from app.ids import new_id
from app.wording.values import iso

#: What a message says beside its title: pairs of a word and a value, for people.
Facts = Sequence[tuple[str, str]]


def announce(
    connection: Connection,
    kind: str,
    subject: str,
    *,
    title: str,
    facts: Facts = (),
    page: str | None = None,
    wanted: Notify = NOBODY,
    listeners: bool = True,
    **data: Any,
) -> str:
    """Tell of an event that nobody else has recorded, in the caller's transaction; returns its id.

    Args:
        connection: in the transaction of what is told.
        kind: of TYPES.
        subject: id of what it happened to.
        title: a sentence for people.
        facts: more for people.
        page: path of the page of the subject.
        wanted: who is told.
        listeners: whether webhooks that listen to the type are told, too.
        data: more for programs, JSON-ready; no secret.
    """
    now = datetime.now(UTC)
    payload = payload_of(kind, now, title=title, facts=facts, page=page, data=data)
    event_id = new_id(now)
    handled = {"payload": payload, "handled_at": func.now(), "facts": {}}
    connection.execute(insert(event).values(id=event_id, type=kind, subject=subject, **handled))
    queue.tell(connection, event_id, kind, wanted, listeners=listeners)
    return event_id


def announce_recorded(
    connection: Connection, event_id: str, kind: str, subject: str, payload: Mapping[str, Any], wanted: Notify
) -> int:
    """The same of an event that was recorded before, of a job; returns how many are told."""
    values = {"type": kind, "subject": subject, "payload": dict(payload), "handled_at": func.now()}
    connection.execute(update(event).where(event.c.id == event_id).values(values))
    return queue.tell(connection, event_id, kind, wanted)


def payload_of(
    kind: str, at: datetime, *, title: str, facts: Facts, page: str | None, data: Mapping[str, Any]
) -> dict[str, Any]:
    """What receivers are told; ``page`` is a path, of which the address is made when it is sent."""
    told = {"title": title, "facts": [list(fact) for fact in facts], **data}
    if page is not None:
        told["page"] = page
    return {"type": kind, "timestamp": iso(at.astimezone(UTC)), "data": told}


def addressed(payload: Mapping[str, Any], base: str | None) -> dict[str, Any]:
    """A payload with the address of its page; without one where nobody knows the address of the service."""
    data = dict(payload.get("data", {}))
    page = data.pop("page", None)
    if page is not None and base is not None:
        data["page"] = f"{base}{page}"
    return {**payload, "data": data}
