"""What an operator says about the provider."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from app.access.scopes import Role
from app.errors import SetupError
from app.settings import Settings, listed

#: Where the provider sends browsers back to.
CALLBACK_PATH: Final = "/login/oidc/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfiguration:
    """Of one provider.

    Attributes:
        issuer: its name, and the address of its description.
        client_id, client_secret: what it knows this service by.
        redirect_uri: the address of CALLBACK_PATH, exactly as it is registered there.
        roles: the role of each group.
        scopes: what is asked for, separated by spaces.
        groups_claim: the claim of the ID token that lists groups.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    roles: dict[str, Role]
    scopes: str
    groups_claim: str

    def role_of(self, groups: list[str]) -> Role | None:
        """The highest role that these groups give, or None if none of them gives one."""
        order = list(Role)
        return max((self.roles[group] for group in groups if group in self.roles), key=order.index, default=None)


def oidc_configuration(settings: Settings) -> OidcConfiguration | None:
    """The provider of the settings, None without an issuer.

    Raises:
        SetupError: an issuer without what else it takes.
    """
    if settings.oidc_issuer is None:
        return None
    needed = {
        "OPENHOURS_OIDC_CLIENT_ID": settings.oidc_client_id,
        "OPENHOURS_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "OPENHOURS_OIDC_ROLES": settings.oidc_roles,
        "OPENHOURS_PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing or not (settings.oidc_client_id and settings.oidc_client_secret and settings.public_url):
        raise SetupError(f"OPENHOURS_OIDC_ISSUER is set, but not {' and '.join(missing)}.")
    if urlsplit(settings.oidc_issuer).scheme != "https" and not _is_loopback(settings.oidc_issuer):
        raise SetupError("OPENHOURS_OIDC_ISSUER must begin with https://, except on loopback.")
    try:
        roles = roles_of_groups(settings.oidc_roles or "")
    except ValueError as error:
        raise SetupError(f"OPENHOURS_OIDC_ROLES: {error}.") from error
    return OidcConfiguration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        redirect_uri=settings.public_url.rstrip("/") + CALLBACK_PATH,
        roles=roles,
        scopes=settings.oidc_scopes,
        groups_claim=settings.oidc_groups_claim,
    )


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def roles_of_groups(text: str) -> dict[str, Role]:
    """Roles of groups, such as ``ops=operator,openhours-admins=admin``.

    Raises:
        ValueError: the text is not a list of such pairs.
    """
    roles: dict[str, Role] = {}
    for pair in listed(text):
        group, _, role = pair.rpartition("=")
        if not group.strip() or role.strip() not in [*Role]:
            raise ValueError(f"{pair!r} is not a group and its role, such as ops=operator; roles: {', '.join(Role)}")
        roles[group.strip()] = Role(role.strip())
    return roles
