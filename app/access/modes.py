"""Who may come in without ceremony: by the settings, and by where the service listens."""

from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from app.errors import SetupError
from app.settings import Settings, listed

#: The session cookie over https: browsers take a name with this prefix from this very host and over https only.
SECURE_COOKIE: Final = "__Host-openhours"

#: The session cookie on loopback without https, where not all browsers keep a secure one.
PLAIN_COOKIE: Final = "openhours"


class Mode(StrEnum):
    """How the service knows who asks.

    ``local``: whoever connects from this machine may do everything. ``on``: by keys and sessions. ``proxy``: by keys,
    and by the name that a trusted proxy gives.
    """

    LOCAL = "local"
    ON = "on"
    PROXY = "proxy"


def mode_of(settings: Settings, *, host: str) -> Mode:
    """The mode of a service that listens on ``host``.

    Raises:
        SetupError: it would be open to a network, or would trust any proxy.
    """
    if settings.auth == "proxy":
        _require_trusted(settings)
        return Mode.PROXY
    if settings.auth == "off" and not is_loopback(host):
        raise SetupError(
            f"OPENHOURS_AUTH is off, but the service listens on {host}, where machines other than this one may "
            f"connect: anyone could do everything. Unset OPENHOURS_AUTH, and make the first user with the code that "
            "`openhours migrate` prints; or listen on 127.0.0.1."
        )
    return Mode.LOCAL if settings.auth != "on" and is_loopback(host) else Mode.ON


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine, and nothing but this machine can reach it."""
    name = host.lower()
    if name == "localhost":
        return True
    try:
        address = ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def cookie_name(*, is_secure: bool) -> str:
    """The name of the session cookie."""
    return SECURE_COOKIE if is_secure else PLAIN_COOKIE


def _require_trusted(settings: Settings) -> None:
    proxies = listed(settings.trusted_proxies)
    if not proxies or "*" in proxies:
        given = "unset" if not proxies else f"{settings.trusted_proxies!r}"
        raise SetupError(
            f"OPENHOURS_AUTH is proxy, but OPENHOURS_TRUSTED_PROXIES is {given}: anyone who connects could name any "
            "user. List the addresses or networks of the proxies, such as 10.0.0.7 or 10.1.0.0/16."
        )
