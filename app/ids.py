"""Ids of reports and datasets, and names that people give.

An id is 32 hexadecimal digits, a UUID of version 7 (RFC 9562, section 5.7). Its first 48 bits are its creation time in
milliseconds, so the age of an id is known even after its record is gone.
"""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Version and variant bits, RFC 9562 section 4.
_VERSION_7: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62


_ID: Final = re.compile("[0-9a-f]{32}")

#: What people may give as a name: a regular expression.
NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"

_NAME: Final = re.compile(NAME)


def new_id(now: datetime) -> str:
    """A new id with 74 random bits."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    bits = (milliseconds << 80) | _VERSION_7 | (secrets.randbits(12) << 64) | _VARIANT | secrets.randbits(62)
    return f"{bits:032x}"


def is_id(text: str) -> bool:
    """Whether a text looks like an id. Any other text needs no query, least of all one that Postgres cannot store."""
    return _ID.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether people may give a text as a name, such as to a mapping, a schedule or a source."""
    return _NAME.fullmatch(text) is not None


def made_at(identifier: str) -> datetime | None:
    """When an id was made; None for a text that is not an id."""
    if len(identifier) != 32 or identifier[12] != "7" or identifier[16] not in "89ab" or not identifier.isascii():
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(identifier, 16) >> 80)
    except (ValueError, OverflowError):
        return None
