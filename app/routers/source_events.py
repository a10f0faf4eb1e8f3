"""Take events of GitHub, and tell what has to be entered there so that it sends them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE, Problem
from app.routers.dependencies import AllServices, SourceEvents
from app.routers.malformed import require_known_query
from app.routers.needs import needs, open_to_all

router = APIRouter(tags=["sources"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_NOT_SIGNED: Final[dict[int | str, dict[str, Any]]] = {403: {"model": Problem, "description": "Not signed"}}

#: The event, for the OpenAPI document.
_EVENT: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


class EventTaken(BaseModel):
    """What an event has begun."""

    sources: list[str] = Field(description="Names of the sources that are synced earlier because of it.")


class EventSecret(BaseModel):
    """What has to be entered at GitHub, under Webhooks, so that it sends events for a source."""

    address: str = Field(description="Payload URL. Without a `public_url` only its path.")
    content_type: str = "application/json"
    secret: str = Field(description="Secret with which events are signed.")
    events: list[str] = Field(description="Events that are useful; others are ignored.")


@router.post("/sources/github/events", responses=_NOT_SIGNED | TOO_LARGE, openapi_extra=_EVENT)
@open_to_all
async def take_github_event(
    request: Request,
    events: SourceEvents,
    event: Annotated[str | None, Header(alias="X-GitHub-Event", description="What has happened.")] = None,
    signature: Annotated[
        str | None,
        Header(alias="X-Hub-Signature-256", description="Signature of the body with the secret of a source."),
    ] = None,
) -> EventTaken:
    """Receive an event as a hint to sync earlier; it must be signed with the secret of a source."""
    body = await request.body()
    return EventTaken(sources=list(await run_in_threadpool(events.receive, event, signature, body)))


@router.get("/sources/{name}/event_secret", responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def get_event_secret(
    services: AllServices,
    events: SourceEvents,
    name: Annotated[str, Path(description="Name of a source.", examples=["github"])],
    response: Response,
) -> EventSecret:
    """What to enter at GitHub so that it sends events for a source."""
    setup = events.setup(name)
    response.headers["Cache-Control"] = "no-store"
    base = (services.settings.public_url or "").rstrip("/")
    return EventSecret(address=f"{base}{setup.path}", secret=setup.secret, events=list(setup.events))
