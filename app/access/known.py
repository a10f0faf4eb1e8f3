"""The credentials that this process knows: a request by one of them asks Postgres nothing.

What is known is forgotten after a minute, and at once when another process has taken rights away: one look at the epoch
a second, shared by all requests, tells.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, exists, select

from app.access.epoch import current_epoch
from app.access.principal import Principal, Via
from app.access.scopes import Role, effective
from app.access.secrets import Kind, Secret
from app.access.tables import second_factor, token, user
from app.access.user_records import has_name
from app.access.uses import Uses
from app.errors import InvalidToken
from app.storage.postgres import database_errors

#: How old the last look at the epoch may be, seconds: with what the look takes, less than the second that is promised.
LOOK_SECONDS: Final = 0.8

#: How long a credential is known without a look at its row, seconds.
ROW_SECONDS: Final = 60.0

#: Credentials that one process knows; a row takes about a kilobyte.
MOST_ROWS: Final = 10_000

#: How long a session lasts that is not used.
SESSION_IDLE: Final = timedelta(hours=12)

#: How a principal came in, by the kind of its credential. One-time codes and refresh tokens let nobody in.
_VIA: Final[dict[Kind, Via]] = {Kind.KEY: "key", Kind.SESSION: "session", Kind.ACCESS: "access"}

_key = token.alias("key")

#: Whether a password alone gave it, to a user without second factor. A provider of single sign-on may ask for its own;
#: tokens of a key are as good as the key.
_BY_PASSWORD_ALONE: Final = (
    token.c.kind.in_((Kind.SESSION.value, Kind.ACCESS.value))
    & user.c.oidc_sub.is_(None)
    & ~exists().where(second_factor.c.user_id == user.c.id, second_factor.c.salt.is_not(None))
    & ~exists().where(_key.c.id == token.c.family)
)

_OF_USER: Final = (
    user.c.name.label("user_name"),
    user.c.kind.label("user_kind"),
    user.c.role,
    user.c.disabled_at,
    _BY_PASSWORD_ALONE.label("by_password_alone"),
)

#: The name that a proxy gives, or the digest of a credential.
_Who = str | bytes


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    loaded_at: float
    ends_at: datetime | None


class Known:
    """Of one process; may be used from any thread.

    Users of the roles ``demanded_of`` may do nothing by a password alone but set up a second factor, also if they got
    the role, or lost the factor, after they had logged in.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        demanded_of: Collection[Role] = (),
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._demanded_of = demanded_of
        self._clock = clock
        self._now = now
        self._lock, self._look_lock = Lock(), Lock()
        self._rows: dict[_Who, _Known] = {}
        self._epoch: int | None = None
        self._looked_at: float | None = None
        self._has_users = False
        self._own: tuple[bytes, Principal] | None = None
        self.uses = Uses(engine, now=now)

    def trust(self, secret: Secret, principal: Principal) -> None:
        """Let this process itself in, by a credential that it has just made and that is stored nowhere."""
        self._own = secret.digest, principal

    def is_fresh(self) -> bool:
        """Whether no look at the epoch is due."""
        return self._looked_at is not None and self._clock() - self._looked_at < LOOK_SECONDS

    def refresh(self) -> None:
        """Look at the epoch if that is due, and forget everything if it was raised; asks Postgres.

        Raises:
            DatabaseUnavailable: nobody is let in by what may have been revoked.
        """
        with self._look_lock:
            if self.is_fresh():
                return
            began = self._clock()
            with database_errors(), self._engine.connect() as connection:
                epoch = current_epoch(connection)
                has_users = self._has_users or bool(connection.scalar(select(exists().where(user.c.id.is_not(None)))))
            with self._lock:
                if epoch != self._epoch:
                    self._rows = {}  # a new one: rows that are being read now go into the old one
                self._epoch, self._looked_at, self._has_users = epoch, began, has_users

    def has_users(self) -> bool:
        """Whether there was any user at the last look: before the first one, nobody can come in."""
        return self._has_users

    def cached(self, secret: Secret, *, address: str | None = None) -> Principal | None:
        """Who a credential lets in, if that is known and no look is due; asks nothing."""
        if self._own is not None and self._own[0] == secret.digest:
            return replace(self._own[1], address=address)
        known = self._at(secret.digest) if self.is_fresh() else None
        if known is None:
            return None
        self.uses.note(secret.id, address)
        return replace(known, address=address)

    def principal_of(self, secret: Secret, *, address: str | None = None) -> Principal:
        """Who a key, a session or an access token lets in; may ask Postgres.

        Raises:
            InvalidToken: it lets nobody in: unknown, ended, revoked, of a user that is disabled.
            DatabaseUnavailable: Postgres does not answer.
        """
        self.refresh()
        known = self._at(secret.digest)
        if known is None:
            known = self._load(secret.digest, lambda connection: self._of_token(connection, secret))
        self.uses.note(secret.id, address)
        return replace(known, address=address)

    def cached_by_name(self, name: str, *, address: str | None = None) -> Principal | None:
        """As ``cached``, for a user whom a trusted proxy names."""
        known = self._at(name) if self.is_fresh() else None
        return None if known is None else replace(known, address=address)

    def named(self, name: str, *, address: str | None = None) -> Principal:
        """The user whom a trusted proxy names; one without role in it is not known here; may ask Postgres.

        Raises:
            InvalidToken: the user is disabled, or a service account.
            DatabaseUnavailable: Postgres does not answer.
        """
        self.refresh()
        known = self._at(name) or self._load(name, lambda connection: (_of_name(connection, name), None))
        return replace(known, address=address)

    def _at(self, who: _Who) -> Principal | None:
        found = self._rows.get(who)
        if found is None or self._clock() - found.loaded_at > ROW_SECONDS:
            return None
        if found.ends_at is not None and found.ends_at <= self._now():
            return None
        return found.principal

    def _load(self, who: _Who, ask: Callable[[Connection], tuple[Principal, datetime | None]]) -> Principal:
        rows, began = self._rows, self._clock()
        with database_errors(), self._engine.connect() as connection:
            principal, ends_at = ask(connection)
        with self._lock:
            rows.pop(who, None)
            while len(rows) >= MOST_ROWS:
                del rows[next(iter(rows))]
            rows[who] = _Known(principal, began, ends_at)
        return principal

    def _of_token(self, connection: Connection, secret: Secret) -> tuple[Principal, datetime | None]:
        row = connection.execute(
            select(token, *_OF_USER)
            .join(user, user.c.id == token.c.user_id)
            .where(token.c.sha256 == secret.digest, token.c.kind == secret.kind.value)
        ).one_or_none()
        if row is None or secret.kind not in _VIA or not self._is_valid(row):
            raise InvalidToken(
                "The credential is unknown, mistyped, expired or revoked, or its user is disabled. Log in again, or "
                "ask for a new key."
            )
        role = Role(row.role)
        principal = Principal(
            name=row.user_name,
            via=_VIA[secret.kind],
            scopes=effective(role, [] if row.by_password_alone and role in self._demanded_of else row.scopes),
            user_id=row.user_id,
            kind=row.user_kind,
            role=role,
            token_id=row.id,
        )
        return principal, row.expires_at

    def _is_valid(self, row: Row[Any]) -> bool:
        now = self._now()
        if row.revoked_at is not None or row.disabled_at is not None:
            return False
        is_idle = row.kind == Kind.SESSION and (row.last_used_at or row.created_at) + SESSION_IDLE <= now
        return not is_idle and (row.expires_at is None or row.expires_at > now)


def _of_name(connection: Connection, name: str) -> Principal:
    row = connection.execute(select(user).where(has_name(connection, name))).one_or_none()
    if row is None:
        return Principal(name=name, via="proxy", scopes=frozenset())
    if row.disabled_at is not None:
        raise InvalidToken(f"The user {row.name} is disabled.")
    if row.kind == "service":
        raise InvalidToken(f"{row.name} is a service account, which cannot log in; it has keys.")
    role = Role(row.role)
    return Principal(name=row.name, via="proxy", scopes=effective(role, None), user_id=row.id, kind=row.kind, role=role)
