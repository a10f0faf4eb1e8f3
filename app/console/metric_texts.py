"""Definitions of metrics as texts: written to be read and changed, and on which line a place of one stands."""

from collections.abc import Mapping
from typing import Any, Final

from app.console.json_text import json_text, lines_of, read_json

#: Fields of a definition in the order in which one reads them; others follow.
_ORDER: Final = (
    *("pillar", "title", "summary", "caveat", "from", "when", "by", "where", "value", "unit"),
    *("window_days", "people_at_least", "needs"),
)


def definition_text(document: Mapping[str, Any]) -> str:
    """A definition, its fields in the usual order; without its name, so that a copy may have another."""
    names = [name for name in _ORDER if name in document]
    others = [name for name in document if name not in _ORDER and name != "metric"]
    return json_text({name: document[name] for name in names + others})


def line_of(text: str, place: str) -> int | None:
    """The line on which a place such as ``where.0.1`` stands, or what it is part of; None: nothing has it."""
    try:
        read_json(text)
    except ValueError:
        return None
    lines = lines_of(text)
    while place and place not in lines:
        place = place.rpartition(".")[0]
    return lines[place] if place else None
