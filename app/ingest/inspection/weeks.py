"""Opening hours of which each weekday has columns of its own."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from app.ingest.inspection.closed import where_open
from app.ingest.inspection.guesses import Guess, guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, FURTHER_LANGUAGES, LANGUAGES, inner, parted, plain
from app.ingest.inspection.words import is_nothing
from app.mapping.document import may_be_joined
from app.mapping.languages import weekday
from app.mapping.times import CLOSED, days
from app.mapping.unmappable import Unmappable

#: A week has columns for at least so many days, but members of one object in JSON: days that are left out are closed.
_FEWEST: Final = 5

#: Words of names such as business_hours.monday.start_time that tell neither the day nor which end it is.
_BESIDE_DAYS: Final = re.compile(r"\b(?:hours?|opening|business|store|regular|working)\b(?!_)", re.IGNORECASE)

#: A single name of so many letters may be any other word.
_TWO_LETTERS: Final = 2

#: The expression of a list of hours in JSON.
_JOINED: Final = re.compile(r"join\('[;,] ', (?:to_array\()?not_null\(([^\[,]+)(?:\[\*\].*)?, `\[\]`\)\)?\)")

#: Of so many records, all of which lack a weekday, others may have it.
_MANY: Final = 20

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIMES: Final = ("start_time_local", "end_time_local")

#: Words that stand beside a weekday in the name of a column of its hours.
_OF_HOURS: Final = re.compile(
    r"\b(?:hours?|open ?intervals?|intervals?|timeframes?|opening|business|store|regular|working|work|service|times?"
    r"|öffnungszeiten|öffnungszeit|zeiten"
    r"|horaires?|horarios?|horários?|orari|orario|openingstijden|godziny)\b",
    re.IGNORECASE,
)

Rows = list[dict[str, Any]]
Questions = list[tuple[str, str]]


def rows_of_weeks(layout: Layout, guesses: Sequence[Guess]) -> tuple[Rows, Questions, set[str]] | None:
    """What each record gives: a row of a mapping for each day; questions; names of the columns. None: it is no week.

    Columns are named Monday, or Mon-Fri, with hours such as 09:00-17:00 in them; or mon_open and mon_close, with times.
    The language counts that knows most of them: those of neighbours share some names of days.
    """
    if layout.document.get("header") is False:
        return None
    found = (
        look(layout, guesses, language)
        for language in (*LANGUAGES, *FURTHER_LANGUAGES)
        for look in (_of_times, _of_hours)
    )
    return max((one for one in found if one is not None), key=lambda one: len(one[2]), default=None)


def _of_hours(layout: Layout, guesses: Sequence[Guess], language: str) -> tuple[Rows, Questions, set[str]] | None:
    named = [one.name for one in guesses if may_be_joined(one.name)]
    called = {name: found for name in named if (found := _days(name, language)) is not None}
    on = {name: days(found, language) for name, found in called.items()}
    if len(set(chain.from_iterable(on.values()))) < _fewest(layout, language):
        return None
    if len(called) == 1 and all(len(day) <= _TWO_LETTERS for day in called.values()):  # to is also Swedish for Thursday
        return None
    rows = [
        {
            "columns": {"day": {"template": f"{day} {{{name}}}", "hours": language}},
            "where": {name: {"not": [""]}, **where_open(layout, guesses, day=on[name][0], language=language)},
        }
        for name, day in called.items()
    ]
    otherwise = [name for name in called if any(re.search("[;|\n]", text) for text in texts_of(layout, guesses, name))]
    asked = [
        (f"{name}: hours of one day are parted by other signs than commas; write 09:00-12:00, 13:00-17:00.", "")
        for name in otherwise[:1]
    ]
    return rows, [*asked, *_unseen(layout, set(chain.from_iterable(on.values())))], set(called)


def _of_times(layout: Layout, guesses: Sequence[Guess], language: str) -> tuple[Rows, Questions, set[str]] | None:
    named: dict[tuple[int, ...], dict[str, str]] = {}
    for one in guesses:
        if (found := _days_and_time(one.name, language)) is not None:
            named.setdefault(found[0], {})[found[1]] = one.name
    whole = {
        day: columns
        for on, columns in sorted(named.items(), key=lambda of: -len(of[0]))  # a day of its own counts before Mon-Fri
        if len(columns) == len(_TIMES)
        for day in on
    }
    if len(whole) < _fewest(layout, language):
        return None
    names = [name for columns in whole.values() for name in columns.values()]
    texts = list(dict.fromkeys(chain.from_iterable(texts_of(layout, guesses, name) for name in names)))
    closed = [text for text in texts if text.strip().lower() in CLOSED]
    times = guess("times", [text for text in texts if text not in closed])
    rule = dict(times.rule) if times.what == "time of day" else {"time": "24h"}
    rows = [
        {
            "columns": {
                "day": {"value": str(day)},
                **{target: {"from": columns[target], **rule} for target in _TIMES},
            },
            "where": {
                columns["start_time_local"]: {"not": ["", *closed]},
                **where_open(layout, guesses, day=day, language=language),
            },
        }
        for day, columns in sorted(whole.items())
    ]
    return rows, _unseen(layout, set(whole)), set(names)


def _unseen(layout: Layout, on: set[int]) -> Questions:
    """The question of weekdays of which the first records of JSON say nothing, and later ones may."""
    if _fewest(layout) == _FEWEST or len(layout.rows) < _MANY or len(on) == len(_DAYS):
        return []
    named = ", ".join(name for day, name in enumerate(_DAYS) if day not in on)
    return [(f"The first records have no hours of {named}. Is every store closed then?", "yes")]


def _fewest(layout: Layout, language: str = "en") -> int:
    return 1 if layout.document.get("format") in {"json", "jsonl"} and language in LANGUAGES else _FEWEST


def _days(name: str, language: str) -> str | None:
    """The weekdays that a column of hours is named after, as its name has them; one of all of them has another name."""
    if inner(name) in ALSO["day"]:
        return None
    of = found[1] if (found := _JOINED.fullmatch(name)) else name
    kept = _OF_HOURS.sub(" ", parted(of)).strip(" \t.:>|/()[]'\"-")
    try:
        days(kept, language)
    except Unmappable:
        return None
    return kept


def _words(name: str) -> list[str]:
    """The words of a name such as mon_open, MondayStart or closes (Sun)."""
    return re.findall(r"[^\W\d_]+", parted(name))


def _days_and_time(name: str, language: str) -> tuple[tuple[int, ...], str] | None:
    """Weekdays and column of the kind of a name such as mon_open, MondayStart, closes (Sun) or M-F Open."""
    kept = _BESIDE_DAYS.sub(" ", parted(name))
    parts = _words(kept)
    on = [found for part in parts if (found := weekday(part, language)) is not None]
    rest = "".join(part for part in parts if weekday(part, language) is None)
    if len(on) == 1 and (at := _time(rest)) is not None:
        return (on[0],), at
    for word in {parts[0], parts[-1]} if len(parts) > 1 else ():
        if (at := _time(word)) is not None:
            try:
                return tuple(days(re.sub(rf"\b{word}\b", " ", kept).strip(" .:>|/()[]'\"-"), language)), at
            except Unmappable:
                continue
    return None


def _time(word: str) -> str | None:
    """The column of the kind that a word is a name of."""
    at = [target for target in _TIMES if plain(word) in ALSO[target] or plain(word) == plain(target)]
    return at[0] if len(at) == 1 else None


def texts_of(layout: Layout, guesses: Sequence[Guess], name: str) -> list[str]:
    at = next(number for number, one in enumerate(guesses) if one.name == name)
    return [text for text in layout.column(at) if text and not is_nothing(text)]
