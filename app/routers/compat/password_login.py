"""The login of the aggregation of large files: two tokens for a name and a password, and the next ones."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.principal import actor
from app.routers.access.forms import sent
from app.routers.answers import TOO_LARGE, TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import described_as
from app.routers.compat.enabled import Tokens, require_enabled
from app.routers.dependencies import AllServices
from app.routers.needs import open_to_all

router = APIRouter(
    prefix="/api",
    tags=["compatibility"],
    responses=UNAVAILABLE | UNPROCESSABLE | UNAUTHORISED | TOO_LARGE | TOO_MANY,
    dependencies=[Depends(require_enabled)],
)


class PasswordLogin(BaseModel):
    """Who logs in."""

    model_config = ConfigDict(extra="ignore")  # their clients may send more

    username: str = Field(max_length=1000)
    password: SecretStr = Field(max_length=1000)
    code: str | None = Field(None, max_length=1000, description="Code of the second factor, for users who have one.")


class Refresh(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(extra="ignore")

    refresh: str = Field(max_length=1000)


class TokenPair(BaseModel):
    """Both tokens."""

    refresh: str = Field(description="Token for the next pair of tokens; works once.")
    access: str = Field(description="Sent as `Authorization: Bearer …`.")


@router.post("/login")
@open_to_all
async def make_token_pair(
    request: Request,
    services: AllServices,
    tokens: Tokens,
    response: Response,
    body: Annotated[Any, Body(), described_as(PasswordLogin)],
) -> TokenPair:
    """Tokens for a name and a password, sent as JSON or as a form."""
    login = sent(request, PasswordLogin, body)
    address = actor().address
    pair = await services.hashing.run(
        lambda: tokens.log_in(login.username, login.password.get_secret_value(), login.code, address)
    )
    response.headers["Cache-Control"] = "no-store"
    return TokenPair(refresh=pair.refresh, access=pair.access)


@router.post("/refresh")
@open_to_all
def refresh_token_pair(
    request: Request, tokens: Tokens, response: Response, body: Annotated[Any, Body(), described_as(Refresh)]
) -> TokenPair:
    """The next pair of tokens. A refresh token works once: sending it again revokes all tokens of its login."""
    pair = tokens.refresh(sent(request, Refresh, body).refresh, actor().address)
    response.headers["Cache-Control"] = "no-store"
    return TokenPair(refresh=pair.refresh, access=pair.access)
