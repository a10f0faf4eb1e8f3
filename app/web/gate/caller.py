"""Where a request comes from: the peer of the connection, and the client as trusted proxies tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.types import Scope

#: Under which key of the scope it stands.
KEY: Final = "openhours.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """Of one request.

    Attributes:
        request_id: 32 hexadecimal digits.
        peer: the other end of the connection, as the socket has it; None if it is no IP address.
        address: the client: the last address of ``X-Forwarded-For`` that is no trusted proxy, or the peer.
        is_proxied: whether the peer is a trusted proxy.
    """

    request_id: str
    peer: str | None
    address: str | None
    is_proxied: bool


def caller_of(scope: Scope) -> Caller:
    """The caller of a request."""
    caller: Caller = scope[KEY]
    return caller


class TrustedProxies:
    """Addresses and networks of the settings."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = "*" in texts
        self._networks = tuple(ip_network(text) for text in texts if text != "*")
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def __bool__(self) -> bool:
        return self._all or bool(self._networks)

    def client(self, peer: str, forwarded: Sequence[str]) -> str:
        """Who stands behind the proxies: from the nearest on, the first that is not trusted.

        ``forwarded`` are the addresses of ``X-Forwarded-For``, the farthest first; a client may have made them up, all
        but those that trusted proxies have added. One that is no address ends the search.
        """
        client = peer
        for text in reversed(forwarded):
            address = _address(text)
            if address is None:
                break
            client = address
            if not self.trusts(address):
                break
        return client

    def _trusts(self, address: str) -> bool:
        if self._all:
            return True
        one = ip_address(address)
        mapped = getattr(one, "ipv4_mapped", None)
        return any((mapped or one) in network for network in self._networks)


@lru_cache(maxsize=1024)
def ip_of(text: str | None) -> str | None:
    """An IP address as Postgres takes it, or None: a socket of Unix has none."""
    try:
        return None if text is None else str(ip_address(text))
    except ValueError:
        return None


def _address(text: str) -> str | None:
    """The address of an entry, which may have a port: ``192.0.2.1:4711``, ``[2001:db8::1]:4711``."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return ip_of(text)
