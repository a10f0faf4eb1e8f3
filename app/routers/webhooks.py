"""Webhooks: list, make, view, set, remove, enable, disable; new secrets, tests, what did not arrive."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.access.scopes import Scope
from app.deliveries.webhooks import Webhook, WebhookSpec
from app.events.types import TYPES
from app.reports.instants import Instant
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Webhooks
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    tags=["webhooks"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

_Name = Annotated[str, Path(description="Name or id of a webhook.", examples=["ops-channel"])]


class NewWebhook(BaseModel):
    """What a webhook is to be: where its receiver listens, and what it is told."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique name: a to z, 0 to 9, -, _ and ., at most 64.", examples=["ops-channel"])
    url: str = Field(
        max_length=2000,
        description="URL of the receiver: https, at a public address or one that OPENHOURS_WEBHOOK_ALLOW allows.",
        examples=["https://hooks.example.com/openhours"],
    )
    format: str = Field(
        "standard",
        max_length=100,
        description="Format of the messages: `standard` (Standard Webhooks), `slack`, `teams` or `discord`.",
    )
    events: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Types of events that it receives, or `*` for all; empty: only events of what names it.",
        examples=[["report.complete", "report.failed"]],
    )
    description: str | None = Field(None, max_length=1000, description="For people.")
    enabled: StrictBool = Field(True, description="Whether messages are sent to it.")

    def spec(self) -> WebhookSpec:
        """The same for the service."""
        return WebhookSpec(**{**self.model_dump(), "events": tuple(self.events)})


class WebhookAnswer(BaseModel):
    """A webhook, and how its deliveries went, of those that are kept."""

    webhook_id: str
    name: str
    url: str
    format: str
    events: list[str]
    description: str | None
    enabled: bool
    disabled_reason: str | None = Field(description="Why no messages are sent to it, for people.")
    failing_since: datetime | None = Field(description="First failed attempt since the last success.")
    secret_version: int = Field(description="Counted from 1; grows with each rotation.")
    previous_until: datetime | None = Field(description="Until when messages are also signed with the previous secret.")
    waiting: int = Field(description="Deliveries that are waiting to be sent.")
    delivered: int = Field(description="Deliveries that arrived.")
    failed: int = Field(description="Deliveries that failed for good or were dropped.")
    last_at: datetime | None = Field(description="When the last attempt ended.")
    created_by: str
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookAnswer):
    """A webhook with its secret, which is shown only once."""

    secret: str = Field(description="Secret with which the receiver checks signatures: `whsec_…`. Shown only once.")


class WebhookList(BaseModel):
    """Webhooks, by name."""

    webhooks: list[WebhookAnswer]


class EventType(BaseModel):
    """A type of events."""

    type: str
    words: str = Field(description="What has happened, for people.")


class EventTypes(BaseModel):
    """The types of events that webhooks can receive."""

    events: list[EventType]


class Tested(BaseModel):
    """A message that was sent as a test."""

    delivery_id: str


class SendFailed(BaseModel):
    """Which deliveries are sent once more."""

    model_config = ConfigDict(extra="forbid")

    since: Instant = Field(description="Only deliveries made at or after this instant, with Z or an offset.")


class SentAgain(BaseModel):
    """What is sent once more."""

    deliveries: int = Field(description="How many.")


_NewWebhook = Annotated[Any, Body(), described_as(NewWebhook)]


@router.get("/webhooks")
@needs(Scope.WEBHOOKS_WRITE)
def list_webhooks(webhooks: Webhooks) -> WebhookList:
    """All webhooks, by name."""
    return WebhookList(webhooks=[_answer(one) for one in webhooks.listed()])


@router.post("/webhooks", status_code=201, responses=CONFLICT | TOO_LARGE)
@needs(Scope.WEBHOOKS_WRITE)
def add_webhook(webhooks: Webhooks, new: _NewWebhook, response: Response) -> WebhookWithSecret:
    """Make a webhook. Only this response contains its secret."""
    made, secret = webhooks.add(checked(NewWebhook, new).spec())
    response.headers["Location"] = f"/webhooks/{made.id}"
    return _with_secret(response, made, secret)


# First, because it could be the name of a webhook.
@router.get("/webhooks/events")
@needs(Scope.WEBHOOKS_WRITE)
def list_event_types() -> EventTypes:
    """The types of events that webhooks can receive."""
    return EventTypes(events=[EventType(type=name, words=words) for name, words in TYPES.items()])


@router.get("/webhooks/{name}", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def get_webhook(webhooks: Webhooks, name: _Name) -> WebhookAnswer:
    """A webhook."""
    return _answer(webhooks.get(name))


@router.put("/webhooks/{name}", responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.WEBHOOKS_WRITE)
def put_webhook(webhooks: Webhooks, name: _Name, new: _NewWebhook) -> WebhookAnswer:
    """Replace a webhook completely, except for its secret."""
    return _answer(webhooks.replace(name, checked(NewWebhook, new).spec()))


@router.delete("/webhooks/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def delete_webhook(webhooks: Webhooks, name: _Name) -> Response:
    """Remove a webhook, with the record of its deliveries."""
    webhooks.remove(name)
    return Response(status_code=204)


@router.post("/webhooks/{name}/enable", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def enable_webhook(webhooks: Webhooks, name: _Name) -> WebhookAnswer:
    """Enable a webhook: it receives events from now on."""
    return _answer(webhooks.enable(name))


@router.post("/webhooks/{name}/disable", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def disable_webhook(webhooks: Webhooks, name: _Name) -> WebhookAnswer:
    """Disable a webhook; its waiting deliveries are dropped."""
    return _answer(webhooks.disable(name))


@router.post("/webhooks/{name}/rotate", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def rotate_webhook(webhooks: Webhooks, name: _Name, response: Response) -> WebhookWithSecret:
    """Make a new secret; for a day, messages are signed with the previous one, too."""
    made, secret = webhooks.rotate(name)
    return _with_secret(response, made, secret)


@router.post("/webhooks/{name}/test", status_code=202, responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def test_webhook(webhooks: Webhooks, name: _Name) -> Tested:
    """Send a test message to a webhook."""
    return Tested(delivery_id=webhooks.test(name))


@router.post("/webhooks/{name}/send_failed", status_code=202, responses=NOT_FOUND | TOO_LARGE)
@needs(Scope.WEBHOOKS_WRITE)
def send_failed(webhooks: Webhooks, name: _Name, since: Annotated[Any, Body(), described_as(SendFailed)]) -> SentAgain:
    """Send again every delivery that a webhook has missed since an instant."""
    return SentAgain(deliveries=webhooks.send_failed(name, since=checked(SendFailed, since).since))


def _answer(one: Webhook) -> WebhookAnswer:
    return WebhookAnswer(**_members(one))


def _with_secret(response: Response, one: Webhook, secret: str) -> WebhookWithSecret:
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret(**_members(one), secret=secret)


def _members(one: Webhook) -> dict[str, Any]:
    own = {name: getattr(one, name) for name in WebhookAnswer.model_fields if name != "webhook_id"}
    return {**own, "webhook_id": one.id, "events": list(one.events)}
