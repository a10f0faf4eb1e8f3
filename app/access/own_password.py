"""A person changes their own password: who only has their session cannot."""

from sqlalchemy import Engine

from app.access import audit
from app.access.codes import store_password
from app.access.login import LoginService
from app.access.passwords import hash_password, require_strong
from app.access.secrets import Secret
from app.access.sessions import begin_session
from app.access.user_records import required
from app.storage.postgres import database_errors
from app.wording.wrong_values import WrongValue, invalid_parameters


class PasswordService:
    """Changes passwords of those who know them."""

    def __init__(self, engine: Engine, logins: LoginService) -> None:
        self._engine = engine
        self._logins = logins

    def change(
        self,
        user_id: str,
        *,
        current: str,
        new: str,
        address: str | None,
        user_agent: str | None = None,
        begins_session: bool = True,
    ) -> Secret | None:
        """Have a user log in by another password; all their sessions end, and a new one may begin, which is returned.

        Raises:
            InvalidParameters: the current password is wrong; attempts count as those of a login.
            TooManyLogins: too many of them.
            WeakPassword.
        """
        with database_errors(), self._engine.connect() as connection:
            name = required(connection, user_id).name
        require_strong(new, name=name)
        if self._logins.prove(name, current, address) != user_id:
            wrong = WrongValue(
                parameter="current_password", received=None, reason="is not your password", is_shown=False
            )
            raise invalid_parameters([wrong])
        hashed = hash_password(new)
        with database_errors(), self._engine.begin() as connection:
            store_password(connection, user_id, hashed)
            audit.record(connection, "user.password", "user", user_id, by="owner")
            if not begins_session:
                return None
            return begin_session(connection, user_id, address, user_agent)
