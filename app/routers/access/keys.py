"""Make, list, view, replace and revoke keys: one's own, and as an administrator those of anybody."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.key_records import Key
from app.access.keys import DEFAULT_LIFETIME_DAYS
from app.access.principal import actor
from app.access.scopes import Scope
from app.access.secrets import Secret
from app.errors import NotAllowed
from app.reports.instants import Instant
from app.routers.access.own import is_admin, own_id, require_no_key
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Accounts
from app.routers.malformed import require_known_query
from app.routers.needs import open_to_users

router = APIRouter(tags=["keys"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_KeyId = Annotated[str, Path(description="The first eight characters of a key after `oh_`.", examples=["3xK9mQ2b"])]


class KeyAnswer(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    hint: str = Field(description="Its first and its last four characters.")
    name: str
    user_id: str
    user_name: str
    scopes: list[Scope] | None = Field(description="Scopes of the key; null: everything that its owner may do.")
    created_at: datetime
    expires_at: datetime | None = Field(description="Null: never.")
    last_used_at: datetime | None = Field(description="To the minute.")
    last_address: str | None = Field(description="Address from which it was last used.")
    revoked_at: datetime | None
    replaces: str | None = Field(description="Id of the key that it replaces.")
    is_alive: bool = Field(description="Whether it has neither expired nor been revoked.")


class NewKeyAnswer(KeyAnswer):
    """A new key with its secret."""

    key: str = Field(description="The secret; shown only once.")


class KeyList(BaseModel):
    """Keys, newest first; those that ended are listed for 30 days."""

    keys: list[KeyAnswer]
    next_cursor: NextCursor


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="What it is for.", examples=["notebook"])
    scopes: list[Scope] | None = Field(
        None, max_length=len(Scope), description="Scopes, of which it gets those that its owner has; null: all of them."
    )
    days: Literal[30, 90, 365] | None = Field(
        DEFAULT_LIFETIME_DAYS, description="Its lifetime; null: it never expires, if `OPENHOURS_KEYS_MAY_LAST` is set."
    )
    user_id: str | None = Field(None, description="Owner of the key; only administrators can make keys for others.")


class Replacement(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: Literal[0, 24, 168] = Field(24, description="How long the old key keeps working.")


@router.get("/keys", responses=NOT_FOUND)
@open_to_users
def list_keys(
    accounts: Accounts,
    user_id: Annotated[
        str | None, Query(description="Owner of the keys; administrators can use `all` for every owner.")
    ] = None,
    ends_before: Annotated[
        Instant | None, Query(description="Only keys that work now and expire before this instant.")
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Keys per page.")] = 50,
) -> KeyList:
    """The caller's keys, newest first; administrators can list those of others, too."""
    owner = None if user_id == "all" else _whose(user_id)
    if owner is None:
        _require_admin("list the keys of others")
    page = accounts.keys.list(limit=limit, owner=owner, ends_before=ends_before, cursor=cursor)
    return KeyList(keys=[KeyAnswer.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/keys", status_code=201, responses=NOT_FOUND | TOO_LARGE)
@open_to_users
def make_key(
    accounts: Accounts, body: Annotated[Any, Body(), described_as(NewKey)], response: Response
) -> NewKeyAnswer:
    """Make a key for oneself or, as an administrator, for a user or service account. It is shown once."""
    new = checked(NewKey, body)
    require_no_key(actor())
    owner = _whose(new.user_id)
    made = accounts.keys.make(owner, new.name, scopes=new.scopes, days=new.days, within=actor().scopes)
    return _shown_once(response, *made)


@router.get("/keys/{key_id}", responses=NOT_FOUND)
@open_to_users
def get_key(accounts: Accounts, key_id: _KeyId) -> KeyAnswer:
    """A key."""
    return KeyAnswer.model_validate(accounts.keys.get(key_id, owner=_owner()))


@router.post("/keys/{key_id}/replace", status_code=201, responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@open_to_users
def replace_key(
    accounts: Accounts, key_id: _KeyId, body: Annotated[Any, Body(), described_as(Replacement)], response: Response
) -> NewKeyAnswer:
    """Make a key with the same name, scopes and lifetime. The old key keeps working for 0, 24 or 168 hours."""
    overlap_hours = checked(Replacement, body).overlap_hours
    require_no_key(actor())
    return _shown_once(
        response,
        *accounts.keys.replace(key_id, overlap_hours=overlap_hours, owner=_owner(), within=actor().scopes),
    )


@router.delete("/keys/{key_id}", status_code=204, responses=NOT_FOUND)
@open_to_users
def revoke_key(accounts: Accounts, key_id: _KeyId) -> None:
    """Revoke a key; all replicas refuse it within a second."""
    accounts.keys.revoke(key_id, owner=_owner())


def _owner() -> str | None:
    """Whose keys whoever asks may touch; None: anybody's."""
    return None if is_admin() else own_id()


def _whose(user_id: str | None) -> str:
    """The user who is meant: oneself, unless an administrator names another. Raises NotAllowed."""
    if user_id is not None and user_id != actor().user_id:
        _require_admin("manage the keys of others")
    return user_id if user_id is not None else own_id()


def _require_admin(what: str) -> None:
    if not is_admin():
        scope = Scope.USERS_ADMIN
        raise NotAllowed(f"{actor().name} may not {what}: this needs the scope {scope}.", allowed=[str(scope)])


def _shown_once(response: Response, key: Key, secret: Secret) -> NewKeyAnswer:
    response.headers["Cache-Control"] = "no-store"
    return NewKeyAnswer(**KeyAnswer.model_validate(key).model_dump(), key=secret.text)
