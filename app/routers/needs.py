"""What a route needs of who asks: one scope, a credential, or nothing; every route says so, and the gate asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from app.access.scopes import Scope

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


def _declare(endpoint: F, need: Need) -> F:
    setattr(endpoint, _ATTRIBUTE, need)
    return endpoint
