"""Sessions of people who logged in: begin, list, end. They are rows in Postgres, so that any replica can end one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from app.access import audit
from app.access.credentials import end, is_alive, issue
from app.access.epoch import raise_epoch
from app.access.known import SESSION_IDLE
from app.access.secrets import Kind, Secret
from app.access.tables import token
from app.errors import UnknownSession
from app.storage.postgres import database_errors
from app.wording.values import repeated, shown

#: A session ends when nobody has used it for SESSION_IDLE, and anyhow after this time (OWASP ASVS 5.0, 7.3.1, 7.3.2).
ABSOLUTE: Final = timedelta(days=7)

#: Sessions of one user; with one more, the one that was used longest ago ends.
MOST: Final = 10

#: What a login by name and password may give: a session, or the tokens of the founding systems.
_OF_LOGINS: Final = (Kind.SESSION.value, Kind.ACCESS.value, Kind.REFRESH.value)

_last_used = func.coalesce(token.c.last_used_at, token.c.created_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that has not ended.

    Attributes:
        id: by which its user ends it; not the credential.
        created_at: when they logged in.
        last_used_at: to the minute.
        last_address: from where it was used.
        user_agent: what the browser calls itself.
        ends_at: unless it is used again, and at the latest.
    """

    id: str
    created_at: datetime
    last_used_at: datetime
    last_address: str | None
    user_agent: str | None
    ends_at: datetime


class SessionService:
    """Operations on sessions; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self,
        user_id: str,
        address: str | None,
        user_agent: str | None,
        *,
        instead_of: Secret | None = None,
        is_limited: bool = False,
    ) -> Secret:
        """Begin a session of a user who has just proven who they are.

        Args:
            user_id: who.
            address: from where.
            user_agent: what the browser calls itself.
            instead_of: the session that the browser had, which ends: an attacker may have planted it.
            is_limited: whether it may do nothing but what is about the user, such as to set up a second factor.
        """
        with database_errors(), self._engine.begin() as connection:
            return begin_session(connection, user_id, address, user_agent, instead_of=instead_of, is_limited=is_limited)

    def list(self, user_id: str) -> list[Session]:
        """A user's sessions, the one used last first; ten at most."""
        with database_errors(), self._engine.connect() as connection:
            found = connection.execute(_alive(user_id).order_by(_last_used.desc(), token.c.id))
            return [_session(row) for row in found]

    def end(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions. Raises UnknownSession, also for somebody else's."""
        with database_errors(), self._engine.begin() as connection:
            if "\x00" in session_id or not _end(connection, user_id, token.c.id == session_id):
                raise UnknownSession(
                    f"There is no session {shown(session_id)} of yours; it may have ended.",
                    received=repeated(session_id),
                )

    def end_own(self, secret: Secret) -> None:
        """End the session of whoever logs out; one that has ended stays so."""
        with database_errors(), self._engine.begin() as connection:
            end_secret(connection, secret)

    def end_others(self, user_id: str, *, but: str | None) -> int:
        """End all sessions of a user but one; returns how many."""
        with database_errors(), self._engine.begin() as connection:
            return len(_end(connection, user_id, token.c.id != (but or "")))


def begin_session(
    connection: Connection,
    user_id: str,
    address: str | None,
    user_agent: str | None,
    *,
    instead_of: Secret | None = None,
    is_limited: bool = False,
) -> Secret:
    """As SessionService.begin, in the caller's transaction."""
    if instead_of is not None:
        end_secret(connection, instead_of)
    may: dict[str, Any] = {"scopes": [] if is_limited else None}
    secret = issue(connection, Kind.SESSION, user_id, lasts=ABSOLUTE, address=address, user_agent=user_agent, **may)
    newest = select(token.c.id).where(*_of(user_id)).order_by(_last_used.desc(), (token.c.id == secret.id).desc())
    if end(connection, token.c.id.in_(newest.offset(MOST))):
        raise_epoch(connection)
    return secret


def end_secret(connection: Connection, secret: Secret) -> None:
    """End the session that somebody has; to know its id is not enough."""
    if end(connection, (token.c.sha256 == secret.digest) & (token.c.kind == Kind.SESSION.value)):
        raise_epoch(connection)
        audit.record(connection, "session.end", "session", secret.id)


def end_logins(connection: Connection, user_id: str, *, but: str | None = None) -> None:
    """End the sessions of a user, and the tokens that their password gave; keys stay. Who calls it raises the epoch."""
    end(connection, (token.c.user_id == user_id) & token.c.kind.in_(_OF_LOGINS) & (token.c.id != (but or "")))


def _end(connection: Connection, user_id: str, which: ColumnElement[bool]) -> list[str]:
    ended = end(connection, (token.c.user_id == user_id) & (token.c.kind == Kind.SESSION.value) & which)
    if ended:
        raise_epoch(connection)
        for one in ended:
            audit.record(connection, "session.end", "session", one)
    return ended


def _of(user_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        token.c.user_id == user_id,
        token.c.kind == Kind.SESSION.value,
        is_alive(),
        _last_used > func.now() - SESSION_IDLE,
    )


def _alive(user_id: str) -> Any:
    columns = (token.c.id, token.c.created_at, token.c.last_ip, token.c.user_agent, token.c.expires_at)
    return select(*columns, _last_used.label("last_used_at")).where(*_of(user_id))


def _session(row: Any) -> Session:
    return Session(
        id=row.id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        last_address=row.last_ip,
        user_agent=row.user_agent,
        ends_at=min(row.expires_at, row.last_used_at + SESSION_IDLE),
    )
