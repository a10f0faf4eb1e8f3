"""The service of users: add, list, change, disable, remove; somebody who can administer users always stays."""

from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from app.access import audit, user_records
from app.access.epoch import raise_epoch
from app.access.passwords import hash_password, require_strong
from app.access.principal import actor
from app.access.scopes import Role
from app.access.sessions import end_logins
from app.access.tables import user
from app.access.user_records import (
    RESERVED,
    User,
    UserKind,
    acceptable_email,
    acceptable_name,
    is_reserved,
    looking_like,
)
from app.errors import LastAdmin, NameTaken
from app.ids import new_id
from app.paging import Page, place_of
from app.storage.postgres import database_errors, database_now
from app.wording.values import repeated, shown


class Kept(Enum):
    """What stands for a value that stays; None is one."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT

#: Advisory lock of Postgres: names are compared and given by one transaction at a time.
_NAMES_LOCK: Final = 5_207_019


class UserService:
    """Operations on users; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self, name: str, *, role: Role, kind: UserKind = "person", email: str | None = None, password: str | None = None
    ) -> User:
        """Make a user; a person without a password chooses one by a link (see CodeService.link).

        Raises:
            InvalidParameters: of the name or the address.
            NameTaken: whatever its case, also for one that looks like a user's, or like RESERVED.
            WeakPassword.
        """
        hashed = None
        if password is not None:
            require_strong(password, name=name)
            hashed = hash_password(password)
        with database_errors(), self._engine.begin() as connection:
            return insert_user(connection, name, role=role, kind=kind, email=email, password_hash=hashed)

    def list(self, *, limit: int, cursor: str | None = None) -> Page[User]:
        """Users, the newest first. Raises InvalidParameters for a wrong cursor."""
        after = None if cursor is None else place_of(cursor)
        with database_errors(), self._engine.connect() as connection:
            return user_records.listed(connection, limit=limit, after=after)

    def get(self, user_id: str) -> User:
        """A user by id. Raises UnknownUser."""
        with database_errors(), self._engine.connect() as connection:
            return user_records.required(connection, user_id)

    def named(self, name: str) -> User:
        """A user by name, whatever its case. Raises UnknownUser."""
        with database_errors(), self._engine.connect() as connection:
            return user_records.named(connection, name)

    def is_anybody(self) -> bool:
        """Whether there is a user at all."""
        with database_errors(), self._engine.connect() as connection:
            return user_records.is_anybody(connection)

    def change(
        self, user_id: str, *, role: Role | None = None, disabled: bool | None = None, email: str | Kept | None = KEPT
    ) -> User:
        """Change what is given of a user, all of it or nothing.

        Raises:
            UnknownUser.
            InvalidParameters: of the address.
            LastAdmin: nobody could administer users any more.
        """
        takes = disabled is True or role not in {None, Role.ADMIN}
        with database_errors(), self._engine.begin() as connection:
            before = (_taken_from if takes else _locked)(connection, user_id)
            if not isinstance(email, Kept):
                _set(connection, user_id, email=acceptable_email(email))
                audit.record(connection, "user.email", "user", user_id)
            if role is not None and role is not before.role:
                _set_role(connection, before, role)
            if disabled is not None and disabled != (before.disabled_at is not None):
                _set_disabled(connection, user_id, disabled=disabled)
            return user_records.required(connection, user_id)

    def set_role(self, user_id: str, role: Role) -> User:
        """Give a user another role; their keys have at once no more than it. Raises UnknownUser, LastAdmin."""
        return self.change(user_id, role=role)

    def set_email(self, user_id: str, email: str | None) -> User:
        """Change an address. Raises UnknownUser, InvalidParameters."""
        return self.change(user_id, email=email)

    def disable(self, user_id: str) -> User:
        """Accept nothing of a user any more and end their sessions; keys wait. Raises UnknownUser, LastAdmin."""
        return self.change(user_id, disabled=True)

    def enable(self, user_id: str) -> User:
        """Accept a user and their keys again. Raises UnknownUser."""
        return self.change(user_id, disabled=False)

    def remove(self, user_id: str) -> None:
        """Remove a user with their keys and sessions; the audit keeps what they did. Raises UnknownUser, LastAdmin."""
        with database_errors(), self._engine.begin() as connection:
            before = _taken_from(connection, user_id)
            connection.execute(delete(user).where(user.c.id == user_id))
            raise_epoch(connection)
            audit.record(connection, "user.remove", "user", user_id, name=before.name)


def insert_user(
    connection: Connection,
    name: str,
    *,
    role: Role,
    kind: UserKind = "person",
    email: str | None = None,
    password_hash: str | None = None,
) -> User:
    """As UserService.add, in the caller's transaction."""
    name, email = acceptable_name(name), acceptable_email(email)
    lock_names(connection)
    if is_reserved(name):
        raise NameTaken(
            f"The name {shown(name)} is, or looks like, a name that the audit reserves for callers other than users "
            f"({', '.join(RESERVED)}); choose another.",
            received=repeated(name),
        )
    if (like := looking_like(connection, name)) is not None:
        raise NameTaken(
            f"The name {shown(name)} looks like that of the user {shown(like)}; choose another.",
            received=repeated(name),
        )
    user_id = new_id(database_now(connection))
    columns = {"name": name, "email": email, "kind": kind, "role": role.value, "password_hash": password_hash}
    try:
        with connection.begin_nested():
            connection.execute(insert(user).values(id=user_id, created_by=actor().name, **columns))
    except IntegrityError as error:
        words = f"A user {shown(name)} already exists; case is ignored."
        raise NameTaken(words, received=repeated(name)) from error
    audit.record(connection, "user.add", "user", user_id, name=name, kind=kind, role=role.value)
    return user_records.required(connection, user_id)


def lock_names(connection: Connection) -> None:
    """Give names in one transaction at a time, so that no two of them look alike."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NAMES_LOCK})


def _taken_from(connection: Connection, user_id: str) -> User:
    """A user from whom rights are about to be taken, locked. Raises UnknownUser, LastAdmin.

    All who can administer users are locked, in one order: of two transactions that take the rights of the last two of
    them, the second waits for the first and then finds that nobody else is left.
    """
    can_log_in = or_(user.c.password_hash.is_not(None), user.c.oidc_sub.is_not(None))
    admins = (
        select(user.c.id)
        .where(user.c.role == Role.ADMIN.value, user.c.kind == "person", user.c.disabled_at.is_(None), can_log_in)
        .order_by(user.c.id)
        .with_for_update()
    )
    if connection.scalars(admins).all() == [user_id]:
        raise LastAdmin(
            "This is the last administrator who can log in; without one, nobody could manage users. Make somebody else "
            "an administrator first."
        )
    return _locked(connection, user_id)


def _set_role(connection: Connection, before: User, role: Role) -> None:
    _set(connection, before.id, role=role.value)
    raise_epoch(connection)
    audit.record(connection, "user.role", "user", before.id, was=before.role.value, role=role.value)


def _set_disabled(connection: Connection, user_id: str, *, disabled: bool) -> None:
    _set(connection, user_id, disabled_at=func.now() if disabled else None)
    if disabled:
        end_logins(connection, user_id)
    raise_epoch(connection)
    audit.record(connection, "user.disable" if disabled else "user.enable", "user", user_id)


def _locked(connection: Connection, user_id: str) -> User:
    return user_records.required(connection, user_id, lock=True)


def _set(connection: Connection, user_id: str, **columns: Any) -> None:
    connection.execute(update(user).where(user.c.id == user_id).values(**columns))
