"""Keys as rows: what is known of one, and how one is found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from app.access.credentials import is_alive
from app.access.scopes import Scope
from app.access.secrets import PREFIXES, Kind
from app.access.tables import token, user
from app.errors import KeyEnded, UnknownKey
from app.wording.values import repeated, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, without its secret.

    Attributes:
        id: its first eight characters behind the prefix.
        hint: how lists show it: beginning and last four characters.
        name: what it is for.
        user_id, user_name: whose it is.
        scopes: what it was made for; None: all that its owner may do.
        created_at: when.
        expires_at: None: never.
        last_used_at: to the minute; None: not yet.
        last_address: from where it was used last.
        revoked_at: None: it was not.
        replaces: id of the key in whose place it was made.
        is_alive: whether it has neither expired nor been revoked.
    """

    id: str
    hint: str
    name: str
    user_id: str
    user_name: str
    scopes: tuple[Scope, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_address: str | None
    revoked_at: datetime | None
    replaces: str | None
    is_alive: bool


def with_tokens(key_id: str) -> ColumnElement[bool]:
    """A key, and the access tokens that it gave, which end with it."""
    return (token.c.id == key_id) | (token.c.family == key_id)


def keys() -> Any:
    """The columns of Key."""
    names = ("id", "last4", "name", "user_id", "scopes", "created_at", "expires_at", "last_used_at", "last_ip")
    columns = [token.c[name] for name in (*names, "revoked_at", "replaces")]
    joined = token.join(user, user.c.id == token.c.user_id)
    shown_columns = (*columns, user.c.name.label("user_name"), is_alive().label("is_alive"))
    return select(*shown_columns).select_from(joined).where(token.c.kind == Kind.KEY.value)


def key_of(row: Any) -> Key:
    """A row of keys()."""
    known = row._asdict()
    last4, last_ip = known.pop("last4"), known.pop("last_ip")
    own = None if row.scopes is None else tuple(sorted(Scope(one) for one in row.scopes))
    return Key(**{**known, "hint": f"{PREFIXES[Kind.KEY]}{row.id}…{last4}", "scopes": own, "last_address": last_ip})


def required(connection: Connection, key_id: str, *, owner: str | None = None, lock: bool = False) -> Key:
    """A key, of the user ``owner`` if given; with ``lock`` nobody else changes it. Raises UnknownKey."""
    is_whose: ColumnElement[bool] = token.c.user_id == (token.c.user_id if owner is None else owner)
    query = keys().where(token.c.id == key_id, is_whose)
    query = query.with_for_update(of=token) if lock else query
    row = None if "\x00" in key_id else connection.execute(query).one_or_none()
    if row is None:
        raise UnknownKey(f"There is no key {shown(key_id)} that you may see.", received=repeated(key_id))
    return key_of(row)


def replaceable(connection: Connection, key_id: str, owner: str | None) -> Key:
    """A key that may be replaced, locked. Raises UnknownKey, KeyEnded."""
    key = required(connection, key_id, owner=owner, lock=True)
    if not key.is_alive:
        raise KeyEnded(f"The key {key_id} has expired or was revoked; make a new one.", received=key_id)
    successor = connection.scalar(select(token.c.id).where(token.c.replaces == key_id, is_alive()))
    if successor is not None:
        raise KeyEnded(f"The key {key_id} was replaced by {successor} already; replace that one.", received=key_id)
    return key
