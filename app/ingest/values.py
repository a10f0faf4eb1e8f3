"""Text of a CSV field to a value: one function per type, each raising Wrong with a code and a reason for people."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, TypeVar

from app.flow.spellings import project_key, repository_key
from app.ingest.zones import hint
from app.timeline import DAY, EARLIEST, HOUR, LATEST, SECOND, to_micros
from app.timeline.zones import known_zones

#: Longest key of an entity, characters.
KEY_LENGTH: Final = 255

#: Highest number of a pull request, and of lines: what four bytes hold.
HIGHEST_NUMBER: Final = 2**31 - 1

#: Highest number of something in another system: what eight bytes hold.
HIGHEST_LONG_NUMBER: Final = 2**63 - 1

#: Longest duration, in years and in seconds: a longer one is an error, and the sum of two of 1e308 is infinite.
LONGEST_YEARS: Final = 100
LONGEST_MINUTES: Final = 525_600
LONGEST_SECONDS: Final = LONGEST_YEARS * 365 * 24 * 3600

# Python takes any character between date and time.
_SEPARATED = re.compile(r"[0-9W-]+[T ][0-9].*")
# Characters that Python calls printable although they are invisible (Unicode: Default_Ignorable_Code_Point), and the
# blank pattern of braille.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_LONG = re.compile(r"[0-9]{1,19}")
_TIME_OF_DAY = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?")


class Wrong(ValueError):
    """An invalid text: a stable code, and a reason that continues "<value> …"."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def is_visible(text: str) -> bool:
    """Whether every character of a text is visible: no control, bidirectional or zero-width characters."""
    return text.isprintable() and _INVISIBLE.search(text) is None


def key(text: str) -> str:
    """The key of an entity: any printable text, kept as it is."""
    if not text:
        raise Wrong("empty", "is empty")
    if len(text) > KEY_LENGTH:
        raise Wrong("too_long", f"is longer than {KEY_LENGTH} characters")
    if not is_visible(text):
        raise Wrong("invisible_characters", "has invisible characters")
    if text != text.strip():
        raise Wrong("outer_space", "begins or ends with a space")
    return text


def project(text: str) -> str:
    """The name of a Python project, normalised: case, and runs of - _ and . do not matter (PEP 503)."""
    name = project_key(key(text))
    if name is None:
        raise Wrong("bad_project", "is not the name of a project: letters, digits, and - _ . between them")
    return name


def repository(text: str) -> str:
    """The key of a repository, ``owner/name``; of an address such as https://github.com/owner/name.git, that part."""
    return key(repository_key(key(text)))


T = TypeVar("T")


def choice(allowed: Mapping[str, T]) -> Callable[[str], T]:
    """One of a fixed list of words, spelled exactly so."""

    def parse(text: str) -> T:
        if text not in allowed:
            raise Wrong("not_allowed", f"is not one of {', '.join(allowed)}")
        return allowed[text]

    return parse


def instant(text: str) -> int:
    """An instant with its zone to microseconds since the epoch: ``… UTC``, or ISO 8601 with ``Z`` or an offset.

    Digits beyond microseconds are dropped.
    """
    iso = text.removesuffix(" UTC") + "Z" if text.endswith(" UTC") else text
    try:
        parsed = datetime.fromisoformat(iso if _SEPARATED.fullmatch(iso) else "")
    except ValueError:
        raise Wrong(
            "bad_timestamp", "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00"
        ) from None
    if parsed.tzinfo is None:
        raise Wrong("no_zone", "is ambiguous: it has neither UTC, Z nor an offset such as +01:00")
    if not EARLIEST <= parsed <= LATEST:
        raise Wrong("out_of_range", f"is not between {EARLIEST.year} and {LATEST.year}")
    return to_micros(parsed)


def duration(text: str) -> float:
    """A number of seconds from 0 to LONGEST_SECONDS."""
    if _NUMBER.fullmatch(text) is None:
        raise Wrong("bad_duration", "is not a number of seconds such as 715 or 1.5")
    seconds = float(text)
    if seconds < 0:
        raise Wrong("negative", "is negative")
    if seconds > LONGEST_SECONDS:
        raise Wrong("out_of_range", f"is more than {LONGEST_YEARS} years, {LONGEST_SECONDS:,} seconds")
    return seconds + 0.0  # turns -0 into 0


def date_of(text: str) -> int:
    """A date to days since 1970-01-01."""
    try:
        parsed = date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise Wrong("bad_date", "is not a date such as 2023-01-14") from None
    if not EARLIEST.date() <= parsed < LATEST.date():
        raise Wrong("out_of_range", f"is not between {EARLIEST.year} and {LATEST.year}")
    return (parsed - EARLIEST.date()).days


def number(text: str) -> int:
    """The number of a pull request, 1 or more."""
    if _WHOLE.fullmatch(text) is None or not 0 < int(text) <= HIGHEST_NUMBER:
        raise Wrong("bad_number", f"is not a whole number from 1 to {HIGHEST_NUMBER:,}")
    return int(text)


def count(text: str) -> int:
    """A whole number, 0 or more."""
    if _WHOLE.fullmatch(text) is None or int(text) > HIGHEST_NUMBER:
        raise Wrong("bad_number", f"is not a whole number from 0 to {HIGHEST_NUMBER:,}")
    return int(text)


def names(text: str) -> str:
    """Names, separated by semicolons or commas, or as a JSON list, to a JSON list of each once."""
    try:
        found = json.loads(text) if text.startswith("[") else re.split("[;,]", text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Wrong("bad_names", 'is neither names such as bug;ui nor a JSON list of them such as ["bug", "ui"]')
    if "\0" in text or any("\0" in one for one in found):
        raise Wrong("invisible_characters", "has invisible characters")
    return json.dumps(list(dict.fromkeys(name for one in found if (name := one.strip()))), ensure_ascii=False)


def minutes(text: str) -> int:
    """A whole number of minutes, 0 to LONGEST_MINUTES."""
    if _WHOLE.fullmatch(text) is None or int(text) > LONGEST_MINUTES:
        raise Wrong("bad_minutes", f"is not a whole number of minutes from 0 to {LONGEST_MINUTES:,}")
    return int(text)


def weekday(text: str) -> int:
    """A weekday, 0 = Monday … 6 = Sunday."""
    if len(text) != 1 or text not in "0123456":
        raise Wrong("bad_weekday", "is not a weekday from 0 (Monday) to 6 (Sunday)")
    return int(text)


def opening_time(text: str) -> int:
    """A local time of day before 24:00 to microseconds after midnight."""
    at = _time_of_day(text)
    if at is None or at >= DAY:
        raise Wrong("bad_time", "is not a time of day such as 09:00 or 09:00:00, from 00:00 to 23:59:59")
    return at


def closing_time(text: str) -> int:
    """A local time of day, 24:00 included, to microseconds after midnight."""
    at = _time_of_day(text)
    if at is None or at > DAY:
        raise Wrong("bad_time", "is not a time of day such as 17:00 or 17:00:00, from 00:00 to 24:00")
    return at


def _time_of_day(text: str) -> int | None:
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    if int(minute) > 59 or int(second or 0) > 59:
        return None
    return int(hour) * HOUR + (int(minute) * 60 + int(second or 0)) * SECOND + int((fraction or "0").ljust(6, "0"))


def zone(text: str) -> str:
    """A name of the IANA time zone database, spelled exactly so."""
    if text not in known_zones():
        raise Wrong("unknown_zone", f"is not a zone of the IANA time zone database such as America/Chicago{hint(text)}")
    return text


def long_number(text: str) -> int:
    """A number by which another system knows something, 1 or more: what eight bytes hold."""
    if _LONG.fullmatch(text) is None or not 0 < int(text) <= HIGHEST_LONG_NUMBER:
        raise Wrong("bad_number", f"is not a whole number from 1 to {HIGHEST_LONG_NUMBER:,}")
    return int(text)


def any_text(text: str) -> str:
    """Any text that is not empty, kept as it is; a database cannot hold a NUL character."""
    if not text:
        raise Wrong("empty", "is empty")
    if "\0" in text:
        raise Wrong("invisible_characters", "has invisible characters: NUL")
    return text


def short_text(text: str) -> str:
    """The same, of at most as many characters as a key has."""
    if len(text) > KEY_LENGTH:
        raise Wrong("too_long", f"is longer than {KEY_LENGTH} characters")
    return any_text(text)
