"""Access and refresh tokens, which the clients of the founding systems log in for.

A refresh token works once: its answer has the next one. One that comes a second time was copied, so that all tokens of
its login end (RFC 9700, section 4.14.2).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unicodedata import normalize

from sqlalchemy import Connection, Engine, func, select, update

from app.access import audit
from app.access.credentials import end, is_alive, issue
from app.access.epoch import raise_epoch
from app.access.known import Known
from app.access.login import LoginService
from app.access.second_factor import SecondFactors
from app.access.secrets import PREFIXES, Kind, Secret, read_secret
from app.access.tables import token, user
from app.access.user_records import User, is_same
from app.errors import AccessRefused, InvalidToken, LoginFailed, SecondFactorRequired
from app.ids import new_id
from app.storage.postgres import database_errors

#: How long tokens last: those that a name and a password gave, as djangorestframework-simplejwt has been set there.
ACCESS_LASTS: Final = timedelta(minutes=60)
REFRESH_LASTS: Final = timedelta(days=7)

#: And those of client credentials.
CLIENT_LASTS: Final = timedelta(days=8)

#: Tokens of one user that are alive; with one more, the oldest ends.
MOST: Final = 100

_REFUSED: Final = "The refresh token is unknown, expired, or was used before. Log in again."


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tokens, shown once."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


class TokenService:
    """Operations on tokens; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine, logins: LoginService, factors: SecondFactors, known: Known) -> None:
        self._engine = engine
        self._logins = logins
        self._factors = factors
        self._known = known

    def log_in(self, name: str, password: str, code: str | None, address: str | None) -> Pair:
        """Tokens for a name and a password. Raises LoginFailed, SecondFactorRequired and TooManyLogins."""
        who = self._logins.authenticate(name, password, address, code=code)
        with database_errors(), self._engine.begin() as connection:
            self._require_factor(connection, who)
            return _pair(connection, who.id, new_id(datetime.now(UTC)), address)

    def refresh(self, text: str, address: str | None) -> Pair:
        """The next tokens, for a refresh token.

        Raises:
            InvalidToken: it is unknown, mistyped, has ended or was used before.
        """
        secret = read_secret(text, (Kind.REFRESH,))
        if secret is None:
            raise InvalidToken(_REFUSED)
        with database_errors(), self._engine.begin() as connection:
            pair = _refreshed(connection, secret, address)
        if pair is None:  # outside of the transaction, which has ended the family
            raise InvalidToken(_REFUSED)
        return pair

    def of_client(self, client_id: str, client_secret: str, address: str | None) -> str:
        """An access token for client credentials: the name of a user, and a key of theirs or their password.

        A token of a key may do what the key may, and ends with it.

        Raises:
            LoginFailed: whatever is wrong.
            TooManyLogins
        """
        if client_secret.startswith(PREFIXES[Kind.KEY]):
            return self._of_key(client_id, client_secret, address)
        who = self._logins.authenticate(client_id, client_secret, address)
        with database_errors(), self._engine.begin() as connection:
            self._require_factor(connection, who)
            family = new_id(datetime.now(UTC))
            return _issued(connection, Kind.ACCESS, who.id, CLIENT_LASTS, family=family, address=address).text

    def _require_factor(self, connection: Connection, who: User) -> None:
        """Raise SecondFactorRequired if a user of this role has to have one, and has none."""
        if self._factors.is_missing(connection, who.id, who.role):
            raise SecondFactorRequired(f"A user of the role {who.role} needs a second factor. Log in, and set one up.")

    def _of_key(self, client_id: str, text: str, address: str | None) -> str:
        failed = LoginFailed("The name, the password or the code is wrong, or the user is disabled.")
        key = read_secret(text, (Kind.KEY,))
        try:
            owner = None if key is None else self._known.principal_of(key, address=address)
        except AccessRefused as error:
            raise failed from error
        if (
            key is None
            or owner is None
            or owner.user_id is None
            or not is_same(owner.name, normalize("NFC", client_id))
        ):
            raise failed
        with database_errors(), self._engine.begin() as connection:
            row = connection.execute(select(token).where(token.c.id == key.id, is_alive()).with_for_update())
            made = row.one_or_none()
            if made is None:
                raise failed
            left = CLIENT_LASTS if made.expires_at is None else min(CLIENT_LASTS, made.expires_at - datetime.now(UTC))
            return _issued(
                connection, Kind.ACCESS, owner.user_id, left, family=key.id, address=address, scopes=made.scopes
            ).text


def end_family(connection: Connection, family: str) -> list[str]:
    """End all tokens of one login, or of one key. Who calls it raises the epoch."""
    return end(connection, token.c.family == family)


def _pair(connection: Connection, user_id: str, family: str, address: str | None) -> Pair:
    kinds = {Kind.ACCESS: ACCESS_LASTS, Kind.REFRESH: REFRESH_LASTS}
    access, refresh = (
        _issued(connection, kind, user_id, lasts, family=family, address=address).text for kind, lasts in kinds.items()
    )
    return Pair(access, refresh)


def _issued(
    connection: Connection, kind: Kind, user_id: str, lasts: timedelta, *, address: str | None, **columns: Any
) -> Secret:
    secret = issue(connection, kind, user_id, lasts=lasts, address=address, **columns)
    of_kind = (token.c.user_id == user_id, token.c.kind == kind.value, is_alive())
    newest = select(token.c.id).where(*of_kind).order_by(token.c.created_at.desc(), (token.c.id == secret.id).desc())
    if end(connection, token.c.id.in_(newest.offset(MOST))):
        raise_epoch(connection)
    return secret


def _refreshed(connection: Connection, secret: Secret, address: str | None) -> Pair | None:
    row = connection.execute(
        select(token, user.c.disabled_at, func.now().label("now"))
        .join(user, user.c.id == token.c.user_id)
        .where(token.c.sha256 == secret.digest, token.c.kind == Kind.REFRESH.value)
        .with_for_update(of=token)
    ).one_or_none()
    if row is None or row.expires_at <= row.now or row.disabled_at is not None:
        return None
    if row.revoked_at is not None:
        return None
    if row.last_used_at is not None:  # a copy, or an answer that was lost: they cannot be told apart
        if end_family(connection, row.family):
            raise_epoch(connection)
        audit.record(connection, "token.reuse", "user", row.user_id, outcome="refused", token=row.id)
        return None
    connection.execute(update(token).where(token.c.id == row.id).values(last_used_at=func.now()))
    return _pair(connection, row.user_id, row.family, address)
