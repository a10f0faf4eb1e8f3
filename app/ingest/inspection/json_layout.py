"""The first records of a JSON file, which may be cut anywhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.errors import RejectedFile

#: How deep objects may be in each other above the array of records.
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class JsonRecords:
    """Records, and how they are found.

    Attributes:
        document: the members of a mapping that say where they are.
        records: the first ones.
        whole: of JSON that is cut, the same with those elements of its array that are whole.
        about: texts beside the array, by name.
    """

    document: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    whole: str | None
    about: Mapping[str, str]


def is_json(text: str) -> bool:
    """Whether the text begins as JSON does; a line such as ``[1714557600] ALERT`` is none."""
    begins = text.lstrip()
    if begins[:1] == "[":
        try:
            _, end = json.JSONDecoder().raw_decode(begins)
        except json.JSONDecodeError:
            return True  # cut, or wrong
        return not begins[end:].partition("\n")[0].strip()
    return begins[:1] == "{"


def records_of(text: str, name: str, *, most: int) -> JsonRecords:
    """The first records of JSON, ``most`` at most; raises RejectedFile if there are none."""
    lines = text.splitlines()
    whole: str | None = None
    about: dict[str, str] = {}
    if len(lines) > 1 and _is_value(lines[0]):
        document: dict[str, Any] = {"format": "jsonl"}
        records = [json.loads(line) for line in lines[:most] if _is_value(line)]
    elif (start := text.lstrip()).startswith("{"):
        document = {"format": "json"}
        records, about, whole = _member(start, document, name, most)
    else:
        document = {"format": "json"}
        records, end = _elements(text, text.index("[") + 1, most)
        whole = text[:end] + "]"
    records = [record for record in records if isinstance(record, dict)]
    if not records:
        raise RejectedFile(f"{name} is JSON, but has no array of objects in its first bytes.", reason="bad_json")
    return JsonRecords(document, records, whole, about)


def _is_value(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        return False


def _member(text: str, document: dict[str, Any], name: str, most: int) -> tuple[list[Any], dict[str, str], str | None]:
    """The first elements of the first array in an object, or else the object; texts beside them; what is whole."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return _cut_member(text, document, name, most)
    texts = {key: one for key, one in whole.items() if isinstance(one, str)}
    for path, one in _arrays(whole):
        document["records"] = path
        return one[:most], texts, None
    return [whole], {}, None


def _arrays(whole: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Arrays in an object, and in the objects in it, by their expressions; the outermost first."""
    inside = [("", whole)]
    for _ in range(_DEEPEST):
        members = [
            (f"{path}.{_quoted(key)}".lstrip("."), one) for path, parent in inside for key, one in parent.items()
        ]
        yield from ((path, one) for path, one in members if isinstance(one, list))
        inside = [(path, one) for path, one in members if isinstance(one, dict)]


def _quoted(key: str) -> str:
    """A member's name as an expression has it."""
    return key if key.isidentifier() else json.dumps(key)


def _cut_member(text: str, document: dict[str, Any], name: str, most: int) -> tuple[list[Any], dict[str, str], str]:
    """The same of an object that is cut in its first array."""
    decoder, at = json.JSONDecoder(), 1
    texts: dict[str, str] = {}
    try:
        while True:
            key, at = decoder.raw_decode(text, _after(text, at, ","))
            at = _after(text, at, ":")
            if text[at : at + 1] == "[":
                records, end = _elements(text, at + 1, most)
                document["records"] = key
                return records, texts, text[:end] + "]}"
            one, at = decoder.raw_decode(text, at)
            texts |= {key: one} if isinstance(one, str) else {}
    except json.JSONDecodeError:
        raise RejectedFile(f"{name} is one JSON object, which is not whole here.", reason="bad_json") from None


def _elements(text: str, at: int, most: int) -> tuple[list[Any], int]:
    """The first elements of an array that may be cut, from the place behind its bracket on, and where they end."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    end = at
    while len(found) < most:
        try:
            record, end = decoder.raw_decode(text, _after(text, end, ","))
        except json.JSONDecodeError:
            break
        found.append(record)
    return found, end


def _after(text: str, at: int, sign: str) -> int:
    """The place behind spaces and signs."""
    while text[at : at + 1] in {" ", "\n", "\r", "\t", sign}:
        at += 1
    return at


def leaves(record: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an object and of the objects in it, by their expressions."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            found |= {f"{_quoted(key)}.{_quoted(inner)}": one for inner, one in value.items()}
        else:
            found[_quoted(key)] = value
    return found
