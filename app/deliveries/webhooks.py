"""The service of webhooks: who is told by HTTP, and the secrets by which they know that it is we who tell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from app.access import audit
from app.access.principal import actor
from app.access.server_secret import ServerSecret, server_secret
from app.deliveries import queue
from app.deliveries.announcing import announce
from app.deliveries.means import Means
from app.deliveries.notify import Notify
from app.deliveries.queue import EVERY
from app.deliveries.tables import delivery, webhook
from app.errors import InvalidParameters, UnknownWebhook
from app.events.types import TYPES
from app.ids import new_id
from app.sending import signature
from app.sending.formats import FORMATS
from app.sending.guard import Refused
from app.settings import Settings
from app.storage.names import require_free, wrong_name
from app.storage.postgres import database_errors, database_now
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Names that are addresses of their own.
_RESERVED: Final = frozenset({"events"})

#: How long the secret of before signs along after a rotation.
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSpec:
    """What a webhook is to be.

    Attributes:
        url: where its receiver listens.
        format: what the receiver understands; see app/sending/formats.py.
        events: types that it is told of unasked, or ``*``; none: only what names it.
        enabled: whether anything is sent to it.
    """

    name: str
    url: str
    format: str = "standard"
    events: tuple[str, ...] = ()
    description: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver.

    Attributes:
        id: 32 hexadecimal digits.
        secret_version: counted from 1; grows with each rotation.
        previous_until: until when the secret of before signs along; None: it does not.
        disabled_reason: why nothing is sent to it, for people.
        failing_since: when the first attempt failed since one succeeded.
        waiting, delivered, failed: its deliveries by status, of those that are kept; dropped ones have failed.
        last_at: when the last attempt ended.
    """

    id: str
    name: str
    url: str
    format: str
    events: tuple[str, ...]
    description: str | None
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    secret_version: int
    secret_key: str = field(repr=False)
    previous_key: str | None = field(repr=False)
    previous_until: datetime | None
    created_by: str
    created_by_id: str | None
    created_at: datetime
    updated_at: datetime
    waiting: int = 0
    delivered: int = 0
    failed: int = 0
    last_at: datetime | None = None


def secrets_of(master: ServerSecret, hook: Mapping[str, Any], now: datetime) -> list[str]:
    """The secrets that sign at an instant, the newest first. Raises SetupError: a key is missing."""
    newest = signature.secret(master.key(hook["secret_key"]), hook["id"], hook["secret_version"])
    until = hook["previous_until"]
    # A key that was taken off at once, because somebody else has it, is not to sign along.
    if until is None or until <= now or hook["previous_key"] not in master.ids():
        return [newest]
    before = signature.secret(master.key(hook["previous_key"]), hook["id"], hook["secret_version"] - 1)
    return [newest, before]


class WebhookService:
    """Operations on webhooks; stateless, so any replica can serve them. A webhook goes by its name or its id."""

    def __init__(self, engine: Engine, settings: Settings, means: Means) -> None:
        self._engine = engine
        self._settings = settings
        self._means = means

    def add(self, spec: WebhookSpec) -> tuple[Webhook, str]:
        """Make a webhook; returns it and its secret, which is shown this once.

        Raises:
            InvalidParameters: of the name, the address, the format or the events.
            NameTaken: there is one of this name.
            SetupError: there is no secret key.
        """
        columns = self._columns(spec)
        master = server_secret(self._settings)
        with database_errors(), self._engine.begin() as connection:
            webhook_id, who = new_id(datetime.now(UTC)), actor()
            made = {"created_by": who.name, "created_by_id": who.user_id, "secret_key": master.newest_id()}
            require_free(
                connection, insert(webhook).values(id=webhook_id, **columns, **made), of="webhook", name=spec.name
            )
            audit.record(connection, "webhook.add", "webhook", webhook_id, **_told(spec))
            found = required(connection, webhook_id)
        return found, signature.secret(master.key(found.secret_key), found.id, 1)

    def replace(self, name: str, spec: WebhookSpec) -> Webhook:
        """Set a webhook anew; its secret stays.

        Raises:
            UnknownWebhook, and as add().
        """
        columns = self._columns(spec)
        with database_errors(), self._engine.begin() as connection:
            before = required(connection, name, lock=True)
            columns |= {"failing_since": None} if spec.enabled and not before.enabled else {}
            statement = update(webhook).where(webhook.c.id == before.id).values(**columns, updated_at=func.now())
            require_free(connection, statement, of="webhook", name=spec.name)
            if not spec.enabled:
                queue.drop_waiting(connection, delivery.c.webhook_id == before.id, "Its webhook was disabled.")
            audit.record(connection, "webhook.set", "webhook", before.id, **_told(spec))
            return required(connection, before.id)

    def listed(self) -> list[Webhook]:
        """All webhooks by name."""
        with database_errors(), self._engine.connect() as connection:
            ids = connection.scalars(select(webhook.c.id).order_by(webhook.c.name)).all()
            return _found(connection, ids)

    def get(self, name: str) -> Webhook:
        """One of them. Raises UnknownWebhook."""
        with database_errors(), self._engine.connect() as connection:
            return required(connection, name)

    def remove(self, name: str) -> None:
        """Remove a webhook and what was sent to it. Raises UnknownWebhook."""
        with database_errors(), self._engine.begin() as connection:
            before = required(connection, name, lock=True)
            connection.execute(delete(webhook).where(webhook.c.id == before.id))
            audit.record(connection, "webhook.remove", "webhook", before.id, name=before.name)

    def enable(self, name: str) -> Webhook:
        """Send to a webhook again what happens from now on. Raises UnknownWebhook."""
        return self._switch(name, enabled=True)

    def disable(self, name: str) -> Webhook:
        """Send nothing to a webhook until it is enabled; what waits is dropped. Raises UnknownWebhook."""
        return self._switch(name, enabled=False)

    def rotate(self, name: str) -> tuple[Webhook, str]:
        """Make a new secret, which is shown this once; the one of before signs along for a day.

        Raises:
            UnknownWebhook.
            SetupError: there is no secret key.
        """
        master = server_secret(self._settings)
        with database_errors(), self._engine.begin() as connection:
            before = required(connection, name, lock=True)
            columns = {
                "secret_version": before.secret_version + 1,
                "secret_key": master.newest_id(),
                "previous_key": before.secret_key,
                "previous_until": database_now(connection) + OVERLAP,
                "updated_at": func.now(),
            }
            connection.execute(update(webhook).where(webhook.c.id == before.id).values(columns))
            audit.record(
                connection, "webhook.rotate", "webhook", before.id, name=before.name, version=before.secret_version + 1
            )
            found = required(connection, before.id)
        return found, signature.secret(master.key(found.secret_key), found.id, found.secret_version)

    def test(self, name: str) -> str:
        """Send a message by which somebody sees that it arrives; returns the id of the delivery.

        Raises:
            UnknownWebhook.
            InvalidParameters: it is disabled.
        """
        with database_errors(), self._engine.begin() as connection:
            one = required(connection, name)
            if not one.enabled:
                raise InvalidParameters(f"The webhook {one.name} is disabled; enable it first.", received=name)
            wanted = Notify(to=(one.name,))
            title = f"A test of the webhook {one.name}, sent by {actor().name}."
            event_id = announce(
                connection,
                "webhook.test",
                one.id,
                title=title,
                facts=[("Webhook", one.name)],
                wanted=wanted,
                listeners=False,
                webhook_id=one.id,
            )
            mine = (delivery.c.event_id == event_id, delivery.c.webhook_id == one.id)
            delivery_id = connection.execute(select(delivery.c.id).where(*mine)).scalar_one()
            audit.record(connection, "webhook.test", "webhook", one.id, name=one.name)
        return str(delivery_id)

    def send_failed(self, name: str, *, since: datetime) -> int:
        """Send once more all that a webhook did not get since an instant; returns how many. Raises UnknownWebhook."""
        with database_errors(), self._engine.begin() as connection:
            one = required(connection, name)
            which = delivery.c.status.in_(("failed", "dropped")) & (delivery.c.created_at >= since)
            count = queue.send_again(connection, (delivery.c.webhook_id == one.id) & which)
            audit.record(connection, "delivery.send", "webhook", one.id, name=one.name, deliveries=count)
        return count

    def _switch(self, name: str, *, enabled: bool) -> Webhook:
        with database_errors(), self._engine.begin() as connection:
            before = required(connection, name, lock=True)
            if before.enabled != enabled:
                reason = None if enabled else f"Disabled by {actor().name}."
                columns = {"enabled": enabled, "disabled_reason": reason, "failing_since": None}
                connection.execute(
                    update(webhook).where(webhook.c.id == before.id).values(columns | {"updated_at": func.now()})
                )
                if reason is not None:
                    queue.drop_waiting(connection, delivery.c.webhook_id == before.id, reason)
                action = "webhook.enable" if enabled else "webhook.disable"
                audit.record(connection, action, "webhook", before.id, name=before.name)
            return required(connection, before.id)

    def _columns(self, spec: WebhookSpec) -> dict[str, Any]:
        """What is stored of a webhook. Raises InvalidParameters."""
        wrong = [
            *wrong_name(spec.name, of="webhook", reserved=_RESERVED),
            *self._wrong_address(spec.url),
            *_wrong_events(spec.events),
        ]
        if spec.description is not None and "\0" in spec.description:
            reason = "holds the character NUL, which Postgres cannot store"
            wrong.append(WrongValue(parameter="description", received=spec.description, reason=reason))
        if spec.format not in FORMATS:
            reason = "is not known"
            wrong.append(WrongValue(parameter="format", received=spec.format, reason=reason, allowed=list(FORMATS)))
        if wrong:
            raise invalid_parameters(wrong)
        return {
            "name": spec.name,
            "url": spec.url,
            "format": spec.format,
            "events": list(dict.fromkeys(spec.events)),
            "description": spec.description,
            "enabled": spec.enabled,
            "disabled_reason": None if spec.enabled else f"Disabled by {actor().name}.",
        }

    def _wrong_address(self, url: str) -> list[WrongValue]:
        try:
            self._means.guard.check_url(url)
        except Refused as error:
            reason = f"is refused: {str(error).removesuffix('.')}"
            return [WrongValue(parameter="url", received=url, reason=reason)]
        return []


def required(connection: Connection, name: str, *, lock: bool = False) -> Webhook:
    """A webhook by its name or id; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        UnknownWebhook: there is none.
    """
    query = select(webhook.c.id).where(or_(webhook.c.name == name, webhook.c.id == name))
    found = None if "\0" in name else connection.scalar(query.with_for_update() if lock else query)
    if found is not None:
        return _found(connection, [found])[0]
    near = suggestions(name, connection.scalars(select(webhook.c.name)))
    raise UnknownWebhook(
        f"There is no webhook {shown(name)}{did_you_mean(near)}.", received=repeated(name), nearest=near
    )


def _found(connection: Connection, ids: Collection[str]) -> list[Webhook]:
    """Webhooks with these ids, by name, with the numbers of their deliveries."""
    counts = (
        select(
            delivery.c.webhook_id,
            func.count().filter(delivery.c.status == "waiting").label("waiting"),
            func.count().filter(delivery.c.status == "delivered").label("delivered"),
            func.count().filter(delivery.c.status.in_(("failed", "dropped"))).label("failed"),
            func.max(delivery.c.tried_at).label("last_at"),
        )
        .where(delivery.c.webhook_id.in_(ids))
        .group_by(delivery.c.webhook_id)
        .subquery()
    )
    numbers = [func.coalesce(counts.c[name], 0).label(name) for name in ("waiting", "delivered", "failed")]
    query = (
        select(webhook, *numbers, counts.c.last_at)
        .outerjoin(counts, counts.c.webhook_id == webhook.c.id)
        .where(webhook.c.id.in_(ids))
        .order_by(webhook.c.name)
    )
    return [Webhook(**{**row._asdict(), "events": tuple(row.events)}) for row in connection.execute(query)]


def _told(spec: WebhookSpec) -> dict[str, Any]:
    """What the audit keeps: not the address, which may hold a secret of the receiver."""
    return {"name": spec.name, "format": spec.format, "events": list(spec.events), "enabled": spec.enabled}


def _wrong_events(events: Sequence[str]) -> list[WrongValue]:
    known = [*TYPES, EVERY]
    return [
        WrongValue(
            parameter=f"events.{at}",
            received=one,
            reason="is not known",
            allowed=known,
            nearest=suggestions(one, known),
        )
        for at, one in enumerate(events)
        if one not in known
    ]
