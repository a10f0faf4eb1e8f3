"""JSON that a person has typed or a page has sent."""

import json
import re
from typing import Any, Final

from app.wording.broken_json import json_trouble
from app.wording.each_once import RepeatedName, json_of

#: Characters that have room on a line of ``json_text``.
_LINE: Final = 80

#: What JSON is made of, and ends of lines.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|[^][{},:"\s]+|\n')


def read_json(text: str) -> Any:
    """What it says.

    Raises:
        ValueError: it is no JSON, NaN included, has a name twice in one object, or is nested too deeply; says what.
    """
    try:
        return json_of(text)
    except RepeatedName:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(json_trouble(error)) from None


def json_text(document: Any, indent: str = "") -> str:
    """JSON to be read and changed: what has room on a line stands on one."""
    short = json.dumps(document, ensure_ascii=False)
    if not isinstance(document, dict | list) or (indent and len(short) <= _LINE):
        return short
    inner = indent + "  "
    if isinstance(document, list):
        parts = [json_text(one, inner) for one in document]
    else:
        parts = [f"{json.dumps(name, ensure_ascii=False)}: {json_text(one, inner)}" for name, one in document.items()]
    begin, end = "[]" if isinstance(document, list) else "{}"
    return f"{begin}\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}{end}"


def lines_of(text: str) -> dict[str, int]:
    """By place, such as ``where.0.1``, on which line it begins, counted from 1. The text must be JSON."""
    lines: dict[str, int] = {}
    # Of each object or list that is open: the key, None before the next one, or the index.
    place: list[str | int | None] = []
    line = 1
    for part in _TOKEN.findall(text):
        is_key = bool(place) and place[-1] is None
        if part == "\n":
            line += 1
        elif part == ",":
            place[-1] = place[-1] + 1 if isinstance(place[-1], int) else None
        elif part in {"}", "]"}:
            place.pop()
        elif part != ":":
            if is_key:
                place[-1] = json.loads(part)
            lines[".".join(map(str, place))] = line
            if part in {"{", "["}:
                place.append(None if part == "{" else 0)
    return lines
