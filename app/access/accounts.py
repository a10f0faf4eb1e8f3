"""All services of accounts, as one process has them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from app.access.codes import CodeService
from app.access.keys import KeyService
from app.access.known import Known
from app.access.limits import PREFIX, AttemptLimits
from app.access.login import LoginService
from app.access.own_password import PasswordService
from app.access.own_second_factor import SecondFactorService
from app.access.second_factor import SecondFactors, demanded_roles
from app.access.server_secret import server_secret
from app.access.sessions import SessionService
from app.access.token_pairs import TokenService
from app.access.users import UserService
from app.errors import SetupError
from app.storage.counters import shared_counters
from app.storage.resources import Resources

if TYPE_CHECKING:
    from app.access.oidc.sign_on import SignOn


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What routes and commands ask.

    Attributes:
        engine: of Postgres.
        users, keys, sessions, codes, logins, passwords, factors, tokens: the services.
        sign_on: single sign-on; None without a provider.
    """

    engine: Engine
    users: UserService
    keys: KeyService
    sessions: SessionService
    codes: CodeService
    logins: LoginService
    passwords: PasswordService
    factors: SecondFactorService
    tokens: TokenService
    sign_on: "SignOn | None"


def build_accounts(resources: Resources, known: Known) -> Accounts:
    """The services over servers that are connected already. Raises SetupError for settings that do not suffice."""
    engine, settings = resources.engine, resources.settings
    limits = AttemptLimits(shared_counters(resources.request_redis, prefix=PREFIX))
    factors = SecondFactors(server_secret(settings), demanded_of=demanded_roles(settings.second_factor_roles))
    logins, sessions = LoginService(engine, limits, factors), SessionService(engine)
    setup_code = None if settings.setup_code is None else settings.setup_code.get_secret_value()
    return Accounts(
        engine=engine,
        users=UserService(engine),
        keys=KeyService(engine, may_last=settings.keys_may_last),
        sessions=sessions,
        codes=CodeService(engine, limits, setup_code=setup_code),
        logins=logins,
        passwords=PasswordService(engine, logins),
        factors=SecondFactorService(engine, factors, logins, limits),
        tokens=TokenService(engine, logins, factors, known),
        sign_on=_sign_on(resources, sessions),
    )


def _sign_on(resources: Resources, sessions: SessionService) -> "SignOn | None":
    if resources.settings.oidc_issuer is None:
        return None
    try:
        from app.access.oidc.sign_on import build_sign_on  # noqa: PLC0415 - an extra brings what it imports
    except ImportError as error:
        raise SetupError(
            f"OPENHOURS_OIDC_ISSUER is set, but {error.name} is not installed. Install openhours[oidc]."
        ) from error
    return build_sign_on(resources.engine, sessions, resources.settings)
