"""Columns beside local times that say of which zone they are, or how far from UTC."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.instants import instant_text
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import inner
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import is_empty, is_nothing
from app.mapping.document import template_places

#: The question of times that have no zone, with the name of their column.
_ASKED: Final = re.compile(r"(.+): which zone are times such as ", re.DOTALL)

#: Columns of distances from UTC.
_OFFSETS: Final = frozenset(
    (
        *("offset", "utcoffset", "gmtoffset", "tzoffset", "timezoneoffset", "zoneoffset", "offsetminutes"),
        *("utcoffsetminutes", "utcoffsethours", "offsetutc", "offsetseconds", "utcoffsetseconds"),
    )
)
_OFFSET: Final = re.compile(r"(UTC|GMT)?[+-][0-9]{1,2}:[0-9]{2}")


def asked_of_zones(
    layout: Layout, guesses: Sequence[Guess], document: Mapping[str, Any], taken: Collection[str], questions: Questions
) -> Questions:
    """The questions with that of a column of zones in place of the one which zone times are of: none may be assumed."""
    which = {found[1]: asked for asked in questions if (found := _ASKED.match(asked[0])) is not None}
    parts = [document["columns"], *(row["columns"] for row in document.get("rows", ()))]
    rules = [rule for columns in parts for rule in columns.values() if "zone" in rule and _called(rule) in which]
    beside = _beside(layout, guesses, taken)
    if beside is None or not rules:
        return questions
    named = {text for text in layout.column(guesses.index(beside)) if text.strip() and not is_nothing(text)}
    local = list(dict.fromkeys(map(_called, rules)))
    asked = f"{', '.join(local)}: are {'its' if len(local) == 1 else 'their'} times of UTC, or of "
    if beside.what == "zone" and len(named) == 1:
        asked += f"{named.pop()}, which {beside.name} has? Set zone."
    elif all(_are_read(layout, guesses, rule, beside) for rule in rules):
        of = f"the {len(named)} zones" if beside.what == "zone" else "offsets"
        joined = f'"template": "{_template(rules[0])} {{{beside.name}}}"'
        asked += f"{of} that {beside.name} has? In UTC set zone; otherwise {joined} instead of from and zone."
    else:
        asked += (
            f"what {beside.name} says, such as {min(named)!r}? In UTC set zone; otherwise write each time with its "
        )
        asked += "offset behind it, such as 2024-12-31 09:30 +02:00."
    return [*(one for one in questions if one not in [which[name] for name in local]), (asked, "")]


def _beside(layout: Layout, guesses: Sequence[Guess], taken: Collection[str]) -> Guess | None:
    """The column of zones that nothing else is read from, or else that of offsets."""
    left = [one for one in guesses if one.name not in taken and one.what != "nothing"]
    zones = (one for one in left if one.what == "zone")
    offsets = (
        one
        for one in left
        if inner(one.name) in _OFFSETS
        or all(_OFFSET.fullmatch(text.strip()) for text in layout.column(guesses.index(one)) if text.strip())
    )
    return next(zones, None) or next(offsets, None)


def _are_read(layout: Layout, guesses: Sequence[Guess], rule: Mapping[str, Any], beside: Guess) -> bool:
    """Whether times with the text of another column behind them say when they are; an empty text would be wrong."""
    parts = [next((one for one in guesses if one.name == name), None) for name in _sources(rule)]
    known = [layout.column(guesses.index(one)) for one in (*parts, beside) if one is not None]
    if len(known) <= len(parts):
        return False
    date = {"date": rule.get("date", "iso")}
    given = (texts for texts in zip(*known, strict=True) if not is_empty(texts[0]))
    return all(instant_text(" ".join(texts), date) is not None for texts in given)


def _sources(rule: Mapping[str, Any]) -> list[str]:
    """The names of the columns that a rule reads."""
    return [str(rule["from"])] if "from" in rule else template_places(rule.get("template", ""))


def _called(rule: Mapping[str, Any]) -> str:
    """What a question calls the columns of a rule."""
    return " and ".join(_sources(rule))


def _template(rule: Mapping[str, Any]) -> str:
    return " ".join(f"{{{name}}}" for name in _sources(rule))
