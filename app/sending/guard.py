"""Which addresses may be dialled: those of the public internet, and those inside that the operator has allowed.

Whoever may make a webhook names an address, and this machine dials it: without a guard, also a database next to it or
the metadata service of the cloud. So an address is written in one way only, a name is resolved once, all that it
resolves to is vetted, and one of exactly these addresses is dialled. What a name says the next time does not matter.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from app.wording.values import shown

#: Longest address of a receiver, characters.
LONGEST_URL: Final = 2_000

#: The setting that lists receivers inside.
SETTING: Final = "OPENHOURS_WEBHOOK_ALLOW"

Address = IPv4Address | IPv6Address

#: Gives the addresses of a name and a port, as texts; OSError if there are none.
Resolver = Callable[[str, int], Sequence[str]]

#: Parts of names, in lower case. The last begins with a letter: one that begins with a digit is an address in some
#: other spelling, such as 127.1 or 0x7f.1, which the system's resolver would take.
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")

_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::([0-9]{1,5}))?")

#: Ends of names that only mean something inside a network.
_INSIDE: Final = ("localhost", "local", "localdomain", "internal", "home.arpa")

#: Below this, ports belong to services that are none of HTTP, such as mail.
_FIRST_FREE_PORT: Final = 1_024

_PORTS: Final = {"https": 443, "http": 80}

#: The only part of IPv6 that is routed between networks.
_UNICAST: Final = IPv6Network("2000::/3")

#: IPv4 addresses behind a translator: the last 32 bits are where it leads (RFC 6052). Its prefix for translators of
#: one's own, 64:ff9b:1::/48, is outside of _UNICAST and stays refused: nobody knows where those lead.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")

#: What some versions of ipaddress call global, and where no receiver is.
_SPECIAL: Final = (
    IPv4Network("192.0.0.0/24"),  # of protocols; one cloud has its metadata service there
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # the host of a virtual machine in one cloud
    IPv6Network("2001::/23"),  # of protocols; Teredo, which leads to an IPv4 address
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4, which leads to an IPv4 address
    IPv6Network("3fff::/20"),  # documentation
)


class Refused(ValueError):
    """Our own refusal, as a sentence for people. Of a name it does not tell where it leads to."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver's address in its parts.

    Attributes:
        is_tls: https, not http.
        host: an address without brackets, or a name in lower case.
        target: path and query.
    """

    is_tls: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """As the header ``Host`` has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.is_tls else "http"] else f"{host}:{self.port}"


class Guard:
    """Vets receivers.

    Args:
        allow: receivers inside, separated by commas: networks such as ``10.1.0.0/16``, names, and ``*.suffix`` for all
            names below a suffix. A name that is allowed may lead anywhere.

    Raises:
        ValueError: the list cannot be read; the message says which part.
    """

    def __init__(self, allow: str | None = None) -> None:
        parts = [part for part in (one.strip().lower() for one in (allow or "").split(",")) if part]
        networks = {part: _network(part) for part in parts}
        self._networks = tuple(network for network in networks.values() if network is not None)
        self._names = frozenset(part for part, network in networks.items() if network is None)

    def check_url(self, url: str) -> Receiver:
        """What can be said of an address without resolving a name; ``vet`` decides at each attempt.

        Raises:
            Refused: it cannot be read, or leads inside and is not on the list.
        """
        receiver = _parsed(url)
        host = _host(receiver.host)
        if isinstance(host, str):
            # Where its addresses lie is seen at an attempt: any network of the list may be that.
            may_be_allowed = bool(self._networks) or self._allows_name(host)
            is_public = not _is_inside(host)
        else:
            may_be_allowed, is_public = self._allows(host), _is_public(host)
        if not may_be_allowed:
            _refuse_unless(is_public, receiver.host, receiver.port, is_tls=receiver.is_tls)
        return receiver

    def vet(self, host: str, port: int, resolve: Resolver, *, is_tls: bool = True) -> tuple[Address, ...]:
        """The addresses that may be dialled for a host; a name is resolved once.

        Raises:
            Refused: one of its addresses may not be.
            OSError: the name has no address, or nobody says so.
        """
        parsed = _host(host)
        if isinstance(parsed, str):
            addresses, is_allowed = _resolved(parsed, port, resolve), self._allows_name(parsed)
        else:
            addresses, is_allowed = (parsed,), False
        if not is_allowed and not all(map(self._allows, addresses)):
            is_public = all(self._allows(one) or _is_public(one) for one in addresses)
            _refuse_unless(is_public, host, port, is_tls=is_tls)
        return addresses

    def _allows_name(self, name: str) -> bool:
        labels = name.split(".")
        return name in self._names or any(
            f"*.{'.'.join(labels[first:])}" in self._names for first in range(1, len(labels))
        )

    def _allows(self, address: Address) -> bool:
        return any(_real(address) in network or address in network for network in self._networks)


def _network(part: str) -> IPv4Network | IPv6Network | None:
    """A part of the list as a network; None if it is a name.

    Raises:
        ValueError: it is neither.
    """
    if _NAME.fullmatch(part.removeprefix("*.")):
        return None
    try:
        return ip_network(part)
    except ValueError as error:
        reason = ": bits are set after its prefix" if "host bits" in str(error) else ""
        raise ValueError(
            f"{part!r} is neither a network such as 10.1.0.0/16, nor a host name, nor *.suffix{reason}"
        ) from None


def _parsed(url: str) -> Receiver:
    if len(url) > LONGEST_URL:
        raise Refused(f"The address has {len(url):,} characters; at most {LONGEST_URL:,} are allowed.")
    if wrong := re.search(r"[^!-~]|[\\^`{|}<>\"]", url):
        raise Refused(
            f"The address has {shown(wrong[0])} at character {wrong.start() + 1}. Write names beyond ASCII as xn--…, "
            "and other characters percent-encoded."
        )
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _PORTS:
        raise Refused("The address must begin with https://, as in https://host/path.")
    if "#" in rest:
        raise Refused("The address has a fragment, #…, which is never sent. Leave it out.")
    authority, _, _ = rest.replace("?", "/").partition("/")
    if "@" in authority:
        raise Refused("The address has a user or a password before @. Leave them out: deliveries are signed.")
    found = _AUTHORITY.fullmatch(authority)
    port = int(found[2] or _PORTS[scheme.lower()]) if found else 0
    if found is None or not 1 <= port < 1 << 16:
        raise Refused(f"{shown(authority)} is not a host, or a host and a port from 1 to 65535.")
    host = found[1].lower()
    is_bracketed = host.startswith("[")
    parsed = _host(host[1:-1] if is_bracketed else host)
    if is_bracketed and not isinstance(parsed, IPv6Address):
        raise Refused(f"{shown(host)} is not an IPv6 address in brackets.")
    target = rest[len(authority) :]
    return Receiver(scheme.lower() == "https", str(parsed), port, target if target.startswith("/") else f"/{target}")


def _host(text: str) -> Address | str:
    """An address in its usual spelling, or a name.

    Raises:
        Refused: it is neither.
    """
    if _NAME.fullmatch(text.lower()):
        return text.lower()
    try:
        if "%" not in text:  # an interface of this machine
            return ip_address(text)
    except ValueError:
        pass
    raise Refused(
        f"{shown(text)} is neither the name of a host nor an address in the usual notation, such as 203.0.113.7."
    )


def _resolved(name: str, port: int, resolve: Resolver) -> tuple[Address, ...]:
    found: tuple[Address, ...] = tuple(dict.fromkeys(map(ip_address, resolve(name, port))))
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found


def _is_inside(name: str) -> bool:
    return "." not in name or name.endswith(tuple(f".{end}" for end in _INSIDE))


def _real(address: Address) -> Address:
    """Where an address leads to: an IPv4 address may be written as one of IPv6."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    real = _real(address)
    return (
        real.is_global
        and not (real.is_multicast or real.is_reserved)
        and not any(real in network for network in _SPECIAL)
        and (isinstance(real, IPv4Address) or real in _UNICAST)
    )


def _refuse_unless(is_public: bool, host: str, port: int, *, is_tls: bool) -> None:  # noqa: FBT001 - reads aloud
    """Raise Refused for what the list does not allow, unless it is public and reached as such receivers are."""
    if not is_public:
        raise Refused(
            f"{shown(host)} does not lead only to the public internet. The operator of this service can allow internal "
            f"receivers with {SETTING}."
        )
    if not is_tls:
        raise Refused(f"http is only for internal receivers that {SETTING} allows. Use https.")
    if port < _FIRST_FREE_PORT and port not in _PORTS.values():
        raise Refused(
            f"Port {port} is that of another protocol. Allowed are 443, 80 and all from {_FIRST_FREE_PORT:,}; others "
            f"only for receivers inside that {SETTING} allows."
        )
