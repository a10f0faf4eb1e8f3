"""What is done with one text of a column: trim, lower, words, and one reading as a number, date, time or weekday."""

import re
from collections.abc import Callable
from typing import Final

from app.mapping.dates import Dates
from app.mapping.document import Rule
from app.mapping.numbered_hours import windows_of
from app.mapping.times import days, time_of_day
from app.mapping.unmappable import Unmappable

#: Of each way to write numbers: what groups digits, and the decimal sign.
_SIGNS: Final = {"1234.5": ("", "."), "1,234.5": (",", "."), "1.234,5": (".", ",")}

#: The word for every text that has none of its own; at the end of a word, for every text that begins so.
REST: Final = "*"

#: Words that a refusal lists.
_LISTED: Final = 8

Reading = Callable[[str], str]


def translation(rule: Rule, *, as_date: bool) -> Reading:
    """The function that a rule describes; it raises Unmappable. ``as_date``: the column holds dates, not instants."""
    steps = [
        step
        for step in (_between(rule), _trimmed(rule), _lowered(rule), _worded(rule), _read(rule, as_date=as_date))
        if step
    ]

    def translated(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return translated


def is_plain(rule: Rule) -> bool:
    """Whether the rule changes no text."""
    return rule.model_dump(exclude={"from_", "value", "template"}, exclude_defaults=True) == {}


def dates_of(rule: Rule) -> Dates | None:
    """The dates of a rule that does nothing else, so that whole blocks of them can be read at once."""
    alone = rule.date is not None and rule.words is None and rule.between is None and not rule.trim and not rule.lower
    return Dates(rule.date or "", rule.zone) if alone else None


def _between(rule: Rule) -> Reading | None:
    if rule.between is None:
        return None
    before, after = rule.between

    def cut(text: str) -> str:
        _, found, rest = text.partition(before) if before else ("", "found", text)
        kept, ends, _ = rest.partition(after) if after else (rest, "found", "")
        if not (found and ends):
            raise Unmappable("not_mapped", f"does not have {before!r} and then {after!r}, with the text between them")
        return kept

    return cut


def _trimmed(rule: Rule) -> Reading | None:
    if not rule.trim:
        return None
    characters = rule.trim if isinstance(rule.trim, str) else None
    return lambda text: text.strip(characters)


def _lowered(rule: Rule) -> Reading | None:
    return str.lower if rule.lower else None


def _worded(rule: Rule) -> Reading | None:
    words = rule.words
    if words is None:
        return None

    beginnings = sorted((word for word in words if len(word) > 1 and word.endswith(REST)), key=len, reverse=True)

    def worded(text: str) -> str:
        found = words.get(text)
        if found is None:
            begins = next((word for word in beginnings if text.startswith(word[:-1])), REST)
            found = words.get(begins)
        if found is None:
            more = ", …" if len(words) > _LISTED else ""
            listed = ", ".join(map(repr, list(words)[:_LISTED])) + more
            raise Unmappable("not_mapped", f'is not among the words {listed}; add it to words, or "*" for the rest')
        return found

    return worded


def _read(rule: Rule, *, as_date: bool) -> Reading | None:
    if rule.number is not None:
        form = rule.number
        return lambda text: number(text, form)
    if rule.date is not None:
        dates = Dates(rule.date, rule.zone)
        return dates.date if as_date else dates.instant
    if rule.time is not None:
        clock = rule.time
        return lambda text: time_of_day(text, clock)
    if rule.weekday is not None or rule.hours is not None:
        return _expanded(rule)
    return None


def _expanded(rule: Rule) -> Reading:
    """Texts that were expanded into several rows are digits already; only those that could not be are read here."""

    def read(text: str) -> str:
        if len(text) == 1 and text in "0123456":
            return text
        if rule.weekday is not None:
            return str(days(text, rule.weekday)[0])
        return windows_of(text, rule.hours or "")[0][0]

    return read


def number(text: str, form: str) -> str:
    """A number without groups, with a decimal point if it is not whole; raises Unmappable."""
    group, decimal = _SIGNS[form]
    grouped = f"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|" if group else ""
    found = re.fullmatch(rf"([+-]?(?:{grouped}[0-9]+))(?:{re.escape(decimal)}([0-9]*))?", text.strip())
    if found is None:
        raise Unmappable("bad_number", f"is not a number such as {form}")
    whole, fraction = found[1], (found[2] or "").rstrip("0")
    plain = whole.replace(group, "") if group else whole
    return f"{plain}.{fraction}" if fraction else plain
