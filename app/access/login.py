"""Login by name and password. Whatever is wrong, the answer and the time that it takes are the same.

An attempt counts as failed before its password is compared, so that many at once do not slip through. After five in a
quarter of an hour a user can log in only from where they have logged in before: an attacker must neither guess on nor
lock them out.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Any, Final, NoReturn
from unicodedata import normalize

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.access import audit, user_records
from app.access.audit import Outcome
from app.access.limits import FAILURES, FAILURES_MINUTES, AttemptLimits, site, too_many
from app.access.passwords import MOST, verify
from app.access.principal import actor
from app.access.second_factor import SecondFactors
from app.access.tables import login_address, user
from app.access.user_records import User, has_name
from app.errors import LoginFailed, SecondFactorRequired
from app.storage.postgres import database_errors

_WINDOW: Final = timedelta(minutes=FAILURES_MINUTES)

#: Addresses of one user from which they have logged in that are kept; the one used longest ago is forgotten.
_MOST_ADDRESSES: Final = 50


@dataclass(frozen=True, slots=True)
class _Account:
    """A user whose password is about to be compared.

    Attributes:
        user_id: whose.
        stored: the hash; None without a password.
        wait_seconds: until it may be; None: now.
    """

    user_id: str
    stored: str | None
    wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class _Code:
    """A code of the second factor, as it was given."""

    factors: SecondFactors
    text: str | None

    def is_right(self, connection: Connection, user_id: str) -> bool:
        """Whether it is, or none is needed; it is used up by this. Raises SecondFactorRequired."""
        if not self.factors.is_set(connection, user_id):
            return True
        if self.text is None:
            raise SecondFactorRequired("Enter the code of your authenticator app, or a recovery code, as well.")
        return self.factors.accepts(connection, user_id, self.text)


class LoginService:
    """Proves that people are who they say."""

    def __init__(self, engine: Engine, limits: AttemptLimits, factors: SecondFactors) -> None:
        self._engine = engine
        self._limits = limits
        self._factors = factors

    def authenticate(self, name: str, password: str, address: str | None, *, code: str | None = None) -> User:
        """The user of a name and a password; takes some 50 ms of a core, and longer while others log in.

        Args:
            name: whatever its case.
            password: as it was typed.
            address: from where.
            code: of the second factor, or a recovery code; of whom has none it is ignored.

        Raises:
            LoginFailed: whatever is wrong: the name, the password, the code, or that the user is disabled.
            SecondFactorRequired: all is right, and the code is missing.
            TooManyLogins: from the address, of all, or for the name; with the seconds to wait.
        """
        account = self._proven(name, password, address, _Code(self._factors, code))
        with database_errors(), self._engine.connect() as connection:
            return user_records.required(connection, account.user_id)

    def prove(self, name: str, password: str, address: str | None) -> str | None:
        """As authenticate(), by name and password alone: the id of the user, None if anything is wrong.

        For those who are logged in. Raises TooManyLogins.
        """
        try:
            return self._proven(name, password, address, None).user_id
        except LoginFailed:
            return None

    def _proven(self, name: str, password: str, address: str | None, code: _Code | None) -> _Account:
        self._limits.count(address)
        account = self._begun(normalize("NFC", name), address)
        is_right, better = verify(password[: MOST + 1], None if account is None else account.stored)
        if account is None or not is_right:
            self._fail(account, address)
        try:
            with database_errors(), self._engine.begin() as connection:
                is_right = code is None or code.is_right(connection, account.user_id)
                is_right = is_right and _succeed(connection, account, address, better)
                if is_right:
                    _record(connection, "done", account, address)
        except SecondFactorRequired:  # whoever has the password of somebody else gets as far
            with database_errors(), self._engine.begin() as connection:
                _record(connection, "failed", account, address, reason="no code of the second factor")
            raise
        if not is_right:
            self._fail(account, address)
        return account

    def _fail(self, account: _Account | None, address: str | None) -> NoReturn:
        with database_errors(), self._engine.begin() as connection:
            _record(connection, "failed", account, address)
        raise LoginFailed("The name, the password or the code is wrong, or the user is disabled.")

    def _begun(self, name: str, address: str | None) -> _Account | None:
        """The account of a name, with the attempt counted; None for a name that nobody has. Raises TooManyLogins."""
        with database_errors(), self._engine.begin() as connection:
            account = _counted(connection, name, address)
            if account is not None and account.wait_seconds is not None:
                _record(connection, "refused", account, address)
        if account is None:
            self._limits.count_unknown(name)
        elif account.wait_seconds is not None:
            raise too_many(account.wait_seconds)
        return account


def _counted(connection: Connection, name: str, address: str | None) -> _Account | None:
    columns = (user.c.id, user.c.password_hash, user.c.failed_logins, user.c.first_failed_at)
    query = select(*columns, func.now().label("now")).with_for_update()
    row = None if "\x00" in name else connection.execute(query.where(has_name(connection, name))).one_or_none()
    if row is None:
        return None
    is_counting = row.first_failed_at is not None and row.now < row.first_failed_at + _WINDOW
    failures, first = (row.failed_logins, row.first_failed_at) if is_counting else (0, row.now)
    account = _Account(row.id, row.password_hash, None)
    if failures >= FAILURES and not _is_known(connection, row.id, address):
        return replace(account, wait_seconds=ceil((first + _WINDOW - row.now).total_seconds()))
    until = first + _WINDOW if failures + 1 >= FAILURES else None
    counted = {"failed_logins": failures + 1, "first_failed_at": first, "throttled_until": until}
    connection.execute(update(user).where(user.c.id == row.id).values(**counted))
    return account


def _succeed(connection: Connection, account: _Account, address: str | None, better: str | None) -> bool:
    """Count from nought again, and know the address; False if the user was disabled or has another password now."""
    is_same = (user.c.id == account.user_id) & (user.c.password_hash == account.stored) & user.c.disabled_at.is_(None)
    cleared: dict[str, Any] = {"failed_logins": 0, "first_failed_at": None, "throttled_until": None}
    cleared |= {} if better is None else {"password_hash": better}
    if connection.execute(update(user).where(is_same).values(**cleared)).rowcount == 0:
        return False
    if (place := site(address)) is not None:
        known = insert(login_address).values(user_id=account.user_id, ip=place)
        connection.execute(known.on_conflict_do_update(constraint="login_address_pkey", set_={"last_at": func.now()}))
        _forget_addresses(connection, account.user_id)
    return True


def _is_known(connection: Connection, user_id: str, address: str | None) -> bool:
    """Whether the user has logged in from there."""
    place = site(address)
    known = select(login_address.c.ip).where(login_address.c.user_id == user_id, login_address.c.ip == place)
    return place is not None and connection.scalar(select(known.exists())) is True


def _forget_addresses(connection: Connection, user_id: str) -> None:
    of_user = login_address.c.user_id == user_id
    latest = select(login_address.c.ip).where(of_user).order_by(login_address.c.last_at.desc(), login_address.c.ip)
    connection.execute(delete(login_address).where(of_user, login_address.c.ip.in_(latest.offset(_MOST_ADDRESSES))))


def _record(
    connection: Connection, outcome: Outcome, account: _Account | None, address: str | None, **detail: str
) -> None:
    """Record an attempt. A name that nobody has is left out: it may be a password in the wrong field."""
    who = replace(actor(), address=address)
    object_id = None if account is None else account.user_id
    audit.record(connection, "login", "user", object_id, outcome=outcome, who=who, **detail)
