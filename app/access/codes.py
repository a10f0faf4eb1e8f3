"""One-time codes: the first administrator, invitations, forgotten passwords; without mail, so somebody hands them over.

A code is used up by a POST alone: programs that open every link of a message do not spend it.
"""

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Engine, select, text, update

from app.access import audit, user_records
from app.access.credentials import end, is_alive, issue
from app.access.epoch import raise_epoch
from app.access.limits import AttemptLimits
from app.access.passwords import hash_password, require_strong
from app.access.scopes import Role
from app.access.secrets import Kind, Secret, read_secret
from app.access.sessions import end_logins
from app.access.tables import token, user
from app.access.user_records import User
from app.access.users import insert_user
from app.errors import CodeSpent, UnknownCode
from app.storage.postgres import database_errors

Purpose = Literal["setup", "reset", "invite"]

#: How long a code is valid.
LIFETIMES: Final[dict[Purpose, timedelta]] = {
    "setup": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "invite": timedelta(hours=72),
}

#: Key of the advisory lock under which the first user is made: of two at once one finds that there is a user.
_SETUP_LOCK: Final = 0x73657475


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time code for a user.

    Attributes:
        secret: the code.
        purpose: ``invite`` for somebody who has no password yet, else ``reset``.
        user: whose password it sets.
        lasts: from now on.
    """

    secret: Secret
    purpose: Purpose
    user: User
    lasts: timedelta


class CodeService:
    """Makes and takes one-time codes. ``setup_code`` is one that the operator has set; None: none."""

    def __init__(self, engine: Engine, limits: AttemptLimits | None = None, *, setup_code: str | None = None) -> None:
        self._engine = engine
        self._limits = limits
        self._setup_code = setup_code

    def setup(self) -> Secret | None:
        """A new code for the first administrator, in place of earlier ones; None if there is a user already."""
        with database_errors(), self._engine.begin() as connection:
            _lock_setup(connection)
            if user_records.is_anybody(connection):
                return None
            end(connection, token.c.purpose == "setup")
            secret = issue(connection, Kind.ONCE, None, lasts=LIFETIMES["setup"], purpose="setup")
            audit.record(connection, "setup.code", "code", secret.id)
            return secret

    def link(self, user_id: str) -> Link:
        """A new code by which a person sets a password, in place of earlier ones.

        Raises:
            UnknownUser.
            InvalidParameters: it is a service account, which has none.
        """
        with database_errors(), self._engine.begin() as connection:
            whose = user_records.required(connection, user_id, lock=True)
            user_records.require_person(whose)
            purpose: Purpose = "reset" if whose.has_password else "invite"
            end(connection, _of(user_id))
            secret = issue(connection, Kind.ONCE, user_id, lasts=LIFETIMES[purpose], purpose=purpose)
            audit.record(connection, f"user.{purpose}", "user", user_id, code=secret.id)
            return Link(secret=secret, purpose=purpose, user=whose, lasts=LIFETIMES[purpose])

    def set_up(self, code: str, name: str, password: str, address: str | None) -> User:
        """Make the first administrator.

        Raises:
            UnknownCode: nobody made it, or there is a user and it is not the one that was used.
            CodeSpent: it was used, or has ended.
            TooManyLogins: too many attempts.
            InvalidParameters, WeakPassword: of the name or the password; the code stays valid.
        """
        self._count(address)
        with database_errors(), self._engine.connect() as connection:
            self._require_setup_code(connection, code)
        require_strong(password, name=name)
        hashed = hash_password(password)
        with database_errors(), self._engine.begin() as connection:
            _lock_setup(connection)
            self._require_setup_code(connection, code)
            end(connection, token.c.purpose == "setup")
            return insert_user(connection, name, role=Role.ADMIN, password_hash=hashed)

    def set_password(self, code: str, password: str, address: str | None, *, name: str | None = None) -> User:
        """Set the password of the user of a code, and end their sessions.

        Raises:
            UnknownCode: nobody made it, or it is not for the user of ``name``.
            CodeSpent: it was used, has ended, or a newer one was made.
            TooManyLogins: too many attempts.
            WeakPassword: the code stays valid.
        """
        self._count(address)
        with database_errors(), self._engine.connect() as connection:
            whose = _user_of(connection, code, name)
        require_strong(password, name=whose.name)
        hashed = hash_password(password)
        with database_errors(), self._engine.begin() as connection:
            whose = _user_of(connection, code, name, lock=True)
            end(connection, _of(whose.id))
            store_password(connection, whose.id, hashed)
            audit.record(connection, "user.password", "user", whose.id, by="code")
            return user_records.required(connection, whose.id)

    def _count(self, address: str | None) -> None:
        if self._limits is not None:
            self._limits.count(address)

    def _require_setup_code(self, connection: Connection, code: str) -> None:
        is_anybody = user_records.is_anybody(connection)
        own = (self._setup_code or "").encode()
        if own and compare_digest(own, code.encode(errors="surrogatepass")):
            if is_anybody:
                raise _spent()
            return
        _required(connection, code, token.c.purpose == "setup")
        if is_anybody:
            raise _spent()


def store_password(connection: Connection, user_id: str, hashed: str, *, but: str | None = None) -> None:
    """Have a user log in by another password from now on; ends all their sessions ``but`` one."""
    fresh: dict[str, Any] = {"failed_logins": 0, "first_failed_at": None, "throttled_until": None}
    connection.execute(update(user).where(user.c.id == user_id).values(password_hash=hashed, **fresh))
    end_logins(connection, user_id, but=but)
    raise_epoch(connection)


def _of(user_id: str) -> ColumnElement[bool]:
    return (token.c.user_id == user_id) & (token.c.kind == Kind.ONCE.value)


def _lock_setup(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_LOCK})


def _user_of(connection: Connection, code: str, name: str | None, *, lock: bool = False) -> User:
    row = _required(connection, code, token.c.purpose.in_(("reset", "invite")), lock=lock)
    whose = user_records.required(connection, row.user_id)
    if whose.disabled_at is not None or (name is not None and not user_records.is_named(whose, name)):
        raise _unknown()
    return whose


def _required(connection: Connection, code: str, which: ColumnElement[bool], *, lock: bool = False) -> Any:
    """The row of a code; its checksum is looked at first, so that a mistyped one needs no query."""
    secret = read_secret(code.strip(), (Kind.ONCE,))
    if secret is None:
        raise _unknown()
    columns = select(token.c.id, token.c.user_id, is_alive().label("is_alive"))
    query = columns.where(token.c.sha256 == secret.digest, which)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise _unknown()
    if not row.is_alive:
        raise _spent()
    return row


def _unknown() -> UnknownCode:
    return UnknownCode("There is no such code. Copy the whole code, from oh1_ to its last character.")


def _spent() -> CodeSpent:
    return CodeSpent("The code was already used, was replaced by a newer one, or has expired; ask for a new one.")
