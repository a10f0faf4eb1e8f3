"""Columns that say whether a store is closed on a day, whatever the times beside them are."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import parted, plain
from app.ingest.inspection.words import NO, YES, is_nothing
from app.mapping.languages import weekday
from app.mapping.times import CLOSED

_CLOSED: Final = ("closed", "isclosed", "closedallday", "geschlossen", "fermé", "cerrado", "chiuso", "fechado")
_OPEN: Final = ("isopen", "open", "opened", "geöffnet", "offen", "ouvert", "abierto", "aperto", "aberto")
_OF_A_DAY: Final = ("active", "isactive", "enabled", "isenabled")

#: Words of names that tell neither the day nor what is said of it: business_hours.monday.closed.
_BESIDE: Final = frozenset(("hours", "hour", "opening", "business", "store", "regular", "working"))

#: Words of flags, and the other one of each.
_PAIRS: Final = (("0", "1"), ("false", "true"), ("False", "True"), ("FALSE", "TRUE"), ("no", "yes"), ("No", "Yes"))
_OTHER: Final = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}


def where_told(layout: Layout, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The same for rows that say closed, or have a dash, in the place of the time at which a store opens."""
    if (beside := re.fullmatch(r"\{.+\} \{(.+)\}", columns.get("day", {}).get("template", ""))) is not None:
        hours = layout.column(layout.names.index(beside[1]))
        return {beside[1]: {"not": [""]}} if any(map(is_nothing, hours)) and all(map(str.strip, hours)) else {}
    name = columns.get("start_time_local", {}).get("from")
    if name not in layout.names or name == "start_time_local":  # as the kind has it: such a row is a mistake
        return {}
    texts = {text for text in layout.column(layout.names.index(name)) if text.strip()}
    closed = {text for text in texts if text.strip().lower() in CLOSED}
    return {name: {"not": sorted(closed)}} if closed and closed != texts else {}


def where_open(layout: Layout, guesses: Sequence[Guess], *, day: int | None, language: str) -> dict[str, Any]:
    """The ``where`` of rows of hours that leaves out those that a column says are closed.

    Args:
        layout: of the file.
        guesses: its columns.
        day: the weekday that the column is named after, 0 = Monday; None for one of the day of each row.
        language: of weekdays in names.
    """
    for one, texts in zip(guesses, map(layout.column, range(len(guesses))), strict=True):
        words = re.findall(r"[^\W\d_]+", parted(one.name))
        on = [found for word in words if (found := weekday(word, language)) is not None]
        said = set() if re.search("[0-9]", one.name) else {text for text in texts if text.strip()}  # open_24_hours
        if on != ([] if day is None else [day]) or not said or not {text.strip().lower() for text in said} <= YES | NO:
            continue
        called = plain("".join(one for one in words if weekday(one, language) is None and one.lower() not in _BESIDE))
        for names, closed in ((_CLOSED, YES), (_OPEN if day is None else _OPEN + _OF_A_DAY, NO)):
            if called in names:
                shut = {text for text in said if text.strip().lower() in closed}
                later = {_OTHER[text] for text in said - shut if text in _OTHER}  # in rows that are not looked at
                return {one.name: {"not": sorted(shut | later)}}
    return {}
