"""Hours without a weekday, which a mapping reads as those of every day: it is asked whether they are."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import names_a_day, tells_hours_of_stores
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import is_nothing
from app.mapping.times import CLOSED, names_days

#: Forms of hours whose days are numbers in each text.
_WITH_DAYS: Final = frozenset(("numbered_days", "minutes_of_week"))

#: What tells that a file has hours of other days, too.
_OF_DAYS: Final = frozenset(("opening hours", "weekday"))


def hours_of_every_day(layout: Layout, guesses: Sequence[Guess], columns: Mapping[str, Any]) -> Questions:
    """The question of a column of hours without days that may not be those of every day.

    They may not where other columns look like hours or like closed days, or where its name does not say that it has
    the hours of the store.
    """
    rule = columns.get("day", {})
    if rule.get("hours") in {None, *_WITH_DAYS} or rule.get("from") not in layout.names:
        return []
    name = rule["from"]
    if all(map(names_days, _texts(layout, name))):
        return []
    used = {one.get("from") for one in columns.values()}
    others = [one.name for one in guesses if one.name not in used and _looks_like_hours(layout, one)]
    if not others and tells_hours_of_stores(name):
        return []
    beside = f" {', '.join(others[:3])} may be hours of other days." if others else ""
    asked = (
        f"{name}: are these the hours of every day? No weekday stands with them.{beside} Say with a template such as "
    )
    return [(f'{asked}"Mon-Fri {{{name}}}" which days they are of, and give each other column a row of its own.', "")]


def days_left_out(layout: Layout, guesses: Sequence[Guess], taken: Container[str]) -> Questions:
    """The question of columns beside a week that are named after days, too, in another language or another way."""
    left = [
        one.name
        for one in guesses
        if one.name not in taken and one.what not in {"status", "nothing"} and names_a_day(one.name)
        if one.what in _OF_DAYS or _are_closed(layout, one)
    ]
    if not left:
        return []
    asked = (
        f"{', '.join(left[:3])}: not read, although other days of the week are. Give each a row of its own, or a name "
    )
    return [(f"{asked}in the language of the others.", "")]


def _looks_like_hours(layout: Layout, one: Guess) -> bool:
    return one.what in _OF_DAYS or _are_closed(layout, one) or (one.what != "nothing" and names_a_day(one.name))


def _are_closed(layout: Layout, one: Guess) -> bool:
    texts = _texts(layout, one.name)
    return bool(texts) and all(text.strip().lower() in CLOSED for text in texts)


def _texts(layout: Layout, name: str) -> list[str]:
    return [text for text in layout.column(layout.names.index(name)) if text.strip() and not is_nothing(text)]
