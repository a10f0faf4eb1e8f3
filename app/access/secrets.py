"""Credentials as text: a prefix that says what it is, 256 random bits, and a checksum that finds mistyped ones.

Only their SHA-256 is stored: that many random bits need no slow hash (OWASP ASVS 5.0, 6.5.2).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zlib import crc32

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

#: 62**43 > 2**256.
_RANDOM_LENGTH: Final = 43

#: 62**6 > 2**32.
_CHECKSUM_LENGTH: Final = 6

#: Characters of the random part by which lists and the audit name a credential.
_ID_LENGTH: Final = 8


class Kind(StrEnum):
    """What a credential is for, as the database names it."""

    KEY = "key"
    SESSION = "session"
    ACCESS = "access"
    REFRESH = "refresh"
    ONCE = "once"


#: How each kind begins.
PREFIXES: Final = {
    Kind.KEY: "oh_",
    Kind.SESSION: "ohs_",
    Kind.ACCESS: "oha_",
    Kind.REFRESH: "ohr_",
    Kind.ONCE: "oh1_",
}


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential. Its ``repr`` does not show it."""

    kind: Kind
    text: str

    def __repr__(self) -> str:
        return f"Secret({self.kind.value}, {self.id})"

    @property
    def id(self) -> str:
        """Eight characters by which people may name it."""
        start = len(PREFIXES[self.kind])
        return self.text[start : start + _ID_LENGTH]

    @property
    def hint(self) -> str:
        """How lists show it: the beginning and the last four characters."""
        return f"{PREFIXES[self.kind]}{self.id}…{self.text[-4:]}"

    @property
    def digest(self) -> bytes:
        """What is stored, 32 bytes."""
        return sha256(self.text.encode()).digest()


def new_secret(kind: Kind) -> Secret:
    """A new credential, from the random source of the operating system."""
    random = _base62(secrets.randbits(256), _RANDOM_LENGTH)
    return Secret(kind, PREFIXES[kind] + random + _checksum(PREFIXES[kind] + random))


def read_secret(text: str, kinds: Iterable[Kind]) -> Secret | None:
    """The credential that a text is, if it is one of these kinds and its checksum is right; needs no database."""
    for kind in kinds:
        prefix = PREFIXES[kind]
        if text.startswith(prefix) and len(text) == len(prefix) + _RANDOM_LENGTH + _CHECKSUM_LENGTH:
            body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
            return Secret(kind, text) if text.isascii() and _checksum(body) == checksum else None
    return None


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
