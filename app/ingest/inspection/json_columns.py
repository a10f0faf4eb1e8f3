"""Columns of JSON: the values of records by the expressions that find them, and lists of hours as one text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.json_beginning import ROWS, quoted
from app.mapping.expressions import text_of
from app.mapping.languages import weekday

#: What lists of texts have that are opening hours: 09:00-12:00, or Monday: Closed.
_HOURS: Final = re.compile(r"[0-9](?: ?[AaPp]\.?[Mm]\.?)? ?[-\u2013\u2014] ?[0-9]|: *Closed$|24 hours", re.IGNORECASE)

#: Those of which each is a rule of its own, as it begins with days.
_RULED: Final = re.compile(r"[^\W0-9].*[0-9:]")

#: Members of a span of hours in an object.
_SPANS: Final = (("start", "end"), ("open", "close"), ("opens", "closes"), ("from", "to"))

#: Objects within objects are looked into so deep; deeper ones only if they are of a weekday or of an end of hours.
_DEPTH: Final = 2
_OF_HOURS: Final = frozenset(("open", "close"))

Record = Mapping[str, Any]


def columns_of(records: Sequence[Record]) -> tuple[list[str], list[list[str]]]:
    """Names and rows of the values of objects."""
    return _table([_leaves(record) for record in records])


def lists_within(records: Sequence[Record]) -> list[str]:
    """Members of records, or of objects in them, that have lists of objects or of lists, as paths."""
    found = [path for record in records for path, one in _members(record) if _is_nested(one)]
    return [path for path in dict.fromkeys(found) if all(_is_plain_name(part) for part in path.split("."))]


def columns_of_elements(records: Sequence[Record], path: str) -> tuple[list[str], list[list[str]]]:
    """The same as columns_of() with a row for each element of the lists at the path."""
    rows: list[dict[str, Any]] = []
    for record in records[:ROWS]:
        elements = dict(_members(record)).get(path)
        rest = _without(record, path.split("."))
        rows += [_element(one, path) | _leaves(rest) for one in (elements if isinstance(elements, list) else ())[:ROWS]]
    return _table(rows[:ROWS])


def _table(leaves: Sequence[Record]) -> tuple[list[str], list[list[str]]]:
    names = list(dict.fromkeys(name for one in leaves for name in one))
    return names, [[text_of(one.get(name)) for name in names] for one in leaves]


def _members(record: Record) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        yield key, value
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", one) for inner, one in value.items())


def _is_plain_name(part: str) -> bool:
    return part.isidentifier() and part.isascii()


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)


def _without(record: Record, path: Sequence[str]) -> dict[str, Any]:
    if len(path) == 1 or not isinstance(record.get(path[0]), dict):
        return {name: value for name, value in record.items() if name != path[0]}
    return {**record, path[0]: _without(record[path[0]], path[1:])}


def _element(one: Any, path: str) -> dict[str, Any]:
    """The values of an element of a list; what its last object is called is left to its rows."""
    return _leaves(one, f"{path}.") if isinstance(one, dict) else dict(_as_text(path, one))


def _leaves(record: Record, before: str = "") -> dict[str, Any]:
    """Values of an object and of the objects in it, by their expressions."""
    return {name: text for path, one in _values(record, before, _DEPTH) for name, text in _as_text(path, one)}


def _values(record: Record, before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        path = f"{before}{quoted(key)}"
        if isinstance(value, dict) and (depth > 1 or key in _OF_HOURS or weekday(key, "en") is not None):
            yield from _values(value, f"{path}.", depth - 1)
        else:
            yield path, value


def _as_text(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value by its expression: of a list of hours one text, of an instant and its value, as in Prometheus, both."""
    last = path.rpartition(".")[2]
    if not isinstance(value, list):
        yield path, value
    elif last in {"value", "values"} and len(value) == 2 and not _is_nested(value):
        yield from ((f"{path}[{at}]", one) for at, one in enumerate(value))
    elif value and all(isinstance(one, str) and _is_of_hours(one) for one in value):
        are_rules = any(_RULED.match(one) and weekday(one, "en") is None for one in value)
        sign = "; " if are_rules else ", "
        yield f"join('{sign}', to_array(not_null({path}, `[]`)))", sign.join(value)
    elif _is_nested(value) and any(weekday(part, "en") is not None for part in path.split(".")):
        yield from _spans(path, value)
    elif value:
        yield path, value


def _spans(path: str, value: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """A list of spans of hours of one weekday as one text: 09:00-12:00, 13:00-17:00."""
    for begins, ends in _SPANS:
        if all(isinstance(one, dict) and isinstance(one.get(begins), str) and one.get(ends) for one in value):
            text = ", ".join(f"{one[begins]}-{one[ends]}" for one in value)
            yield f"join(', ', not_null({path}[*].join('-', [{begins}, {ends}]), `[]`))", text
            return
    if all(isinstance(one, list) and len(one) == 2 and all(isinstance(end, str) for end in one) for one in value):
        yield f"join(', ', not_null({path}[*].join('-', @), `[]`))", ", ".join("-".join(one) for one in value)
    else:
        yield path, value


def _is_of_hours(text: str) -> bool:
    return bool(_HOURS.search(text)) or weekday(text, "en") is not None
