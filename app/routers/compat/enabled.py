"""Whether the founding systems' interfaces are there, and what they ask."""

from typing import Annotated, Protocol

from fastapi import Depends
from starlette.exceptions import HTTPException

from app.access.modes import Mode
from app.access.secrets import Kind, new_secret
from app.access.token_pairs import Pair
from app.routers.dependencies import AllServices


class AsksForTokens(Protocol):
    """What the routes ask: TokenService, or what stands for it where nobody needs a token."""

    def log_in(self, name: str, password: str, code: str | None, address: str | None) -> Pair: ...

    def refresh(self, text: str, address: str | None) -> Pair: ...

    def of_client(self, client_id: str, client_secret: str, address: str | None) -> str: ...


class UncheckedTokens:
    """In local mode, where anybody on the machine may do everything: tokens that nobody checks, for any name.

    So that clients work on a laptop, without users.
    """

    def log_in(self, name: str, password: str, code: str | None, address: str | None) -> Pair:  # noqa: ARG002
        return Pair(new_secret(Kind.ACCESS).text, new_secret(Kind.REFRESH).text)

    def refresh(self, text: str, address: str | None) -> Pair:  # noqa: ARG002
        return self.log_in("", "", None, None)

    def of_client(self, client_id: str, client_secret: str, address: str | None) -> str:  # noqa: ARG002
        return new_secret(Kind.ACCESS).text


async def require_enabled(services: AllServices) -> None:
    """Raise a 404 if the settings say so."""
    if not services.has_founding_apis:
        raise HTTPException(404)


async def _tokens(services: AllServices) -> AsksForTokens:
    return UncheckedTokens() if services.mode is Mode.LOCAL else services.accounts.tokens


Tokens = Annotated[AsksForTokens, Depends(_tokens)]
