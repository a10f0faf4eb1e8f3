"""Addresses of servers, such as ``redis://:password@redis.example:6379/0``: their parts, or what is wrong with one."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

_LABEL: Final = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")

#: What ends a user, a password or a host, or begins a code.
_SPECIAL: Final = "/?#@:%[]"


def parts_of(url: str, *, schemes: Sequence[str], example: str, needs_host: bool = True) -> SplitResult:
    """The parts of an address, which can be told apart; its host may be several with commas.

    Args:
        url: an address.
        schemes: those that it may begin with.
        example: a good address.
        needs_host: whether there is none without a host.

    Raises:
        ValueError: it is none. The message continues "OPENHOURS_… …" and repeats nothing of the address: where
            something is wrong with it, what looks like a host or a path may be a piece of the password.
    """
    if not url.isprintable() or " " in url:
        raise ValueError("has a space or an invisible character in it; in a password a space is written as %20")
    if not url.lower().startswith(tuple(f"{one}://" for one in schemes)):
        raise ValueError(f"does not begin with {' or '.join(f'{one}://' for one in schemes)}, such as {example}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        wrong = "has a host or a port that cannot be read; a port is a number from 1 to 65535"
        raise ValueError(f"{wrong}. {like(example)}") from None
    host = parts.hostname or ""
    if "@" in parts.netloc.rpartition("@")[0] + parts.path + parts.query + parts.fragment:
        raise ValueError(f"has an @ that is not the one right before the host. {like(example)}")
    if (host or needs_host) and not all(map(_is_host, host.split(","))):
        raise ValueError(f"has no host, or one that is neither a name in ASCII nor an IP address. {like(example)}")
    if parts.fragment or port == 0:
        raise ValueError(f"has a fragment or port 0 in it. {like(example)}")
    return parts


def like(example: str) -> str:
    """How an address is written."""
    if "@" not in example:
        return f"It must look like {example}"
    codes = " ".join(f"%{ord(one):02X}" for one in _SPECIAL)
    return (
        f"It must look like {example}, and in the user and the password the characters {' '.join(_SPECIAL)} are "
        f"written as {codes}"
    )


def _is_host(host: str) -> bool:
    """Whether it is a name, which may end with a dot, or an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return _HOST.fullmatch(host.removesuffix(".")) is not None
    return True
