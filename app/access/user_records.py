"""Users as rows: what is known of one, how one is found, and the lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from unicodedata import normalize

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from app.access.names import look_alike, what_is_wrong
from app.access.scopes import Role
from app.access.tables import user
from app.errors import UnknownUser
from app.ids import is_id
from app.paging import Page, Place, newest_first
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue, invalid_parameters

UserKind = Literal["person", "service"]

#: Characters of a name, and of an address of e-mail (RFC 5321).
MOST_OF_NAME: Final = 100
MOST_OF_EMAIL: Final = 254

#: By which the audit names callers that are no users.
RESERVED: Final = ("anonymous", "local", "system")

#: What a name may be, for people.
NAMES_ALLOWED: Final = f"1 to {MOST_OF_NAME} printable characters, no space at its ends"
LETTERS_ALLOWED: Final = "visible characters, and in each word letters of one script"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may come in, or a service account.

    Attributes:
        id: 32 hexadecimal digits.
        name: unique whatever its case.
        email: None if not known.
        kind: a ``person``, or a ``service``, which has keys but cannot log in.
        role: what they may do.
        has_password: whether they can log in by one; not before they have chosen it.
        has_identity: whether a provider vouches for them.
        disabled_at: since when nothing of theirs is accepted; None: it is.
        created_at: when.
        created_by: name of who made it.
    """

    id: str
    name: str
    email: str | None
    kind: UserKind
    role: Role
    has_password: bool
    has_identity: bool
    disabled_at: datetime | None
    created_at: datetime
    created_by: str | None


def users() -> Select[Any]:
    """The columns of User."""
    columns = user.c
    return select(
        columns.id,
        columns.name,
        columns.email,
        columns.kind,
        columns.role,
        columns.password_hash.is_not(None).label("has_password"),
        columns.oidc_sub.is_not(None).label("has_identity"),
        columns.disabled_at,
        columns.created_at,
        columns.created_by,
    )


def user_of(row: Row[Any]) -> User:
    """A row of users()."""
    return User(**{**row._asdict(), "role": Role(row.role)})


def required(connection: Connection, user_id: str, *, lock: bool = False) -> User:
    """A user by id; with ``lock`` nobody else changes it until the transaction ends. Raises UnknownUser."""
    query = users().where(user.c.id == user_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none() if is_id(user_id) else None
    if row is None:
        raise UnknownUser(f"There is no user with the id {shown(user_id)}.", received=repeated(user_id))
    return user_of(row)


def named(connection: Connection, name: str) -> User:
    """A user by name, whatever its case. Raises UnknownUser."""
    row = None if "\x00" in name else connection.execute(users().where(has_name(connection, name))).one_or_none()
    if row is None:
        raise UnknownUser(f"There is no user {shown(name)}.", received=repeated(name))
    return user_of(row)


def has_name(connection: Connection, name: str) -> ColumnElement[bool]:
    """The condition for the user of a name."""
    plain = normalize("NFC", name)
    if plain.isascii():
        return func.lower(user.c.name) == plain.lower()
    # Postgres itself knows the case of such letters in some locales alone, of which C is none.
    spellings = [one for one in connection.scalars(select(user.c.name)) if is_same(one, plain)]
    return user.c.name == (plain if plain in spellings else next(iter(spellings), None))


def is_named(one: User, name: str) -> bool:
    """Whether it is the name of a user, whatever its case."""
    return is_same(one.name, normalize("NFC", name))


def is_same(one: str, other: str) -> bool:
    """Whether two names in NFC are one, whatever their case."""
    return one.casefold() == other.casefold()


def require_person(one: User) -> None:
    """Refuse a service account, which has no password. Raises InvalidParameters."""
    if one.kind != "person":
        reason = "is a service account, which cannot log in; make a key for it"
        raise invalid_parameters([WrongValue(parameter="user", received=one.name, reason=reason)])


def listed(connection: Connection, *, limit: int, after: Place | None) -> Page[User]:
    """Users, the newest first."""
    query = users().order_by(user.c.created_at.desc(), user.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(user.c.created_at, user.c.id) < after)
    return newest_first([user_of(row) for row in connection.execute(query)], limit=limit)


def is_anybody(connection: Connection) -> bool:
    """Whether there is a user at all; until then only the setup code counts."""
    return bool(connection.execute(select(select(user.c.id).exists())).scalar())


def acceptable_name(name: str) -> str:
    """A name as it is stored. Raises InvalidParameters."""
    name = normalize("NFC", name)
    require_readable(name)
    return name


def require_readable(name: str) -> None:
    """Refuse a name that people cannot read, or read as another one. Raises InvalidParameters."""
    is_good = 0 < len(name) <= MOST_OF_NAME and name.isprintable() and name == name.strip()
    _require("name", name, allowed=NAMES_ALLOWED, is_good=is_good)
    reason = what_is_wrong(name)
    if reason is not None:
        raise invalid_parameters([WrongValue(parameter="name", received=name, reason=reason, allowed=LETTERS_ALLOWED)])


def is_reserved(name: str) -> bool:
    """Whether a name is, or looks like, one by which the audit names those who are no users."""
    return any(look_alike(name, one) for one in RESERVED)


def looking_like(connection: Connection, name: str) -> str | None:
    """The name of a user that cannot be told from this one, though it is written otherwise."""
    query = select(user.c.name).where(func.lower(user.c.name) != func.lower(name))
    return next((one for one in connection.scalars(query) if look_alike(one, name)), None)


def acceptable_email(email: str | None) -> str | None:
    """An address as it is stored. Raises InvalidParameters."""
    if email is None:
        return None
    before, at, behind = email.rpartition("@")
    is_good = bool(before and at and behind) and email.isprintable() and not {*email} & {*" ,;<>"}
    is_good = is_good and len(email) <= MOST_OF_EMAIL
    return _require("email", email, allowed="one address such as ada@example.com", is_good=is_good)


def _require(parameter: str, value: str, *, allowed: str, is_good: bool) -> str:
    if not is_good:
        wrong = WrongValue(parameter=parameter, received=value, reason=f"is not {allowed}", allowed=allowed)
        raise invalid_parameters([wrong])
    return value
