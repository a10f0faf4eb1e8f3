"""Opening hours of which each weekday has columns of its own."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from app.ingest.inspection.guesses import LANGUAGES, Guess, guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, plain
from app.ingest.inspection.words import is_nothing
from app.mapping.languages import weekday
from app.mapping.times import CLOSED, days
from app.mapping.unmappable import Unmappable

#: A week has columns for at least so many days.
_FEWEST: Final = 5

#: What names of columns have beside the weekday: Sunday hours, Hours > Monday.
_ABOUT: Final = re.compile(r"\b(?:opening|business|store|working)?[ _]?(?:hours|times?)\b|[>:/_]", re.IGNORECASE)

_TIMES: Final = ("start_time_local", "end_time_local")

Rows = list[dict[str, Any]]


def rows_of_weeks(layout: Layout, guesses: Sequence[Guess]) -> tuple[Rows, list[tuple[str, str]], set[str]] | None:
    """What each record gives: a row of a mapping for each day; questions; names of the columns. None: it is no week.

    Columns are named Monday, or Mon-Fri, with hours such as 09:00-17:00 in them; or mon_open and mon_close, with times.
    """
    if layout.document.get("header") is False:
        return None
    for language in LANGUAGES:
        for look in (_of_hours, _of_times):
            if (found := look(layout, guesses, language)) is not None:
                return found
    return None


def _of_hours(
    layout: Layout, guesses: Sequence[Guess], language: str
) -> tuple[Rows, list[tuple[str, str]], set[str]] | None:
    on = {one.name: found for one in guesses if (found := _days(one.name, language))}
    if len(set(chain.from_iterable(on.values()))) < _FEWEST:
        return None
    rows = [
        {
            "columns": {"day": {"template": f"{_ABOUT.sub('', name).strip()} {{{name}}}", "hours": language}},
            "where": {name: {"not": [""]}},
        }
        for name in on
    ]
    parted = [name for name in on if any(re.search("[;|\n]", text) for text in _texts(layout, guesses, name))]
    asked = [
        (f"{name}: hours of one day are parted by other signs than commas; write 09:00-12:00, 13:00-17:00.", "")
        for name in parted[:1]
    ]
    return rows, asked, set(on)


def _of_times(
    layout: Layout, guesses: Sequence[Guess], language: str
) -> tuple[Rows, list[tuple[str, str]], set[str]] | None:
    by_day: dict[int, dict[str, str]] = {}
    for one in guesses:
        if (found := _day_and_time(one.name, language)) is not None:
            by_day.setdefault(found[0], {})[found[1]] = one.name
    whole = {day: columns for day, columns in sorted(by_day.items()) if len(columns) == len(_TIMES)}
    if len(whole) < _FEWEST:
        return None
    names = [name for columns in whole.values() for name in columns.values()]
    texts = list(dict.fromkeys(chain.from_iterable(_texts(layout, guesses, name) for name in names)))
    closed = [text for text in texts if text.strip().lower() in CLOSED]
    times = guess("times", [text for text in texts if text not in closed])
    rule = dict(times.rule) if times.what == "time of day" else {"time": "24h"}
    rows = [
        {
            "columns": {
                "day": {"value": str(day)},
                **{target: {"from": columns[target], **rule} for target in _TIMES},
            },
            "where": {columns["start_time_local"]: {"not": ["", *closed]}},
        }
        for day, columns in whole.items()
    ]
    return rows, [], set(names)


def _days(name: str, language: str) -> list[int]:
    """The weekdays that a column is named after; one of all weekdays has another name."""
    if plain(name) in ALSO["day"]:
        return []
    try:
        return days(_ABOUT.sub("", name), language)
    except Unmappable:
        return []


def _day_and_time(name: str, language: str) -> tuple[int, str] | None:
    """Weekday and column of the kind of a name such as mon_open, MondayStart or closes (Sun)."""
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", name))
    on = [found for part in parts if (found := weekday(part, language)) is not None]
    rest = plain("".join(part for part in parts if weekday(part, language) is None))
    at = [target for target in _TIMES if rest in ALSO[target] or rest == plain(target)]
    return (on[0], at[0]) if len(on) == len(at) == 1 else None


def _texts(layout: Layout, guesses: Sequence[Guess], name: str) -> list[str]:
    at = next(number for number, one in enumerate(guesses) if one.name == name)
    return [text for text in layout.column(at) if text and not is_nothing(text)]
