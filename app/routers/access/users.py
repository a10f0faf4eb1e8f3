"""Add, list, view, change and remove users; make the links by which they set a password."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.codes import Link
from app.access.scopes import Role, Scope
from app.access.user_records import User, UserKind
from app.access.users import KEPT
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Accounts, AllServices
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(tags=["users"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_UserId = Annotated[str, Path(description="Id of a user.", examples=["01a206c1f03b7c52b6a7e0d94c18a5f2"])]


class UserAnswer(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    email: str | None
    kind: UserKind = Field(description="A `person`, or a `service`, which has keys and cannot log in.")
    role: Role
    has_password: bool = Field(description="Whether they can log in with a password; false until they have chosen one.")
    has_identity: bool = Field(description="Whether they can log in with single sign-on.")
    disabled_at: datetime | None = Field(
        description="When they were disabled: since then none of their credentials is accepted."
    )
    created_at: datetime
    created_by: str | None = Field(description="Name of the user who made it.")


class UserList(BaseModel):
    """Users, newest first."""

    users: list[UserAnswer]
    next_cursor: NextCursor


class PasswordLink(BaseModel):
    """A link by which a user sets a password, once."""

    link: str = Field(description="Link to hand over; shown only once. Without a `public_url`, only its path.")
    purpose: str = Field(description="`invite` if the user has no password yet, otherwise `reset`.")
    expires_at: datetime


class NewUserAnswer(UserAnswer):
    """A user, and for a person the link by which they choose a password."""

    invitation: PasswordLink | None


class NewUser(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique, regardless of case.", examples=["ada"])
    role: Role
    kind: UserKind = "person"
    email: str | None = None


class UserChange(BaseModel):
    """What is to be changed of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = None
    email: str | None = None


@router.get("/users")
@needs(Scope.USERS_ADMIN)
def list_users(
    accounts: Accounts,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Users per page.")] = 50,
) -> UserList:
    """Users, newest first."""
    page = accounts.users.list(limit=limit, cursor=cursor)
    return UserList(users=[UserAnswer.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/users", status_code=201, responses=CONFLICT | TOO_LARGE)
@needs(Scope.USERS_ADMIN)
def add_user(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(NewUser)], response: Response
) -> NewUserAnswer:
    """Make a user. A person gets an invitation, valid for three days."""
    new, accounts = checked(NewUser, body), services.accounts
    made = accounts.users.add(new.name, role=new.role, kind=new.kind, email=new.email)
    invitation = _link(request, services, accounts.codes.link(made.id)) if made.kind == "person" else None
    response.headers["Cache-Control"] = "no-store"
    return NewUserAnswer(**_members(made), invitation=invitation)


@router.get("/users/{user_id}", responses=NOT_FOUND)
@needs(Scope.USERS_ADMIN)
def get_user(accounts: Accounts, user_id: _UserId) -> UserAnswer:
    """A user."""
    return UserAnswer.model_validate(accounts.users.get(user_id))


@router.patch("/users/{user_id}", responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.USERS_ADMIN)
def change_user(
    accounts: Accounts, user_id: _UserId, body: Annotated[Any, Body(), described_as(UserChange)]
) -> UserAnswer:
    """Change the role of a user, or disable or enable them. The last administrator cannot be changed."""
    change = checked(UserChange, body)
    email = change.email if "email" in change.model_fields_set else KEPT
    user = accounts.users.change(user_id, role=change.role, disabled=change.disabled, email=email)
    return UserAnswer.model_validate(user)


@router.delete("/users/{user_id}", status_code=204, responses=NOT_FOUND | CONFLICT)
@needs(Scope.USERS_ADMIN)
def remove_user(accounts: Accounts, user_id: _UserId) -> None:
    """Remove a user with their keys and sessions. The audit keeps what they did."""
    accounts.users.remove(user_id)


@router.post("/users/{user_id}/link", responses=NOT_FOUND)
@needs(Scope.USERS_ADMIN)
def make_link(request: Request, services: AllServices, user_id: _UserId, response: Response) -> PasswordLink:
    """Make a link with which a user sets a password once. Earlier links expire."""
    response.headers["Cache-Control"] = "no-store"
    return _link(request, services, services.accounts.codes.link(user_id))


def _link(request: Request, services: AllServices, link: Link) -> PasswordLink:
    """The address of a link; never by the Host of the request, which whoever asks chooses."""
    base = services.settings.public_url or request.scope["root_path"]
    address = f"{base.rstrip('/')}/{link.purpose}#{link.secret.text}"
    return PasswordLink(link=address, purpose=link.purpose, expires_at=datetime.now(UTC) + link.lasts)


def _members(user: User) -> dict[str, Any]:
    return UserAnswer.model_validate(user).model_dump()
