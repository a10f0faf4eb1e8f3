"""Login by name and password. Whatever is wrong, the answer and the time that it takes are the same.

An attempt counts as failed before its password is compared, so that many at once do not slip through. After five in a
quarter of an hour a user can log in only from where they have logged in before: an attacker must neither guess on nor
lock them out.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Any, Final
from unicodedata import normalize

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.access import audit, user_records
from app.access.audit import Outcome
from app.access.limits import FAILURES, FAILURES_MINUTES, AttemptLimits, site, too_many
from app.access.passwords import MOST, verify
from app.access.principal import actor
from app.access.tables import login_address, user
from app.access.user_records import User, has_name
from app.errors import LoginFailed
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


class LoginService:
    """Proves that people are who they say."""

    def __init__(self, engine: Engine, limits: AttemptLimits) -> None:
        self._engine = engine
        self._limits = limits

    def authenticate(self, name: str, password: str, address: str | None) -> User:
        """The user of a name and a password; takes some 50 ms of a core, and longer while others log in.

        Args:
            name: whatever its case.
            password: as it was typed.
            address: from where.

        Raises:
            LoginFailed: whatever is wrong: the name, the password, or that the user is disabled.
            TooManyLogins: from the address, of all, or for the name; with the seconds to wait.
        """
        user_id = self.prove(name, password, address)
        if user_id is None:
            raise LoginFailed("The name or the password is wrong, or the user is disabled.")
        with database_errors(), self._engine.connect() as connection:
            return user_records.required(connection, user_id)

    def prove(self, name: str, password: str, address: str | None) -> str | None:
        """As authenticate(): the id of the user, None if anything is wrong. Raises TooManyLogins."""
        self._limits.count(address)
        account = self._begun(normalize("NFC", name), address)
        is_right, better = verify(password[: MOST + 1], None if account is None else account.stored)
        with database_errors(), self._engine.begin() as connection:
            is_right = account is not None and is_right and _succeed(connection, account, address, better)
            _record(connection, "done" if is_right else "failed", account, address)
        return account.user_id if account is not None and is_right else None

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
    query = select(*columns, func.now().label("now")).where(has_name(name)).with_for_update()
    row = None if "\x00" in name else connection.execute(query).one_or_none()
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


def _record(connection: Connection, outcome: Outcome, account: _Account | None, address: str | None) -> None:
    """Record an attempt. A name that nobody has is left out: it may be a password in the wrong field."""
    who = replace(actor(), address=address)
    object_id = None if account is None else account.user_id
    audit.record(connection, "login", "user", object_id, outcome=outcome, who=who)
