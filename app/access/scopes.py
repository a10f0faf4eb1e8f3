"""Roles and scopes. A route needs one scope; a role has many; a key may have fewer than the role of its owner."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What one route needs."""

    REPORTS_READ = "reports:read"
    REPORTS_RUN = "reports:run"
    REPORTS_DELETE = "reports:delete"
    DATA_READ = "data:read"
    DATA_WRITE = "data:write"
    HOURS_WRITE = "hours:write"
    SCHEDULES_WRITE = "schedules:write"
    SOURCES_WRITE = "sources:write"
    WEBHOOKS_WRITE = "webhooks:write"
    USERS_ADMIN = "users:admin"
    AUDIT_READ = "audit:read"
    METRICS_READ = "metrics:read"


class Role(StrEnum):
    """What a user may do, from the least to the most."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


_VIEWER: Final = frozenset({Scope.REPORTS_READ, Scope.DATA_READ})

_OPERATOR: Final = _VIEWER | {
    Scope.REPORTS_RUN,
    Scope.REPORTS_DELETE,
    Scope.DATA_WRITE,
    Scope.HOURS_WRITE,
    Scope.SCHEDULES_WRITE,
}

#: The scopes of each role.
SCOPES_OF: Final = {Role.VIEWER: _VIEWER, Role.OPERATOR: _OPERATOR, Role.ADMIN: frozenset(Scope)}


def effective(role: Role, own: Iterable[str] | None) -> frozenset[Scope]:
    """What a key may do: its own scopes as far as the role of its owner has them now; None means all of the role."""
    scopes = SCOPES_OF[role]
    listed = scopes if own is None else frozenset(own)
    return frozenset(scope for scope in scopes if scope in listed)  # not &: the members of that may be plain texts


def roles_with(scope: Scope) -> tuple[Role, ...]:
    """The roles that have a scope."""
    return tuple(role for role in Role if scope in SCOPES_OF[role])
