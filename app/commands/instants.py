"""Instants as people type them, such as ``22 Jan 2023 18:00 UTC``, for options; HTTP takes ISO 8601 alone."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import product
from typing import Final

from dateutil import parser
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from app.errors import InvalidParameters

#: What stands in for parts that a text leaves out: what differs by these is not said by the text.
_DEFAULTS: Final = (datetime(2001, 1, 1, 0), datetime(2002, 2, 2, 1))  # noqa: DTZ001 - the zone is the text's

#: Names that mean the same to everybody; dateutil takes others for those of the machine.
_UTC: Final = frozenset({None, "UTC", "GMT", "Z"})

#: UTC+3 is east of Greenwich to most people, and west of it to POSIX and dateutil.
_EITHER_SIDE: Final = re.compile(r"(UTC|GMT|Z)\s*[+-]", re.IGNORECASE)

_accepted: Final = TypeAdapter(AwareDatetime)


def as_iso(text: str, *, option: str) -> str:
    """A typed instant in ISO 8601.

    What the server accepts, and what is no complete date with time and offset, comes back as it is: the server says
    what is wrong with it.

    Raises:
        InvalidParameters: day, month and year can be told in several ways.
    """
    try:
        _accepted.validate_python(text)
    except ValidationError:
        readings = _readings(text)
    else:
        return text
    if len(readings) > 1:
        dates = " or ".join(f"{one:%-d %B %Y}" for one in sorted(readings))
        raise InvalidParameters(f"{option}: {text!r} may be {dates}; write the month as a word, and all of the year")
    return readings.pop().isoformat() if readings else text


def _readings(text: str) -> set[datetime]:
    """What a text may mean; nothing if it leaves out a part."""
    if _EITHER_SIDE.search(text):
        return set()
    found = set()
    for dayfirst, yearfirst in product((False, True), repeat=2):
        try:
            read = [
                parser.parse(text, dayfirst=dayfirst, yearfirst=yearfirst, default=default, tzinfos=_offset)
                for default in _DEFAULTS
            ]
        except (ValueError, OverflowError):
            return set()
        if read[0].tzinfo is None or read[0] != read[1]:
            return set()
        found.add(read[0])
    return found


def _offset(name: str | None, seconds: int | None) -> tzinfo | None:
    return timezone(timedelta(seconds=seconds)) if name in _UTC and seconds is not None else None
