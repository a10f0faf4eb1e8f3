"""All services of accounts, as one process has them."""

from dataclasses import dataclass

from sqlalchemy import Engine

from app.access.codes import CodeService
from app.access.keys import KeyService
from app.access.limits import PREFIX, AttemptLimits
from app.access.login import LoginService
from app.access.own_password import PasswordService
from app.access.sessions import SessionService
from app.access.users import UserService
from app.storage.counters import shared_counters
from app.storage.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What routes and commands ask.

    Attributes:
        engine: of Postgres.
        users, keys, sessions, codes, logins, passwords: the services.
    """

    engine: Engine
    users: UserService
    keys: KeyService
    sessions: SessionService
    codes: CodeService
    logins: LoginService
    passwords: PasswordService


def build_accounts(resources: Resources) -> Accounts:
    """The services over servers that are connected already."""
    engine, settings = resources.engine, resources.settings
    limits = AttemptLimits(shared_counters(resources.request_redis, prefix=PREFIX))
    logins = LoginService(engine, limits)
    setup_code = None if settings.setup_code is None else settings.setup_code.get_secret_value()
    return Accounts(
        engine=engine,
        users=UserService(engine),
        keys=KeyService(engine, may_last=settings.keys_may_last),
        sessions=SessionService(engine),
        codes=CodeService(engine, limits, setup_code=setup_code),
        logins=logins,
        passwords=PasswordService(engine, logins),
    )
