"""The second factor: one-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost one.

Nothing that makes codes is stored: the secret of a user is derived from the secret key of the installation and a random
salt. So a copy of the database is no second factor.
"""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import pyotp
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import audit
from app.access.scopes import Role
from app.access.server_secret import ServerSecret
from app.access.tables import recovery_code, second_factor
from app.errors import LoginFailed, NoSecondFactor, SetupError
from app.settings import listed

#: Recovery codes of a user. Each has 120 bits, so that a plain hash of it is enough (OWASP ASVS 5.0, 6.5.2).
RECOVERY_CODES: Final = 10

_SALT_BYTES: Final = 16

#: SHA-1, six digits, 30 seconds: what all authenticator apps know. Codes of the step before count, for slow typists.
_STEP_SECONDS: Final = 30
_STEPS_BACK: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What somebody has to tell their authenticator app, shown once.

    Attributes:
        secret: 32 characters in base 32, to type.
        address: ``otpauth://…``, which is drawn as a QR code.
    """

    secret: str = field(repr=False)
    address: str = field(repr=False)


class SecondFactors:
    """Of all users; safe to use from several threads."""

    def __init__(self, server_secret: ServerSecret, *, demanded_of: Collection[Role] = ()) -> None:
        self._server_secret = server_secret
        self._demanded_of = demanded_of

    def is_missing(self, connection: Connection, user_id: str, role: Role) -> bool:
        """Whether a user of this role has to set one up before anything else."""
        return role in self._demanded_of and not self.is_set(connection, user_id)

    def enrol(self, connection: Connection, user_id: str, name: str) -> Enrolment:
        """Begin: the factor counts from ``confirm`` on; one that was confirmed before counts until then.

        Raises:
            SetupError: the installation has no secret key.
        """
        salt, key_id = secrets.token_bytes(_SALT_BYTES), self._server_secret.newest_id()
        values = {"new_salt": salt, "new_key_id": key_id}
        row = upsert(second_factor).values(user_id=user_id, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=values))
        codes = self._codes(user_id, salt, key_id)
        return Enrolment(secret=codes.secret, address=codes.provisioning_uri(name=name, issuer_name="Openhours"))

    def confirm(self, connection: Connection, user_id: str, code: str) -> list[str]:
        """End the enrolment by a code of the app; recovery codes, shown once, in place of all earlier ones.

        Raises:
            NoSecondFactor: none is being set up.
            LoginFailed: the code is wrong.
        """
        row = connection.execute(
            select(second_factor).where(second_factor.c.user_id == user_id).with_for_update()
        ).one_or_none()
        if row is None or row.new_salt is None:
            raise NoSecondFactor("No second factor is being set up. Begin with POST /me/second-factor.")
        step = self._step_of(self._codes(user_id, row.new_salt, row.new_key_id), code, after=None)
        if step is None:
            raise LoginFailed("The code is wrong. Check the clock of the device, and enter the current code.")
        connection.execute(
            update(second_factor)
            .where(second_factor.c.user_id == user_id)
            .values(
                salt=row.new_salt,
                key_id=row.new_key_id,
                new_salt=None,
                new_key_id=None,
                last_step=step,
                confirmed_at=func.now(),
            )
        )
        audit.record(connection, "second_factor.set", "user", user_id)
        return self._renewed(connection, user_id)

    def is_set(self, connection: Connection, user_id: str) -> bool:
        """Whether somebody has to give a code at login."""
        found = connection.execute(
            select(second_factor.c.user_id).where(second_factor.c.user_id == user_id, second_factor.c.salt.is_not(None))
        )
        return found.one_or_none() is not None

    def accepts(self, connection: Connection, user_id: str, code: str) -> bool:
        """Whether a code is one of now, or a recovery code; either is used up by this."""
        row = connection.execute(
            select(second_factor).where(second_factor.c.user_id == user_id).with_for_update()
        ).one_or_none()
        if row is None or row.salt is None:
            return False
        step = self._step_of(self._codes(user_id, row.salt, row.key_id), code, after=row.last_step)
        if step is not None:
            connection.execute(update(second_factor).where(second_factor.c.user_id == user_id).values(last_step=step))
            return True
        return self._is_recovered(connection, user_id, code)

    def remove(self, connection: Connection, user_id: str) -> None:
        """Log in with the password only from now on.

        Raises:
            NoSecondFactor: there is none.
        """
        connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
        gone = connection.execute(delete(second_factor).where(second_factor.c.user_id == user_id))
        if gone.rowcount == 0:
            raise NoSecondFactor("There is no second factor to remove.")
        audit.record(connection, "second_factor.remove", "user", user_id)

    def _is_recovered(self, connection: Connection, user_id: str, code: str) -> bool:
        used = connection.execute(
            delete(recovery_code).where(recovery_code.c.user_id == user_id, recovery_code.c.sha256 == _digest(code))
        )
        if used.rowcount:
            left = connection.execute(
                select(func.count()).select_from(recovery_code).where(recovery_code.c.user_id == user_id)
            ).scalar_one()
            audit.record(connection, "second_factor.recover", "user", user_id, codes_left=left)
        return used.rowcount == 1

    def _renewed(self, connection: Connection, user_id: str) -> list[str]:
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
        connection.execute(insert(recovery_code), [{"user_id": user_id, "sha256": _digest(code)} for code in codes])
        return codes

    def _codes(self, user_id: str, salt: bytes, key_id: str) -> pyotp.TOTP:
        key = self._server_secret.key(key_id)
        secret = hmac.digest(key, b"openhours second factor\0" + user_id.encode() + b"\0" + salt, "sha256")[:20]
        return pyotp.TOTP(b32encode(secret).decode(), interval=_STEP_SECONDS)

    @staticmethod
    def _step_of(codes: pyotp.TOTP, code: str, *, after: int | None) -> int | None:
        """The step whose code this is: now or just before, and later than the last that was used."""
        code = code.replace(" ", "")
        now = int(datetime.now(UTC).timestamp()) // _STEP_SECONDS
        for step in range(now, now - _STEPS_BACK - 1, -1):
            if hmac.compare_digest(codes.generate_otp(step).encode(), code.encode(errors="surrogatepass")):
                return step if after is None or step > after else None
        return None


def demanded_roles(text: str | None) -> frozenset[Role]:
    """The roles of a list with commas.

    Raises:
        SetupError: one is no role.
    """
    wrong = [name for name in listed(text) if name not in [*Role]]
    if wrong:
        raise SetupError(f"OPENHOURS_SECOND_FACTOR_ROLES: {wrong[0]!r} is not a role; roles: {', '.join(Role)}.")
    return frozenset(map(Role, listed(text)))


def _recovery_code() -> str:
    text = b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> bytes:
    return sha256(code.strip().lower().encode(errors="surrogatepass")).digest()
