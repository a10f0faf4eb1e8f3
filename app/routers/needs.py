"""What a route needs of who asks: one scope, a credential, or nothing; every route says so, and the gate asks it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.routing import BaseRoute

from app.access.principal import Principal
from app.access.scopes import Scope, roles_with
from app.errors import NotAllowed, SetupError

F = TypeVar("F")

#: Under which name a declaration stands on an endpoint.
_ATTRIBUTE: Final = "__openhours_need__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a route needs.

    Attributes:
        scope: that whoever asks must have; None: no certain one.
        is_open: whether it is answered without any credential.
        changes: whether it changes something although its method is a safe one, so that pages of other sites may not
            have browsers ask it.
    """

    scope: Scope | None = None
    is_open: bool = False
    changes: bool = False


def needs(scope: Scope, *, changes: bool = False) -> Callable[[F], F]:
    """Declare the scope of a route; stands between the route's decorator and its function."""
    return lambda endpoint: _declare(endpoint, Need(scope=scope, changes=changes))


def open_to_users(endpoint: F) -> F:
    """Declare that anyone may use a route who has come in, whatever they may do: what is about themselves."""
    return _declare(endpoint, Need())


def open_to_all(endpoint: F) -> F:
    """Declare that a route needs no credential: probes, logins, files of pages."""
    return _declare(endpoint, Need(is_open=True))


def need_of(endpoint: Any) -> Need | None:
    """What was declared; None if nothing was."""
    need: Need | None = getattr(endpoint, _ATTRIBUTE, None)
    return need


def require(need: Need, who: Principal) -> None:
    """Let pass whoever has the scope that is needed.

    Raises:
        NotAllowed: they do not; it names the scope, and the roles that have it.
    """
    if need.scope is None or need.scope in who.scopes:
        return
    roles = roles_with(need.scope)
    if who.role in roles:
        reason = f"this needs the scope {need.scope}, which the key does not have; make a key that has it"
    else:
        reason = f"this needs the scope {need.scope}; roles that have it: {', '.join(roles)}"
    raise NotAllowed(f"{who.name} may not do this: {reason}.", allowed=[str(need.scope)])


def leaves(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes, those of included routers in their place.

    Raises:
        SetupError: a router is included with a prefix, so that its routes do not know their paths.
    """
    for route in routes:
        included: Any = getattr(route, "original_router", None)
        if included is None:
            yield route
        elif route.include_context.prefix:  # type: ignore[attr-defined]
            raise SetupError(
                f"The router {included!r} is included with a prefix: give the prefix to the router itself."
            )
        else:
            yield from leaves(included.routes)


def _declare(endpoint: F, need: Need) -> F:
    setattr(endpoint, _ATTRIBUTE, need)
    return endpoint
