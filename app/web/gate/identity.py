"""Who asks, by the mode of the service."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol, TypeVar

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import Scope

from app.access.known import Known
from app.access.modes import Mode
from app.access.principal import Principal
from app.access.scopes import SCOPES_OF, Role
from app.access.secrets import Secret
from app.errors import NotAuthenticated, SetupRequired
from app.settings import Settings
from app.web.gate import proxied, this_machine
from app.web.gate.caller import caller_of
from app.web.gate.credentials import credential_of, has_cookie

#: Requests whose credential is looked up in Postgres at the same time; the threads of routes stay free.
THREADS: Final = 4

T = TypeVar("T")

_LOCAL: Final = Principal(name="local", via="local", scopes=SCOPES_OF[Role.ADMIN], role=Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks.

    Attributes:
        principal: what they may do.
        is_ambient: whether their browser sends what lets them in by itself, whoever's page has it ask.
    """

    principal: Principal
    is_ambient: bool


class Identity(Protocol):
    """Knows who asks, in one mode."""

    async def of(self, scope: Scope, headers: Headers) -> Asker:
        """Who asks.

        Raises:
            AccessRefused: nobody who may come in.
            DatabaseUnavailable: it cannot be known now.
        """
        ...


class ThisMachine:
    """Local mode: whoever asks from this machine."""

    async def of(self, scope: Scope, headers: Headers) -> Asker:
        caller = caller_of(scope)
        this_machine.check(headers, peer=caller.peer)
        return _local_at(caller.address)


@lru_cache(maxsize=64)
def _local_at(address: str | None) -> Asker:
    return Asker(replace(_LOCAL, address=address), is_ambient=True)


class ByCredential:
    """By a key or a session; with a user's name of a trusted proxy, if the mode is that."""

    def __init__(self, known: Known, settings: Settings, *, mode: Mode) -> None:
        self._known = known
        self._is_https = (settings.public_url or "").startswith("https:")
        self._proxied = proxied.Proxied(settings) if mode is Mode.PROXY else None
        self._limiter = anyio.CapacityLimiter(THREADS)

    async def of(self, scope: Scope, headers: Headers) -> Asker:
        caller = caller_of(scope)
        if self._proxied is not None and (told := self._proxied.told(headers, caller)) is not None:
            principal = self._known.cached_by_name(told.name, address=caller.address)
            if principal is None:
                principal = await self._ask(lambda: self._known.named(told.name, address=caller.address))
            return Asker(self._proxied.with_role(principal, told), is_ambient=True)
        is_secure = self._is_https or scope["scheme"] == "https"
        secret = credential_of(headers, is_secure=is_secure)
        if secret is None:
            raise await self._nobody()
        principal = self._known.cached(secret, address=caller.address) or await self._looked_up(secret, caller.address)
        is_ambient = "authorization" not in headers or has_cookie(headers, is_secure=is_secure)
        return Asker(principal, is_ambient=is_ambient)

    async def _looked_up(self, secret: Secret, address: str | None) -> Principal:
        return await self._ask(lambda: self._known.principal_of(secret, address=address))

    async def _nobody(self) -> NotAuthenticated | SetupRequired:
        if not self._known.has_users():
            await self._ask(self._known.refresh)
        if self._known.has_users():
            return NotAuthenticated("Send a key in the header `Authorization`, as `Bearer oh_…`, or log in at /login.")
        return SetupRequired(
            "There is no user yet. Open /setup and enter the code that `openhours migrate` printed; `openhours users "
            "setup-code` makes a new one."
        )

    async def _ask(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)
