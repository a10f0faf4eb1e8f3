"""Masks secrets in output: known values, and whatever is in the place of a secret."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote, urlsplit

#: Replacement of a secret.
MASK: Final = "***"

#: Shorter values are not searched for: they would match parts of ordinary words. The patterns still find them.
SHORTEST_SECRET: Final = 4

#: The one pattern that needs none of _SIGNS: credentials of our own, of app/access/secrets.py.
_CREDENTIAL: Final = re.compile(r"(\boh[sar1]?_[0-9A-Za-z]{8})[0-9A-Za-z]{41}\b")

#: A text without any of these is matched by none of _PATTERNS. Most values of a log have none, and to look for one
#: character is cheap: every request writes a line.
_SIGNS: Final = re.compile(r"""[:=%"']""")

_QUOTED_OR = r"""(?:"[^"\n]*"|'[^'\n]*'|{bare})"""

#: Each keeps its first group and masks the rest.
_PATTERNS: Final = (
    # scheme://user:password@host; a password may hold an @ that should have been escaped.
    re.compile(r"(://[^\s/@:]*:)[^\s/]*(?=@)"),
    # Presigned links, and the headers that botocore signs; %3D is the = of a link inside of a link.
    re.compile(
        r"""(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D|["']?\s*:\s*b?["']?))[^&\s"'<>]+""", re.IGNORECASE
    ),
    re.compile(r"(\bSignature\s*[:=]\s*)[0-9a-f]{64}", re.IGNORECASE),
    # Headers, as written on the wire (to the end of the line) or as a pair or an item of a dict (quoted).
    re.compile(
        r"""(\b(?:(?:Proxy-)?Authorization|Idempotency-Key|X-Api-Key|(?:Set-)?Cookie)"""
        r"""(?:["']?\s*[:=]\s*(?-i:b(?=["']))?|["'],\s*b?|\s+(?=["'])))""" + _QUOTED_OR.format(bare=r"[^\n]+"),
        re.IGNORECASE,
    ),
    # password=…, as libpq and settings write it.
    re.compile(
        r"""((?<![a-z])(?:password|passwd|secret[_-]?(?:access[_-]?)?key|(?:session|access)[_-]?token|api[_-]?key)"""
        r"""["']?\s*[:=]\s*(?-i:b(?=["']))?)""" + _QUOTED_OR.format(bare=r"[^\s&,;]+"),
        re.IGNORECASE,
    ),
)


class Redactor:
    """Knows the secrets of this process."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._longest_first: Sequence[str] = ()  # a longer one may contain a shorter one

    def learn(self, secrets: Iterable[str | None]) -> None:
        """Mask these values from now on, and the password of an address."""
        before = len(self._known)
        for secret in secrets:
            self._known |= {one for one in _spellings(secret or "") if len(one) >= SHORTEST_SECRET}
        if len(self._known) > before:
            self._longest_first = sorted(self._known, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """The text with secrets masked."""
        # One pattern of all of them would be found faster, but takes 0.1 s to compile anew at the thousandth.
        for known in self._longest_first:
            if known in text:
                text = text.replace(known, MASK)
        if "oh" in text:
            text = _CREDENTIAL.sub(rf"\1{MASK}", text)
        if _SIGNS.search(text) is None:
            return text
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{MASK}", text)
        return text


def _spellings(secret: str) -> Iterator[str]:
    """The forms in which a secret may appear: plain, in an address, in a repr; and the password of an address."""
    if "://" in secret:
        yield secret
        secret = urlsplit(secret).password or ""
    for one in (secret, unquote(secret)):
        yield from (one, quote(one, safe=""), repr(one)[1:-1])
