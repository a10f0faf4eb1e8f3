"""The server that mails are handed in to, as ``OPENHOURS_SMTP_URL`` names it."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote

from app.addresses.parts import like, parts_of

#: Ports of mail that is handed in: TLS from the first byte (RFC 8314), and with STARTTLS (RFC 6409).
_PORTS: Final = {"smtps": 465, "smtp": 587}

_EXAMPLE: Final = "smtps://user:password@mail.example.org:465"


class Security(StrEnum):
    TLS = "tls"  # from the first byte
    STARTTLS = "starttls"  # asked for before anything is said; a server without it gets no mail
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mails are handed in. Its repr has no password."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse(url: str) -> Server:
    """The server of an address; the setting is ``OPENHOURS_SMTP_URL``.

    ``smtps://user:password@host:465`` speaks TLS from the first byte. ``smtp://user:password@host:587`` requires
    STARTTLS, unless the host is this machine, which is spoken to as it is; ``?tls=none`` and ``?tls=starttls`` say
    otherwise. User and password are percent-encoded; without them nobody logs in. No password leaves this machine
    without TLS.

    Raises:
        ValueError: it is none. The message continues "OPENHOURS_SMTP_URL …" and repeats nothing of the address: where
            something is wrong with it, what looks like a host or a path may be a piece of the password.
    """
    parts = parts_of(url, schemes=tuple(_PORTS), example=_EXAMPLE)
    host = (parts.hostname or "").removesuffix(".")
    if "," in host or parts.path not in {"", "/"}:
        raise ValueError(f"has a path or several hosts in it. {like(_EXAMPLE)}")
    user, password = _credentials(parts)
    security = _security(parts, host)
    if security is Security.NONE and user is not None and not _is_loopback(host):
        raise ValueError("would send the password unencrypted: remove tls=none, or the password")
    return Server(host=host, port=parts.port or _PORTS[parts.scheme], security=security, user=user, password=password)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None:
        return None, None
    if re.search(r"%(?![0-9A-Fa-f]{2})", f"{parts.username}:{parts.password}"):
        raise ValueError(f"has a % in the user or the password that starts no code. {like(_EXAMPLE)}")
    user, password = unquote(parts.username), unquote(parts.password or "")
    if not user or not password:
        raise ValueError("has a user without a password, or a password without a user")
    if not (user + password).isascii() or not (user + password).isprintable():
        raise ValueError(
            "has a user or a password with characters that are not ASCII, or invisible: SMTP does not support them"
        )
    return user, password


def _security(parts: SplitResult, host: str) -> Security:
    asked = parse_qsl(parts.query, keep_blank_values=True)
    if not asked and not parts.query:
        if parts.scheme == "smtps":
            return Security.TLS
        return Security.NONE if _is_loopback(host) else Security.STARTTLS
    if parts.scheme == "smtp" and asked in ([("tls", "none")], [("tls", "starttls")]):
        return Security(asked[0][1])
    raise ValueError("has an unknown option after the ?; allowed after smtp://: ?tls=starttls or ?tls=none")
