"""The dates of a calendar as text that people edit, as a CSV file, and what changes from some to others."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from app.console.asking import wrong
from app.console.texts import Texts
from app.console.week_fields import short_time

_TIME: Final = r"\d\d:\d\d(?::\d\d)?"

#: A line of the text: the date, ``closed`` or times, and a name.
_LINE: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:\s+(closed|{_TIME}-{_TIME}))?(?:\s+(.*))?", re.ASCII | re.IGNORECASE)

_TIMES: Final = ("start_time_local", "end_time_local")

#: Columns of a CSV file that are read of each date.
_COLUMNS: Final = ("date", "what", *_TIMES, "name")

#: How much of a line or of a header a refusal repeats, characters.
_SHOWN: Final = 200

Day = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a calendar would have, and how that differs from what it has.

    Attributes:
        count: of its dates.
        same: of them, those that stay as they are.
        lines: date, ``+`` added, ``-`` taken out or ``~`` changed, what was said of it and what would be.
    """

    count: int
    same: int
    lines: Sequence[tuple[str, str, str, str]]


def change(before: Iterable[Day], after: Iterable[Day]) -> Change:
    """How the dates of a calendar would change."""
    old, new = _by_date(before), _by_date(after)
    lines = [
        (on, "+" if on not in old else "-" if on not in new else "~", old.get(on, ""), new.get(on, ""))
        for on in sorted({*old, *new})
        if old.get(on) != new.get(on)
    ]
    return Change(len(new), sum(new[on] == old.get(on) for on in new), lines)


def text_of(days: Iterable[Day]) -> str:
    """Dates as people edit them, one a line."""
    return "\n".join(f"{day['date']} {said(day)}" for day in days)


def said(day: Day) -> str:
    """What is said of a date: ``closed Christmas``, ``09:00-12:00 Christmas Eve``."""
    times = "-".join(short_time(day[name]) for name in _TIMES) if day["what"] == "hours" else "closed"
    return f"{times} {day.get('name') or ''}".rstrip()


def read_text(texts: Texts, text: str) -> list[dict[str, str]]:
    """Dates as people have edited them.

    Raises:
        Refused: a line is written otherwise.
    """
    return [_read(texts, number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def line_of(text: str, number: int) -> str:
    """The line of a date by its number, from 0, among those that are not empty; for messages."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[number][:_SHOWN] if number < len(lines) else ""


def read_csv(texts: Texts, content: bytes, calendar: str) -> list[dict[str, str]]:
    """The dates of a CSV file with a column ``date``, and perhaps what, start_time_local, end_time_local, name.

    Of a file that also has a column ``calendar`` and several of them, those of this one.

    Raises:
        Refused: it is no such file.
    """
    try:
        text = content.decode("utf-8-sig")
        head = text.partition("\n")[0]
        reader = csv.DictReader(StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ",")
        columns, rows = list(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise wrong("file", texts("is neither an .ics file nor a CSV file in UTF-8")) from None
    if "date" not in columns:
        received = ", ".join(columns)[:_SHOWN] or "–"  # noqa: RUF001 - a dash
        raise wrong("file", texts("has no column “date”; it has: %(columns)s", columns=received))
    names = sorted({row["calendar"] or "" for row in rows}) if "calendar" in columns else []
    if len(names) > 1:
        rows = [row for row in rows if row["calendar"] == calendar]
    if names and not rows:
        reason = texts("belongs to other calendars: %(names)s; name one of them", names=", ".join(names)[:_SHOWN])
        raise wrong("file", reason)
    return [{name: row[name].strip() for name in _COLUMNS if (row.get(name) or "").strip()} for row in rows]


def _read(texts: Texts, number: int, line: str) -> dict[str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        reason = texts("line %(number)s is not written like 2026-12-25 closed Christmas", number=number)
        raise wrong("days", f"{reason}: {line[:_SHOWN]}")
    on, what, name = found.groups()
    day = {"date": on, "what": "closed" if what is None or what.lower() == "closed" else "hours"}
    if day["what"] == "hours":
        day |= dict(zip(_TIMES, what.split("-"), strict=True))
    return day | ({"name": name.strip()} if name else {})


def _by_date(days: Iterable[Day]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for day in days:
        found[day["date"]].append(said(day))
    return {on: ", ".join(sorted(texts)) for on, texts in found.items()}
