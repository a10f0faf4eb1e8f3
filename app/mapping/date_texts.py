"""Parts of the texts of dates: offsets, names of zones, and why a text is no date."""

import re
from calendar import monthrange
from functools import lru_cache
from typing import Final

from app.timeline import HOUR, SECOND
from app.timeline.zones import known_zones

#: No text of a date has more characters.
_LONGEST: Final = 100

#: The name of a time zone behind a time: 2024-05-01 10:00 Europe/Berlin, 2024-05-01T10:00+02:00[Europe/Berlin].
_ZONED: Final = re.compile(r"(?P<time>.*?[^ ]) *(?:\[(?P<in>[^\]]+)\]|(?P<name>[A-Z][A-Za-z_]+/[A-Za-z0-9_/+-]+))")


#: What is odd about texts that begin so.
_ODD: Final = {
    re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}$"): (
        "a spreadsheet has rounded it; export it again with all digits, as a number without decimals"
    ),
    re.compile(r".*:[0-9]{2}:60"): "it is a leap second; write the second after it",
    re.compile(r".*[T ]24:"): "a day ends at 23:59:59; write 00:00 of the next one",
    re.compile(r"[A-Za-z]{3} +[0-9]{1,2} +[0-9]{2}:[0-9]{2}"): "it has no year",
}


@lru_cache(maxsize=1024)
def offset_of(text: str) -> int | None:
    """An offset from UTC, microseconds."""
    if not text:
        return None
    text = text.removeprefix("UTC").removeprefix("GMT").strip()
    if not text or text[0] in "Zz":
        return 0
    hours, colon, minutes = text[1:].partition(":")
    digits = f"{hours:>02}{minutes:0<2}" if colon or len(hours) <= 2 else hours
    size = int(digits[:2]) * HOUR + int(digits[2:]) * 60 * SECOND
    return size if text[0] == "+" else -size


def without_zone(text: str) -> tuple[str, str | None]:
    """A text without the name of a time zone behind it, and that name."""
    found = _ZONED.fullmatch(text) if len(text) <= _LONGEST else None
    zone = None if found is None else found["in"] or found["name"]
    return (text, None) if found is None or zone not in known_zones() else (found["time"], zone)


def why_not(text: str) -> str:
    """What is odd about a text that is no time, where that can be told."""
    plain = text.strip()
    if (odd := next((told for form, told in _ODD.items() if form.match(plain)), None)) is not None:
        return f": {odd}"
    if (found := re.search(r" ([A-Z]{2,5})$", plain)) and found[1] not in {"AM", "PM"}:
        name = found[1]
        return (
            f": {name} is an abbreviation that several places use; name the letters in a pattern, and the offset that "
            f'they mean: "date": "YYYY-MM-DD HH:mm:ss [{name}]", "zone": "Etc/GMT+5" for five hours behind UTC. Write '
            "the offset behind each time, such as -05:00, if a file has several"
        )
    if found := re.match(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", plain):
        year, month, day = map(int, found.groups())
        if 1 <= month <= 12 and day > monthrange(max(year, 1), month)[1]:
            return f": that month has {monthrange(max(year, 1), month)[1]} days"
    return ""
