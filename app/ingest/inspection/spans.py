"""Opening hours of a day in one row: several spans, hours beside the day, periods of Google, what is odd."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from app.ingest.inspection.guesses import Guess, guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, parted
from app.ingest.inspection.words import is_nothing
from app.mapping.document import may_be_joined

_TIMES: Final = ("start_time_local", "end_time_local")

#: Words of names of times that say no more than that.
_TELLS_TIME: Final = ("time", "at", "hour", "hours", "um", "uhr", "heure", "hora")

#: What names of the spans of a day have beside that; other words tell of other hours, such as those of deliveries.
_PART_OF_DAY: Final = re.compile(
    r"|((period|shift|slot|span|interval|session|zeit)? ?([0-9]|[ab]))|am|pm|morning|afternoon|evening|first|second"
    r"|vormittags?|nachmittags?|matin|apr\u00e8s midi|ma\u00f1ana|tarde|mattina|pomeriggio"
)

#: Weekdays of which 0 is Sunday, as weekdays of which 0 is Monday.
SUNDAY_FIRST: Final = {str((day + 1) % 7): str(day) for day in range(7)}

#: A span of hours that ends when it begins.
_NO_TIME: Final = re.compile(r"(?<![0-9:])([0-9]{1,2}:[0-9]{1,2}(?: ?[AaPp][Mm])?) ?[-\u2013\u2014] ?\1(?![0-9:])")

Rows = list[dict[str, Any]]
Questions = list[tuple[str, str]]


def rows_of_spans(layout: Layout, guesses: Sequence[Guess]) -> tuple[Rows, Questions, set[str]] | None:
    """What each record gives that is a day with several spans: open1, close1, open2, close2, or morning_open and so on.

    Rows of a mapping, questions, and the names of the columns; None: it is another one.
    """
    if layout.document.get("header") is False:
        return None
    spans: dict[str, dict[str, str]] = {}
    for one in guesses:
        found = re.findall(r"[^\W\d_]+|[0-9]+", parted(one.name))
        for target in _TIMES:
            at = [word for word in found if word.lower() in ALSO[target]]
            holds_time = one.what in {"time of day", "number", "text", "nothing"}
            if len(at) == 1 and len(found) <= len(_TIMES) + 1 and holds_time:
                other = " ".join(word.lower() for word in found if word not in at and word.lower() not in _TELLS_TIME)
                spans.setdefault(other, {})[target] = one.name
    whole = [columns for of, columns in spans.items() if len(columns) == len(_TIMES) and _PART_OF_DAY.fullmatch(of)]
    if len(whole) < 2:
        return None
    names = [name for columns in whole for name in columns.values()]
    texts = list(dict.fromkeys(chain.from_iterable(_texts(layout, name) for name in names)))
    times = guess("times", texts)
    rule = dict(times.rule) if times.what == "time of day" else {"time": "24h"}
    rows = [
        {
            "columns": {target: {"from": columns[target], **rule} for target in _TIMES},
            "where": {columns["start_time_local"]: {"not": [""]}},
        }
        for columns in whole
    ]
    return rows, [], set(names)


def with_hours_beside(guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """The columns of hours whose days and hours are two columns: Mon-Fri, and 09:00-12:00, 13:00-17:00."""
    day = next((one for one in guesses if columns.get("day", {}).get("from") == one.name), None)
    hours = next((one for one in guesses if one.what == "opening hours" and one.name not in taken), None)
    if day is None or hours is None or day.what != "weekday" or not columns.keys().isdisjoint(_TIMES):
        return columns
    if not (may_be_joined(day.name) and may_be_joined(hours.name)):
        return columns
    taken.add(hours.name)
    both = {"template": f"{{{day.name}}} {{{hours.name}}}", "hours": day.rule["weekday"]}
    return {**columns, "day": both}


def periods(layout: Layout) -> tuple[dict[str, Any], Questions, set[str]] | None:
    """The columns of periods that open and close, as Google's Places have them, with 0 = Sunday; None: it has none."""
    day = next((name for name in layout.names if re.search(r"(^|\.)open\.day$", name)), None)
    if day is None:
        return None
    path = day.removesuffix("open.day")
    parts = [part for part in ("time", "hour", "minute") if f"{path}close.{part}" in layout.names]
    shown = {"time": "{{{}time}}", "hour": "{{{0}hour}}:{{{0}minute}}"}.get(parts[0] if parts else "")
    if shown is None or not may_be_joined(day) or (parts[0] == "hour" and len(parts) < 2):
        return None
    ends = {"start_time_local": f"{path}open.", "end_time_local": f"{path}close."}
    columns: dict[str, Any] = {"day": {"from": day, "words": SUNDAY_FIRST}}
    columns |= {target: {"template": shown.format(end), "time": "24h"} for target, end in ends.items()}
    begins, closes = (layout.column(layout.names.index(f"{path}{end}.day")) for end in ("open", "close"))
    questions = [(f"{day}: is 0 Sunday and 6 Saturday, as Google has it?", "yes")]
    if any((int(end) - int(begin)) % 7 > 1 for begin, end in zip(begins, closes, strict=True) if begin and end):
        questions.append((f"{day}: periods are longer than a day; write one for each day, 00:00 to 24:00.", ""))
    if not all(closes):
        questions.append((f"{path}close: is missing where a place is always open. Leave out such places.", ""))
    return columns, questions, {name for name in layout.names if name.startswith((f"{path}open.", f"{path}close."))}


def equal_times(layout: Layout, document: Mapping[str, Any]) -> Questions:
    """The question of days that open and close at the same time: a whole day for some programs, none for others."""
    odd: list[tuple[str, str]] = []
    others = False
    for part in (document, *document.get("rows", ())):
        where = {**document.get("where", {}), **part.get("where", {})}
        rows = [dict(zip(layout.names, row, strict=True)) for row in layout.rows]
        rows = [row for row in rows if all(row[name] not in rule["not"] for name, rule in where.items())]
        start, end = (str(part["columns"].get(target, {}).get("from", "")) for target in _TIMES)
        if {start, end} <= {*layout.names} and (start, end) != _TIMES:
            given = [(row[start], row[end]) for row in rows if re.search("[0-9]", row[start]) and row[end]]
            odd += [(f"{start} and {end}", first) for first, last in given if first == last]
            others = others or any(first != last for first, last in given)
        day = part["columns"].get("day", {})
        for name in layout.names:
            if name == day.get("from") or f"{{{name}}}" in day.get("template", ""):
                texts = [row[name] for row in rows]
                odd += [(name, found[0]) for text in texts if (found := _NO_TIME.search(text)) is not None]
                others = others or any(text and _NO_TIME.search(text) is None for text in texts)
    if not odd or not others:
        return []
    named, text = odd[0]
    asked = f"{named}: is a store open all day, or closed, where it opens and closes at the same time ({text!r})? "
    asked += "Write 00:00 to 24:00 for the one; leave the other out with where."
    return [(asked, "")]


def sunday_first(layout: Layout, document: Mapping[str, Any]) -> Questions:
    """The question of weekdays by numbers of which five have the same hours and the one before them others: Sunday?"""
    names = [document["columns"].get(name, {}).get("from") for name in ("day", *_TIMES)]
    if not {*names} <= {*layout.names} or "words" in document["columns"]["day"]:
        return []
    day, start, end = (layout.column(layout.names.index(name)) for name in names)
    on: dict[str, set[tuple[str, str]]] = {}
    for number, begins, ends in zip(day, start, end, strict=True):
        on.setdefault(number.strip().removesuffix(".0"), set()).add((begins, ends))
    sunday = 0 if "0" in on else 1
    weekdays = [on.get(str(sunday + number)) for number in range(1, 6)]
    if not {*on} <= set("0123456") or weekdays[0] is None or weekdays.count(weekdays[0]) < len(weekdays):
        return []
    if on.get(str(sunday)) == weekdays[0]:
        return []
    asked = f"{names[0]}: {sunday + 1} to {sunday + 5} have the same hours, and {sunday} has others: is {sunday} "
    return [(f"{asked}Sunday? Then say with words which weekday, 0 = Monday, each number is.", "")]


def _texts(layout: Layout, name: str) -> list[str]:
    return [text for text in layout.column(layout.names.index(name)) if text and not is_nothing(text)]
