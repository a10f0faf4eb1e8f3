"""The guards of local mode: loopback is not private, as pages and proxies on this machine reach it, too."""

from typing import Final

from starlette.datastructures import Headers

from app.access.modes import is_loopback
from app.errors import NotAuthenticated, WrongHost

#: Headers that a proxy adds: then whoever connects from this machine may ask for anyone.
_OF_PROXIES: Final = (
    *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"),
    *("x-forwarded-user", "x-forwarded-server", "x-real-ip", "via", "remote-user"),
)


def check(headers: Headers, *, peer: str | None) -> None:
    """Let pass what a program on this machine asks of this machine.

    Raises:
        WrongHost: it was asked by another name, which another site may have pointed at this machine (DNS rebinding).
        NotAuthenticated: it comes from another machine, or through a proxy.
    """
    host = headers.get("host", "")
    if not is_loopback(_without_port(host)):
        raise WrongHost(
            f"The service was asked as {host!r}, but without users it answers only to localhost, 127.0.0.1 and [::1]. "
            "Use one of these, or set OPENHOURS_AUTH=on and make users."
        )
    if peer is None or not is_loopback(peer):
        raise NotAuthenticated(
            f"The request comes from {peer or 'an unknown address'}, but without users only this machine may ask. Set "
            "OPENHOURS_AUTH=on and make users."
        )
    found = next((name for name in headers if name in _OF_PROXIES or name.startswith("x-forwarded-")), None)
    if found is not None:
        raise NotAuthenticated(
            f"The request has the header {found}, so it came through a proxy, and without users only this machine may "
            "ask. Set OPENHOURS_AUTH=on and make users, or let the proxy name them with OPENHOURS_AUTH=proxy."
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        address, end, port = host.partition("]")
        return address + end if not port or _is_port(port) else ""
    name, colon, port = host.partition(":")
    return name if not colon or _is_port(f":{port}") else ""


def _is_port(text: str) -> bool:
    return text[0] == ":" and text[1:].isascii() and text[1:].isdigit()
