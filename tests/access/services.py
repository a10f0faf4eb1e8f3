"""Services of access on real servers, and the people whom the tests know."""

from dataclasses import dataclass, replace

from pydantic import SecretStr
from sqlalchemy import text

from app.access.accounts import Accounts as Services
from app.access.accounts import build_accounts
from app.access.codes import CodeService
from app.access.keys import KeyService
from app.access.known import Known
from app.access.login import LoginService
from app.access.own_password import PasswordService
from app.access.scopes import Role
from app.access.sessions import SessionService
from app.access.user_records import User
from app.access.users import UserService
from app.storage.resources import Resources

#: Of everybody whom tests have log in.
PASSWORD = "seventeen blue ladders"

#: The audit is append-only but for what the janitor may remove.
_EMPTIED = """
SET LOCAL openhours.audit_ends = 'infinity';
DELETE FROM audit; DELETE FROM token; DELETE FROM app_user; UPDATE auth_epoch SET n = n + 1;
"""


@dataclass(frozen=True, slots=True)
class Accounts:
    """All of them, as one replica has them."""

    users: UserService
    keys: KeyService
    sessions: SessionService
    codes: CodeService
    logins: LoginService
    passwords: PasswordService
    resources: Resources

    def person(self, name: str, role: Role = Role.VIEWER) -> User:
        """Somebody who can log in."""
        return self.users.add(name, role=role, password=PASSWORD)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What Postgres has."""
        with self.resources.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def run(self, statement: str) -> None:
        """Have time pass, or something else that no service does."""
        with self.resources.engine.begin() as connection:
            connection.execute(text(statement))


def empty(resources: Resources) -> None:
    """Take away users, credentials, audit and counted attempts."""
    with resources.engine.begin() as connection:
        connection.execute(text(_EMPTIED))
    resources.redis.flushall()


def accounts_of(resources: Resources, *, may_last: bool = False, setup_code: str | None = None) -> Accounts:
    """The services of a replica."""
    secret = None if setup_code is None else SecretStr(setup_code)
    settings = resources.settings.model_copy(update={"keys_may_last": may_last, "setup_code": secret})
    made: Services = build_accounts(replace(resources, settings=settings), Known(resources.engine))
    services = (made.users, made.keys, made.sessions, made.codes, made.logins, made.passwords)
    return Accounts(*services, resources)
