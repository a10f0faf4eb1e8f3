"""For whom a schedule or a rule acts: whoever last set it, with what they may do now."""

from typing import Protocol

from sqlalchemy import Connection

from app.access import user_records
from app.access.principal import Principal, Via, actor
from app.access.scopes import SCOPES_OF, Role, Scope, roles_with
from app.errors import NotAllowed, UnknownUser


class Owned(Protocol):
    """What acts for somebody."""

    @property
    def runs_as(self) -> str: ...

    @property
    def runs_as_id(self) -> str | None: ...


def require(who: Principal, scope: Scope, *, what: str) -> None:
    """Refuse who may not do themselves what is to be done for them. Raises NotAllowed."""
    if scope not in who.scopes:
        roles = " or ".join(role.value for role in roles_with(scope))
        raise NotAllowed(
            f"{what} needs the scope {scope.value}, which {who.name} does not have; the role {roles} has it.",
            received=sorted(who.scopes),
            allowed=[scope.value],
        )


def setter() -> dict[str, str | None]:
    """The columns that say for whom something acts that is set now."""
    who = actor()
    return {"runs_as": who.name, "runs_as_id": who.user_id}


def owner_of(connection: Connection, one: Owned, scope: Scope, *, via: Via) -> Principal:
    """For whom something acts, who may still do what it does.

    Somebody without an id is no user: who asked from this machine, by a command, or by a proxy that gives roles.

    Raises:
        NotAllowed: they were removed or disabled, or their role does not have the scope any more.
    """
    if one.runs_as_id is None:
        return Principal(name=one.runs_as, via=via, scopes=SCOPES_OF[Role.ADMIN])
    try:
        found = user_records.required(connection, one.runs_as_id)
    except UnknownUser as error:
        raise NotAllowed(f"The user {one.runs_as}, for whom it acts, was removed.") from error
    if found.disabled_at is not None:
        raise NotAllowed(f"The user {found.name}, for whom it acts, is disabled.")
    scopes = SCOPES_OF[found.role]
    who = Principal(name=found.name, via=via, scopes=scopes, user_id=found.id, kind=found.kind, role=found.role)
    require(who, scope, what="It acts for them, and what it does")
    return who
