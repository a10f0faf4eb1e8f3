"""From a code of the provider to a session."""

from sqlalchemy import Engine

from app.access import audit
from app.access.oidc.attempt import Attempt
from app.access.oidc.configuration import OidcConfiguration, oidc_configuration
from app.access.oidc.identities import signed_in
from app.access.oidc.provider import Provider
from app.access.secrets import Secret
from app.access.sessions import SessionService
from app.errors import NotAllowed
from app.settings import Settings
from app.storage.postgres import database_errors


class SignOn:
    """Single sign-on of one installation; stateless, so that any replica can end what another began."""

    def __init__(self, engine: Engine, sessions: SessionService, configuration: OidcConfiguration) -> None:
        self._engine = engine
        self._sessions = sessions
        self._configuration = configuration
        self._provider = Provider(configuration)

    def login_address(self, attempt: Attempt) -> str:
        """Where to send the browser. Raises SingleSignOnUnavailable."""
        return self._provider.login_address(attempt)

    def session_of(
        self, code: str, attempt: Attempt, *, address: str | None, user_agent: str | None, instead_of: Secret | None
    ) -> Secret:
        """The session of whoever the code stands for.

        Raises:
            LoginFailed: the code is not good, the ID token not for this login, or the user disabled here.
            NotAllowed: no group of theirs has a role.
            SingleSignOnUnavailable: the provider does not answer, or not as it should.
        """
        identity = self._provider.identity_of(code, attempt)
        role = self._configuration.role_of(identity.groups)
        refused: NotAllowed | None = None
        with database_errors(), self._engine.begin() as connection:
            try:
                user_id = signed_in(connection, identity, role)
                audit.record(connection, "login", "user", user_id, issuer=identity.issuer)
            except NotAllowed as error:  # what it did has to be committed
                refused = error
        if refused is not None:
            raise refused
        return self._sessions.begin(user_id, address, user_agent, instead_of=instead_of)


def build_sign_on(engine: Engine, sessions: SessionService, settings: Settings) -> SignOn | None:
    """None without a provider. Raises SetupError for settings that do not suffice."""
    configuration = oidc_configuration(settings)
    return None if configuration is None else SignOn(engine, sessions, configuration)
