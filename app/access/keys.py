"""Keys of users and service accounts: make, list, replace, revoke."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select, tuple_, update

from app.access import audit, user_records
from app.access.credentials import end, is_alive, issue
from app.access.epoch import raise_epoch
from app.access.key_records import Key, key_of, keys, replaceable, required, with_tokens
from app.access.scopes import SCOPES_OF, Role, Scope, effective
from app.access.secrets import Kind, Secret
from app.access.tables import token
from app.access.user_records import User
from app.access.users import insert_user
from app.errors import NotAllowed
from app.paging import Page, newest_first, place_of
from app.storage.postgres import database_errors
from app.wording.wrong_values import WrongValue, invalid_parameters

#: How long a key may last, days.
LIFETIMES_DAYS: Final = (30, 90, 365)
DEFAULT_LIFETIME_DAYS: Final = 90

#: How long a replaced key works on, hours.
OVERLAPS_HOURS: Final = (0, 24, 168)

#: Keys of one user that have not ended.
MOST: Final = 100


class KeyService:
    """Operations on keys; stateless, so any replica can serve them.

    ``owner`` limits an operation to one user's keys: those of others are as unknown as those that do not exist.
    """

    def __init__(self, engine: Engine, *, may_last: bool = False) -> None:
        self._engine = engine
        self._may_last = may_last

    def make(
        self,
        user_id: str,
        name: str,
        *,
        scopes: Collection[Scope] | None = None,
        days: int | None = DEFAULT_LIFETIME_DAYS,
        within: Collection[Scope] = tuple(Scope),
    ) -> tuple[Key, Secret]:
        """Make a key; its secret is shown this once.

        Args:
            user_id: whose.
            name: what it is for.
            scopes: what it may do, as far as its owner may; None: all that.
            days: 30, 90 or 365; None: for ever, which OPENHOURS_KEYS_MAY_LAST has to allow.
            within: what whoever asks may do: with a limited key nobody makes one that may more.

        Raises:
            UnknownUser.
            InvalidParameters: of the name, the scopes or the lifetime; or the user has a hundred keys.
        """
        self._require_lifetime(days)
        with database_errors(), self._engine.begin() as connection:
            owner = user_records.required(connection, user_id, lock=True)
            return _made(connection, owner, name, scopes=scopes, days=days, within=within)

    def make_for_service(
        self,
        name: str,
        role: Role,
        *,
        scopes: Collection[Scope] | None = None,
        days: int | None = DEFAULT_LIFETIME_DAYS,
    ) -> tuple[Key, Secret]:
        """Make a key for a new service account of the same name: both, or neither.

        Raises:
            NameTaken: there is a user of this name.
            InvalidParameters: of the name, the scopes or the lifetime.
        """
        self._require_lifetime(days)
        with database_errors(), self._engine.begin() as connection:
            owner = insert_user(connection, name, role=role, kind="service")
            return _made(connection, owner, name, scopes=scopes, days=days, within=tuple(Scope))

    def list(
        self,
        *,
        limit: int,
        owner: str | None = None,
        ends_before: datetime | None = None,
        cursor: str | None = None,
    ) -> Page[Key]:
        """Keys, the newest first, those that ended in the last 30 days too.

        With ``ends_before`` only those that work now, and no longer at that instant.

        Raises:
            UnknownUser: nobody has the id ``owner``.
            InvalidParameters: of the cursor.
        """
        query = keys().order_by(token.c.created_at.desc(), token.c.id.desc()).limit(limit + 1)
        if owner is not None:
            query = query.where(token.c.user_id == owner)
        if ends_before is not None:
            query = query.where(is_alive(), token.c.expires_at <= ends_before)
        if cursor is not None:
            query = query.where(tuple_(token.c.created_at, token.c.id) < place_of(cursor))
        with database_errors(), self._engine.connect() as connection:
            if owner is not None:
                user_records.required(connection, owner)
            return newest_first([key_of(row) for row in connection.execute(query)], limit=limit)

    def get(self, key_id: str, *, owner: str | None = None) -> Key:
        """A key. Raises UnknownKey."""
        with database_errors(), self._engine.connect() as connection:
            return required(connection, key_id, owner=owner)

    def replace(
        self,
        key_id: str,
        *,
        overlap_hours: int,
        owner: str | None = None,
        within: Collection[Scope] = tuple(Scope),
    ) -> tuple[Key, Secret]:
        """Make a key with the same name, scopes and lifetime; the old one works on for ``overlap_hours``.

        The one that the old one replaced ends now: of a chain, two work at most. ``within`` is as for ``make``.

        Raises:
            UnknownKey.
            NotAllowed: the key may do what whoever asks may not.
            KeyEnded: it has expired, was revoked or was replaced already.
            InvalidParameters: the overlap is not 0, 24 or 168 hours.
        """
        _require("overlap_hours", overlap_hours, allowed=OVERLAPS_HOURS, is_good=overlap_hours in OVERLAPS_HOURS)
        with database_errors(), self._engine.begin() as connection:
            old = replaceable(connection, key_id, owner)
            _require_within(connection, old, within)
            lasts = None if old.expires_at is None else old.expires_at - old.created_at
            same: dict[str, Any] = {"name": old.name, "scopes": _stored(old.scopes), "replaces": key_id}
            secret = issue(connection, Kind.KEY, old.user_id, lasts=lasts, **same)
            ends_at = func.now() + timedelta(hours=overlap_hours)
            sooner = func.least(func.coalesce(token.c.expires_at, ends_at), ends_at)
            connection.execute(update(token).where(with_tokens(key_id)).values(expires_at=sooner))
            if old.replaces is not None:
                end(connection, with_tokens(old.replaces))
            raise_epoch(connection)
            audit.record(connection, "key.replace", "key", key_id, by=secret.id, overlap_hours=overlap_hours)
            return required(connection, secret.id), secret

    def revoke(self, key_id: str, *, owner: str | None = None) -> None:
        """End a key now. Raises UnknownKey; one that has ended stays so."""
        with database_errors(), self._engine.begin() as connection:
            key = required(connection, key_id, owner=owner)
            if end(connection, with_tokens(key_id)):
                raise_epoch(connection)
                audit.record(connection, "key.revoke", "key", key_id, name=key.name, user=key.user_name)

    def _require_lifetime(self, days: int | None) -> None:
        if days is None and not self._may_last:
            reason = "keys that never expire are not allowed here (OPENHOURS_KEYS_MAY_LAST)"
            wrong = WrongValue(parameter="days", received=None, reason=reason, allowed=_words(LIFETIMES_DAYS))
            raise invalid_parameters([wrong])
        _require("days", days, allowed=LIFETIMES_DAYS, is_good=days is None or days in LIFETIMES_DAYS)


def _made(
    connection: Connection,
    owner: User,
    name: str,
    *,
    scopes: Collection[Scope] | None,
    days: int | None,
    within: Collection[Scope],
) -> tuple[Key, Secret]:
    if scopes is None and not SCOPES_OF[owner.role] <= frozenset(within):
        scopes = SCOPES_OF[owner.role] & frozenset(within)
    _require_acceptable(connection, name, scopes, owner.role, within, owner.id)
    lasts = None if days is None else timedelta(days=days)
    secret = issue(connection, Kind.KEY, owner.id, lasts=lasts, name=name, scopes=_stored(scopes))
    detail: dict[str, Any] = {"name": name, "user": owner.name, "scopes": _stored(scopes), "days": days}
    audit.record(connection, "key.make", "key", secret.id, **detail)
    return required(connection, secret.id), secret


def _require_within(connection: Connection, old: Key, within: Collection[Scope]) -> None:
    role = user_records.required(connection, old.user_id).role
    beyond = sorted(effective(role, old.scopes) - frozenset(within))
    if beyond:
        raise NotAllowed(
            f"The key {old.id} has rights that you do not have now ({', '.join(beyond)}), so you cannot replace it.",
            allowed=[str(one) for one in beyond],
        )


def _require_acceptable(
    connection: Connection,
    name: str,
    scopes: Collection[Scope] | None,
    role: Role,
    within: Collection[Scope],
    user_id: str,
) -> None:
    user_records.require_readable(name)
    if scopes is not None:
        allowed = SCOPES_OF[role] & frozenset(within)
        beyond = sorted(frozenset(scopes) - allowed)
        _require(
            "scopes", _stored(beyond or scopes), allowed=_stored(allowed) or [], is_good=bool(scopes) and not beyond
        )
    alive = select(func.count()).where(token.c.user_id == user_id, token.c.kind == Kind.KEY.value, is_alive())
    if (connection.scalar(alive) or 0) >= MOST:
        reason = f"the user has {MOST} keys already; revoke unused ones"
        raise invalid_parameters([WrongValue(parameter="user_id", received=user_id, reason=reason, is_shown=False)])


def _require(parameter: str, received: Any, *, allowed: str | Collection[Any], is_good: bool) -> None:
    if not is_good:
        words = allowed if isinstance(allowed, str) else _words(allowed)
        wrong = WrongValue(parameter=parameter, received=received, reason=f"is not {words}", allowed=words)
        raise invalid_parameters([wrong])


def _words(choices: Collection[Any]) -> str:
    return f"one of {', '.join(map(str, choices))}"


def _stored(scopes: Collection[Scope] | None) -> list[str] | None:
    return None if scopes is None else sorted(one.value for one in scopes)
