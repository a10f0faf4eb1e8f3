"""The login of the review-time samples: a token for client credentials, and whether a token is good."""

import binascii
from base64 import b64decode
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form, Header, Response
from pydantic import BaseModel, Field

from app.access.principal import actor
from app.access.token_pairs import CLIENT_LASTS
from app.errors import LoginFailed, OpenhoursError
from app.routers.answers import TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.compat.enabled import Tokens, require_enabled
from app.routers.dependencies import AllServices
from app.routers.malformed import require_form
from app.routers.needs import open_to_all, open_to_users

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["compatibility"],
    responses=UNAVAILABLE | UNPROCESSABLE | UNAUTHORISED,
    dependencies=[Depends(require_enabled), Depends(require_form)],
)

_GRANT: Final = "client_credentials"


class AccessToken(BaseModel):
    """RFC 6749, section 4.4.3."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: float = Field(description="Seconds.")


@router.post("/token", responses=TOO_MANY)
@open_to_all
async def make_access_token(
    services: AllServices,
    tokens: Tokens,
    response: Response,
    grant_type: Annotated[Literal["client_credentials", ""], Form()] = _GRANT,  # noqa: ARG001
    client_id: Annotated[str, Form(max_length=1000)] = "",
    client_secret: Annotated[str, Form(max_length=1000)] = "",
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> AccessToken:
    """A token for a user's name and one of their keys or their password, sent as a form or by HTTP Basic."""
    if authorization is not None and not client_id:
        client_id, client_secret = _basic(authorization)
    address = actor().address
    token = await services.hashing.run(lambda: tokens.of_client(client_id, client_secret, address))
    response.headers["Cache-Control"] = "no-store"
    return AccessToken(access_token=token, expires_in=CLIENT_LASTS.total_seconds())


@router.post("/test-token", status_code=204)
@open_to_users
def test_access_token() -> None:
    """An empty response for a valid token."""


def _basic(header: str) -> tuple[str, str]:
    """Name and password of RFC 7617. Raises LoginFailed."""
    kind, _, encoded = header.partition(" ")
    try:
        name, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise _unreadable() from error
    if kind.lower() != "basic" or not colon:
        raise _unreadable()
    return name, password


def _unreadable() -> OpenhoursError:
    return LoginFailed("Send client_id and client_secret as a form, or by HTTP Basic.")
