"""Receivers on loopback, and a process that tells them: its loops are gone round by the tests."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, update

from app.access.server_secret import server_secret
from app.automation.letters import Letters
from app.automation.relay import Relay
from app.automation.rule_kind import Tools
from app.automation.service import RuleService
from app.automation.watching import Watching
from app.deliveries.attempt import Attempts
from app.deliveries.deliverer import Deliverer
from app.deliveries.means import means_of
from app.deliveries.service import DeliveryService
from app.deliveries.tables import delivery
from app.deliveries.webhooks import Webhook, WebhookService, WebhookSpec
from app.events.tables import event
from app.jobs import lifecycle
from app.reports.registry import REPORT_KINDS
from app.reports.service import ReportService
from app.storage.resources import Resources
from tests.kinds import KINDS, beside

SECRET = "a secret key of an installation that nobody knows"

NEVER = Event()

#: The real kinds of reports, and those of the tests.
EVERY_KIND = beside(REPORT_KINDS, KINDS)


def with_settings(resources: Resources, **settings: Any) -> Resources:
    """The same servers, by other settings."""
    given = {
        "webhook_allow": "127.0.0.0/8",
        "secret_key": SecretStr(SECRET),
        "public_url": "https://openhours.example",
        "mail_from": "openhours@example.com",
        "mail_domains": "example.com",
        **settings,
    }
    return replace(resources, settings=resources.settings.model_copy(update=given))


@dataclass
class Scene:
    """One process.

    Attributes:
        resources: with settings by which receivers on loopback are allowed.
    """

    resources: Resources
    reports: ReportService = field(init=False)

    def __post_init__(self) -> None:
        settings, engine = self.resources.settings, self.resources.engine
        self.engine = engine
        self.means = means_of(settings)
        self.reports = ReportService(self.resources, EVERY_KIND)
        self.tools = Tools(self.reports, settings)
        self.webhooks = WebhookService(engine, settings, self.means)
        self.rules = RuleService(engine, self.tools)
        self.deliveries = DeliveryService(engine, lambda: server_secret(settings))
        self.relay = Relay(engine, self.tools, list(EVERY_KIND))
        self.watching = Watching(engine, self.tools)
        letters = Letters(self.reports, attachment_bytes=settings.mail_attachment_bytes)
        attempts = Attempts(self.means, server_secret(settings), letters.compose, settings.public_url)
        self.deliverer = Deliverer(engine, settings, attempts, replica="here")

    def webhook(self, port: int, name: str = "hook", **spec: Any) -> tuple[Webhook, str]:
        """A webhook to loopback, and its secret."""
        given = {"events": ("*",), **spec}
        return self.webhooks.add(WebhookSpec(name=name, url=f"http://127.0.0.1:{port}/in", **given))

    def tell(self) -> None:
        """Find out who is told, and send what is due."""
        self.relay.handle_waiting(NEVER)
        self.deliverer.send_due(NEVER)

    def ended(self, *, kind: str = "dummy", begun_by: str | None = None, failed: bool = False) -> str:
        """A report that has run and ended, without a worker; its id."""
        with self.engine.begin() as connection:
            job_id = lifecycle.create(connection, kind=kind, params={}, params_sha256="", begun_by=begun_by)
            assert job_id is not None
        with self.engine.begin() as connection:
            claim = lifecycle.claim(connection, job_id, owner="a worker")
            assert claim is not None
        with self.engine.begin() as connection:
            if failed:
                lifecycle.fail(connection, claim, code="broken", message="It broke.")
            else:
                lifecycle.publish(connection, claim, [])
        return job_id

    def later(self, pause: timedelta) -> None:
        """Let time pass, as far as deliveries are concerned."""
        with self.engine.begin() as connection:
            for column in (delivery.c.due_at, delivery.c.lease_until):
                connection.execute(update(delivery).values({column: column - pause}))

    def statuses(self) -> list[str]:
        """Of all deliveries, in order of their making."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(delivery.c.status).order_by(delivery.c.id)))

    def events(self) -> list[str]:
        """Types of all events, in order."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(event.c.type).order_by(event.c.id)))
