"""Deliveries: list, view, send again; who wants no mail, and how they say so."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.access.scopes import Scope
from app.deliveries.records import Delivery, Status
from app.errors import OpenhoursError, UnknownAddress
from app.routers.access.forms import is_form, page, refused_page
from app.routers.answers import GONE, NOT_FOUND, UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.dependencies import Deliveries
from app.routers.malformed import require_known_query
from app.routers.needs import needs, open_to_all

router = APIRouter(
    tags=["deliveries"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

_Token = Annotated[str, Query(max_length=200, description="The part of the link in a mail after `token=`.")]


class DeliverySummary(BaseModel):
    """A message to one receiver."""

    delivery_id: str
    event_id: str = Field(description="Id of the message, the same for each receiver and each attempt.")
    event: str = Field(description="Type of the event.", examples=["report.complete"])
    subject: str = Field(description="Id of the object that the event is about, such as the report.")
    title: str = Field(description="The message in a sentence.")
    channel: Literal["webhook", "mail"]
    webhook: str | None = Field(description="Name of the webhook; null for a mail.")
    address: str | None = Field(description="Of a mail.")
    status: Status
    attempts: int = Field(description="Attempts that were begun.")
    due_at: datetime | None = Field(description="When it is sent next, if it is waiting.")
    status_code: int | None = Field(description="Status of HTTP or SMTP of the last attempt that got a response.")
    error: str | None = Field(description="Why the last attempt failed, for people.")
    created_at: datetime
    tried_at: datetime | None = Field(description="When the last attempt ended.")
    ended_at: datetime | None


class DeliveryDetails(DeliverySummary):
    """A message, with what it says and what its receiver answered."""

    answer: str | None = Field(description="Start of the receiver's response to the last attempt.")
    payload: dict[str, Any] = Field(description="What is told.")


class DeliveryList(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[DeliverySummary]
    next_cursor: NextCursor


class Unsubscribed(BaseModel):
    """Addresses that get no mail, because somebody who got one said so."""

    addresses: list[str]


class NoMore(BaseModel):
    """Who gets no mail from now on."""

    address: str


@router.get("/deliveries", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def list_deliveries(
    deliveries: Deliveries,
    status: Annotated[Status | None, Query(description="List only this status.")] = None,
    webhook: Annotated[str | None, Query(max_length=100, description="List only those to this webhook.")] = None,
    subject: Annotated[
        str | None,
        Query(max_length=32, description="List only those about the report, file or other object with this id."),
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Deliveries per page.")] = 50,
) -> DeliveryList:
    """Deliveries, newest first."""
    found = deliveries.page(status=status, webhook=webhook, subject=subject, cursor=cursor, limit=limit)
    return DeliveryList(deliveries=[_summary(one) for one in found.items], next_cursor=found.next_cursor)


@router.get("/deliveries/{delivery_id}", responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def get_delivery(
    deliveries: Deliveries, delivery_id: Annotated[str, Path(description="Id of a delivery.")]
) -> DeliveryDetails:
    """A delivery, with its content and the receiver's response."""
    return _details(deliveries.get(delivery_id))


@router.post("/deliveries/{delivery_id}/send", status_code=202, responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def send_delivery(
    deliveries: Deliveries, delivery_id: Annotated[str, Path(description="Id of a delivery.")]
) -> DeliveryDetails:
    """Send a delivery again with the same id; a waiting one is sent at once."""
    return _details(deliveries.send(delivery_id))


@router.get("/unsubscribed")
@needs(Scope.WEBHOOKS_WRITE)
def list_unsubscribed(deliveries: Deliveries) -> Unsubscribed:
    """The addresses that get no mail because a recipient unsubscribed."""
    return Unsubscribed(addresses=deliveries.unsubscribed())


@router.delete("/unsubscribed/{address:path}", status_code=204, responses=NOT_FOUND)
@needs(Scope.WEBHOOKS_WRITE)
def allow_mail(
    deliveries: Deliveries, address: Annotated[str, Path(description="An address from the list.")]
) -> Response:
    """Allow mail to an unsubscribed address again."""
    if not deliveries.allow(address):
        raise UnknownAddress(f"{address} has not unsubscribed.", received=address)
    return Response(status_code=204)


@router.get("/unsubscribe", include_in_schema=False, response_class=HTMLResponse)
@open_to_all
def unsubscribe_page(request: Request, deliveries: Deliveries, token: _Token = "") -> HTMLResponse:
    """The page that asks for confirmation. Opening it changes nothing: programs open links in mails, too."""
    try:
        address = deliveries.address_of(token)
    except OpenhoursError as error:
        return refused_page(request, "unsubscribe", error, {"token": "", "address": None, "is_done": False})
    return page(request, "unsubscribe", token=token, address=address, is_done=False)


@router.post("/unsubscribe", responses=GONE)
@open_to_all
def unsubscribe(request: Request, deliveries: Deliveries, token: _Token = "") -> NoMore:
    """Unsubscribe the recipient of this link; sent by a person, or by their mail program (RFC 8058)."""
    if not is_form(request) or "text/html" not in request.headers.get("accept", ""):
        return NoMore(address=deliveries.unsubscribe(token))
    try:
        address = deliveries.unsubscribe(token)
    except OpenhoursError as error:
        return refused_page(request, "unsubscribe", error, {"token": "", "address": None, "is_done": False})  # type: ignore[return-value] # a page, which FastAPI passes on
    return page(request, "unsubscribe", token="", address=address, is_done=True)  # type: ignore[return-value]


def _summary(one: Delivery) -> DeliverySummary:
    return DeliverySummary(**_members(one))


def _details(one: Delivery) -> DeliveryDetails:
    return DeliveryDetails(**_members(one), answer=one.answer, payload=dict(one.payload))


def _members(one: Delivery) -> dict[str, Any]:
    apart = ("delivery_id", "title", "due_at")
    own = {name: getattr(one, name) for name in DeliverySummary.model_fields if name not in apart}
    title = one.payload.get("data", {}).get("title", "")
    return {**own, "delivery_id": one.id, "title": title, "due_at": one.due_at if one.status == "waiting" else None}
