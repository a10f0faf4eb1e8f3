"""Who a request, a command or a loop acts for."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from app.access.scopes import SCOPES_OF, Role, Scope

#: How somebody came in. ``local``: from this machine in local mode. ``command``: by the command line on the servers
#: themselves. ``schedule``, ``rule``: not at all, a schedule of theirs was due, or a rule of theirs applied.
#: ``system``: a loop of the service.
Via = Literal["key", "session", "access", "proxy", "local", "command", "schedule", "rule", "system", "anonymous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who acts, what they may do now, and from where.

    Attributes:
        name: of the user; ``local`` in local mode, the account of the operating system for a command.
        via: how they came in.
        scopes: what they may do, the limits of their key included.
        user_id: 32 hexadecimal digits; None for those who are no user.
        kind: ``person`` or ``service``; None for those who are no user.
        role: None for those who are no user.
        token_id: the first eight characters of the credential, by which lists name it; never the credential.
        address: from where, as far as trusted proxies tell.
        request_id: of the request, 32 hexadecimal digits; the log and the answer have it, too.
    """

    name: str
    via: Via
    scopes: frozenset[Scope]
    user_id: str | None = None
    kind: Literal["person", "service"] | None = None
    role: Role | None = None
    token_id: str | None = None
    address: str | None = None
    request_id: str | None = None


ANONYMOUS = Principal(name="anonymous", via="anonymous", scopes=frozenset())
SYSTEM = Principal(name="system", via="system", scopes=frozenset())

_acting: ContextVar[Principal] = ContextVar("acting", default=SYSTEM)


def actor() -> Principal:
    """Who this task or thread acts for; the system itself unless said otherwise."""
    return _acting.get()


@contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """Act for somebody within the context; threads of the pool that routes use take it over."""
    token = _acting.set(principal)
    try:
        yield
    finally:
        _acting.reset(token)


def at_the_command_line() -> Principal:
    """Who types commands on the servers themselves: whoever may read their passwords may do everything."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        name = "command"
    return Principal(name=name, via="command", scopes=SCOPES_OF[Role.ADMIN], role=Role.ADMIN)
