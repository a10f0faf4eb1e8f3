"""Deliveries as users see them: one, the list, the metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection, Double, Row, Select, cast, extract, func, select, tuple_, union_all

from app.deliveries.tables import delivery, webhook
from app.errors import UnknownDelivery
from app.events.tables import event
from app.ids import is_id
from app.paging import Place
from app.wording.values import repeated, shown

#: Where a delivery is in its life.
Status = Literal["waiting", "delivered", "failed", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message to one receiver.

    Attributes:
        event_id, event, subject, payload: what is told; the id is the same at each attempt.
        channel: ``webhook`` or ``mail``.
        webhook: name of the webhook; None: it is a mail.
        address: of a mail.
        attempts: that were begun.
        due_at: when it is sent next, if it waits.
        status_code, error, answer: of the last attempt.
    """

    id: str
    event_id: str
    event: str
    subject: str
    payload: Mapping[str, Any]
    channel: Literal["webhook", "mail"]
    webhook: str | None
    address: str | None
    status: Status
    attempts: int
    due_at: datetime
    status_code: int | None
    error: str | None
    answer: str | None
    created_at: datetime
    tried_at: datetime | None
    ended_at: datetime | None


_OWN: Final = (
    *("id", "event_id", "channel", "address", "status", "attempts", "due_at", "status_code", "error", "answer"),
    *("created_at", "tried_at", "ended_at"),
)


def _deliveries() -> Select[Any]:
    columns = [delivery.c[name] for name in _OWN]
    return (
        select(
            *columns,
            event.c.type.label("event"),
            event.c.subject,
            func.coalesce(event.c.payload, func.jsonb_build_object()).label("payload"),
            webhook.c.name.label("webhook"),
        )
        .join(event, event.c.id == delivery.c.event_id)
        .outerjoin(webhook, webhook.c.id == delivery.c.webhook_id)
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._asdict())


def required(connection: Connection, delivery_id: str) -> Delivery:
    """A delivery. Raises UnknownDelivery: there is none, or it is past its retention."""
    query = _deliveries().where(delivery.c.id == delivery_id)
    row = connection.execute(query).one_or_none() if is_id(delivery_id) else None
    if row is None:
        raise UnknownDelivery(f"There is no delivery {shown(delivery_id)}.", received=repeated(delivery_id))
    return _delivery(row)


def newest(
    connection: Connection,
    *,
    status: Status | None,
    webhook_id: str | None,
    subject: str | None,
    before: Place | None,
    limit: int,
) -> list[Delivery]:
    """Deliveries, newest first: of a status, of a webhook, of what an event happened to."""
    if subject is not None and "\0" in subject:  # Postgres has no such text
        return []
    query = select(delivery.c.id, delivery.c.created_at)
    if webhook_id is not None:
        query = query.where(delivery.c.webhook_id == webhook_id)
    if subject is not None:
        query = query.where(delivery.c.event_id.in_(select(event.c.id).where(event.c.subject == subject)))
    if before is not None:
        query = query.where(tuple_(delivery.c.created_at, delivery.c.id) < before)
    # Each status by itself: an index has its newest, and one without a match reads nothing.
    found = union_all(
        *(
            select(
                query.where(delivery.c.status == one)
                .order_by(delivery.c.created_at.desc(), delivery.c.id.desc())
                .limit(limit)
                .subquery()
            )
            for one in (get_args(Status) if status is None else (status,))
        )
    ).subquery()
    ids = select(found.c.id).order_by(found.c.created_at.desc(), found.c.id.desc()).limit(limit)
    listed = _deliveries().where(delivery.c.id.in_(ids)).order_by(delivery.c.created_at.desc(), delivery.c.id.desc())
    return [_delivery(row) for row in connection.execute(listed)]


def delivery_metrics(connection: Connection) -> Iterator[Metric]:
    """Deliveries that wait, and for how long the one has been due that has been due longest."""
    age = func.max(cast(extract("epoch", func.now() - delivery.c.created_at), Double))
    row = connection.execute(
        select(func.count().label("waiting"), func.coalesce(age, 0).label("age")).where(delivery.c.status == "waiting")
    ).one()
    yield GaugeMetricFamily("openhours_deliveries_waiting", "Deliveries that are waiting to be sent.", row.waiting)
    yield GaugeMetricFamily(
        "openhours_delivery_oldest_seconds", "Age of the oldest waiting delivery; 0 if none is waiting.", row.age
    )
    unhandled = select(func.count()).where(event.c.handled_at.is_(None))
    yield GaugeMetricFamily(
        "openhours_events_waiting",
        "Events whose recipients are not determined yet.",
        connection.scalar(unhandled) or 0,
    )
    broken = select(func.count()).where(~webhook.c.enabled)
    yield GaugeMetricFamily(
        "openhours_webhooks_disabled", "Webhooks that are disabled.", connection.scalar(broken) or 0
    )
