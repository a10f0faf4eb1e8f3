"""A person sets up their second factor, or takes it away: who only has their session cannot."""

from sqlalchemy import Connection, Engine

from app.access import user_records
from app.access.epoch import raise_epoch
from app.access.limits import AttemptLimits
from app.access.login import LoginService
from app.access.scopes import Role
from app.access.second_factor import Enrolment, SecondFactors
from app.access.secrets import Secret
from app.access.sessions import begin_session, end_logins
from app.errors import LoginFailed
from app.storage.postgres import database_errors
from app.wording.wrong_values import WrongValue, invalid_parameters


class SecondFactorService:
    """Changes second factors of those who know their password."""

    def __init__(self, engine: Engine, factors: SecondFactors, logins: LoginService, limits: AttemptLimits) -> None:
        self._engine = engine
        self._factors = factors
        self._logins = logins
        self._limits = limits

    def is_set(self, user_id: str) -> bool:
        """Whether a user has one."""
        with database_errors(), self._engine.connect() as connection:
            return self._factors.is_set(connection, user_id)

    def is_missing(self, user_id: str, role: Role) -> bool:
        """Whether a user has to set one up before anything else, because their role demands one."""
        with database_errors(), self._engine.connect() as connection:
            return self._factors.is_missing(connection, user_id, role)

    def enrol(self, user_id: str, *, password: str, code: str | None, address: str | None) -> Enrolment:
        """Begin to set one up; one that is set counts until the new one is confirmed, and takes its ``code``.

        Raises:
            InvalidParameters: the password or the code is wrong; attempts count as those of a login.
            TooManyLogins: too many of them.
            SetupError: the installation has no secret key.
        """
        name = self._require_password(user_id, password, address)
        with database_errors(), self._engine.begin() as connection:
            self._require_code(connection, user_id, code)
            return self._factors.enrol(connection, user_id, name)

    def confirm(
        self, user_id: str, code: str, *, address: str | None, user_agent: str | None, begins_session: bool
    ) -> tuple[list[str], Secret | None]:
        """End the set-up by a code of the app: ten recovery codes, and the new session of the browser that asks.

        All earlier logins end, because they were without the factor.

        Raises:
            InvalidParameters: the code is wrong; attempts count as those of a login.
            NoSecondFactor: none is being set up.
            TooManyLogins
        """
        self._limits.count(address)
        try:
            with database_errors(), self._engine.begin() as connection:
                codes = self._factors.confirm(connection, user_id, code)
                end_logins(connection, user_id)
                raise_epoch(connection)
                secret = begin_session(connection, user_id, address, user_agent) if begins_session else None
        except LoginFailed as error:
            raise invalid_parameters([_wrong("code", "is not the current code from your app")]) from error
        return codes, secret

    def remove(self, user_id: str, *, password: str, code: str, address: str | None) -> None:
        """Take one's own away.

        Raises:
            InvalidParameters: the password or the code is wrong; attempts count as those of a login.
            NoSecondFactor: there is none.
            TooManyLogins
        """
        self._require_password(user_id, password, address)
        with database_errors(), self._engine.begin() as connection:
            self._require_code(connection, user_id, code)
            self._factors.remove(connection, user_id)
            raise_epoch(connection)

    def take_away(self, user_id: str) -> None:
        """Take that of a user away who has lost the app and the recovery codes; their logins end.

        Raises:
            UnknownUser
            NoSecondFactor: there is none.
        """
        with database_errors(), self._engine.begin() as connection:
            user_records.required(connection, user_id, lock=True)
            self._factors.remove(connection, user_id)
            end_logins(connection, user_id)
            raise_epoch(connection)

    def _require_code(self, connection: Connection, user_id: str, code: str | None) -> None:
        """Raise InvalidParameters for who has a second factor, unless the code is one of it."""
        if self._factors.is_set(connection, user_id) and not self._factors.accepts(connection, user_id, code or ""):
            raise invalid_parameters(
                [_wrong("code", "is neither the current code from your app nor an unused recovery code")]
            )

    def _require_password(self, user_id: str, password: str, address: str | None) -> str:
        """Raise InvalidParameters unless it is right; the name of the user."""
        with database_errors(), self._engine.connect() as connection:
            name = user_records.required(connection, user_id).name
        if self._logins.prove(name, password, address) != user_id:
            raise invalid_parameters([_wrong("current_password", "is not your password")])
        return name


def _wrong(parameter: str, reason: str) -> WrongValue:
    return WrongValue(parameter=parameter, received=None, reason=reason, is_shown=False)
