"""Dates and times of day in columns of their own, which are one instant."""

import re
from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.instants import Found, instant_of, reads, zone_of
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import CLOCKS, DAYS, LENGTHS, plain_words, without
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import is_empty
from app.mapping.dates import Dates
from app.mapping.document import may_be_joined
from app.mapping.unmappable import Unmappable

#: Patterns of dates, and of times of day that are not the usual ones: 08h05, 08.05 Uhr, 0805, 8 and 8.05pm.
_DATES: Final = (
    *("YYYY-MM-DD", "D.M.YYYY", "D/M/YYYY", "M/D/YYYY", "D-M-YYYY", "YYYY/M/D", "YYYYMMDD"),
    *("D MMM YYYY", "MMM D, YYYY"),
)
_TIMES: Final = (
    *("H[h]mm", "H[h]", "H[H]mm", "H.mm", "H.mm [Uhr]", "H:mm [Uhr]", "H [Uhr]", "HHmm", "HHmmss", "H"),
    *("h.mmA", "h.mm A", "hA", "h A"),
)

_USUAL: Final = re.compile(r"([01]?[0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?")

#: The most digits of a date that has no time of day.
_DIGITS_OF_DATE: Final = 8


def with_clock(
    layout: Layout,
    guesses: Sequence[Guess],
    column: Guess,
    taken: set[str],
    rule: dict[str, Any],
    questions: Questions,
) -> tuple[dict[str, Any], Questions]:
    """The rule of instants whose time of day stands in another column, and the questions; as they were without one."""
    days = layout.column(guesses.index(column))
    if not all(_is_date(text) for text in days):
        return rule, questions
    clock = _clock_of(column, [one for one in guesses if one.name not in taken and one is not column])
    if clock is None:
        return rule, questions
    times = layout.column(guesses.index(clock))
    pairs = [(day, time) for day, time in zip(days, times, strict=True) if not is_empty(day)]
    left = [one for one in questions if one not in column.questions]
    taken.add(clock.name)
    both = [f"{day} {time}" for day, time in dict.fromkeys(pairs) if not is_empty(time)]
    found = _read(f"{column.name} and {clock.name}", both)
    if found is None:
        odd = _odd(times)
        asked = f"{clock.name}: {odd!r} cannot be read as the time of day of {column.name}"
        return rule, [*questions, (f"{asked}; without it each row would be at 00:00. Write times as 20:05.", "")]
    if (braced := next((one.name for one in (column, clock) if not may_be_joined(one.name)), None)) is not None:
        asked = f"{braced}: a column with a brace in its name cannot be joined with another one"
        return rule, [*questions, (f"{asked}; without it each row would be at 00:00. Rename it.", "")]
    joined = {"template": f"{{{column.name}}} {{{clock.name}}}", **found[1]}
    if (bare := next((day for day, time in pairs if is_empty(time)), None)) is not None:
        asked = f"{clock.name}: a row of {bare} has no time of day, and would be at 00:00. Fill it in, or"
        left.append((f"{asked} leave out such rows with where.", ""))
    return joined, [*left, *found[2:]]


def _is_date(text: str) -> bool:
    return ":" not in text and sum(map(str.isdigit, text)) <= _DIGITS_OF_DATE


def _clock_of(column: Guess, free: Sequence[Guess]) -> Guess | None:
    """The column with the times of day of these dates: rather one that is named as the dates are, or as times are."""
    free = [one for one in free if LENGTHS.search(plain_words(one.name)) is None]
    rest = without(column.name, DAYS)
    named = (one for one in free if without(one.name, CLOCKS) in {rest or "", ""} and _may_be_times(one))
    others = (one for one in free if one.what == "time of day")
    return next(named, None) or next(others, None)


def _may_be_times(one: Guess) -> bool:
    return one.what not in {"zone", "weekday"} and any(any(map(str.isdigit, text)) for text in one.examples)


def _read(name: str, texts: Sequence[str]) -> Found:
    """The rule that reads dates with their times of day."""
    if (found := instant_of(name, texts)) is not None:
        return found
    fits = [
        f"{date} {time}"
        for date, time in product(_DATES, _TIMES)
        if reads(texts, Dates(f"{date} {time}", "UTC").instant, Unmappable)
    ]
    if not fits:
        return None
    zone, *asked = zone_of(name, texts)
    if any(one.startswith("D") for one in fits) and any(one.startswith("M") for one in fits):
        asked.append((f"{name}: is {texts[0]!r} day or month first? Set date to {fits[0]} or {fits[1]}.", ""))
    return "instant", {"date": fits[0], "zone": zone}, *asked


def _odd(times: Sequence[str]) -> str:
    """A text that is no usual time of day; of texts of which none is, the first."""
    given = [text for text in times if not is_empty(text)]
    return next((text for text in given if _USUAL.fullmatch(text) is None), given[0])
