"""The first records of JSON that may be cut: lines, an array, or an array somewhere in an object."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.errors import RejectedFile
from app.mapping.languages import weekday
from app.wording.broken_json import breaks

#: Records that are looked at.
ROWS: Final = 200

#: Members of answers that have what was asked for, however deep.
_ANSWERS: Final = ("data", "result", "results", "response", "payload", "body")


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first records of a JSON text.

    Attributes:
        document: how a mapping says where they are.
        records: objects.
        whole: of JSON that is cut, the same with those elements of its array that are whole.
        about: texts beside the array of records in a JSON object, by name.
        unread: names of other arrays beside it whose records have the same members.
    """

    document: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    whole: str | None
    about: Mapping[str, str]
    unread: Sequence[str]


def first_records(text: str, name: str, *, is_whole: bool) -> Beginning:
    """The first records of a JSON text, which may be cut unless it is whole. Raises RejectedFile: there are none."""
    lines = text.splitlines()
    whole: str | None = None
    about: dict[str, str] = {}
    start = text.lstrip()
    if len(lines) > 1 and _is_value(lines[0]):
        document: dict[str, Any] = {"format": "jsonl"}
        records = [json.loads(line) for line in lines[:ROWS] if _is_value(line)]
    elif start.startswith("{"):
        document = {"format": "json"}
        records, about, whole = _member(text, document, name, is_whole=is_whole)
    else:
        document = {"format": "json"}
        records, end = _elements(text, text.index("[") + 1)
        whole = text[:end] + "]"
    pages = (record if isinstance(record, list) else [record] for record in records)
    records = [record for page in pages for record in page if isinstance(record, dict)][:ROWS]
    if not records:
        raise RejectedFile(f"{name} is JSON, but has no array of objects in its first bytes.", reason="bad_json")
    if any(_is_of_influx(one) for record in records for one in _series(record)):
        raise RejectedFile(
            f"{name} is an answer of InfluxDB, which has the names of columns apart from their values. Ask for CSV: "
            "with the header Accept: application/csv, or with influx -format csv.",
            reason="bad_json",
        )
    return Beginning(document, records, whole, about, _alike(start, document) if start.startswith("{") else ())


def _alike(text: str, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of other arrays in an object whose records have the same members as those of the one that is read."""
    try:
        whole = json.loads(text) if "records" in document else {}
    except ValueError:
        return ()
    members = {
        key: {*one[0]} for key, one in whole.items() if isinstance(one, list) and one and isinstance(one[0], dict)
    }
    read = next((key for key in members if quoted(key) == document.get("records")), None)
    return tuple(key for key, names in members.items() if read is not None and key != read and names == members[read])


def _series(record: Mapping[str, Any]) -> list[Any]:
    found = record.get("series")
    return found if isinstance(found, list) else []


def _is_of_influx(series: Any) -> bool:
    return isinstance(series, dict) and {"columns", "values"} <= series.keys()


def is_json(text: str) -> bool:
    """Whether the text begins as JSON does; a line such as ``[1714557600] ALERT`` is none."""
    begins = text.lstrip()
    if begins[:1] == "[":
        try:
            _, end = json.JSONDecoder().raw_decode(begins)
        except ValueError:
            return True  # cut, or wrong
        return not begins[end:].partition("\n")[0].strip()
    return begins[:1] == "{"


def _is_value(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _member(
    text: str, document: dict[str, Any], name: str, *, is_whole: bool
) -> tuple[list[Any], dict[str, str], str | None]:
    """The first elements of the first array in an object, or else the object; texts beside them; what is whole."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        return _cut_or_broken(error, text, document, name, is_whole=is_whole)
    except ValueError:
        raise RejectedFile(f"{name} has a number with thousands of digits.", reason="bad_json") from None
    texts = {key: one for key, one in whole.items() if isinstance(one, str)}
    lists = {key: one for key, one in whole.items() if isinstance(one, list)}
    for key, one in lists.items():
        if any(isinstance(element, dict | list) for element in one) or not any(lists.values()):
            document["records"] = quoted(key)
            return one[:ROWS], texts, None
    answers = (key for key in (*_ANSWERS, *whole) if isinstance(whole.get(key), dict))
    answer = next((key for key in answers if _has_array(whole[key])), "")
    path, inner = [answer], whole.get(answer)
    while isinstance(inner, dict):
        if inner and all(
            _has_array(one) and isinstance(one, list) and not key.isidentifier() for key, one in inner.items()
        ):
            document["records"] = f"{_joined(path)}.*[]"  # a list of each, by its number
            return [element for one in inner.values() for element in one][:ROWS], texts, None
        for key, one in inner.items():
            if isinstance(one, list) and any(isinstance(element, dict) for element in one):
                return _named([*path, key], one[:ROWS], document), texts, None
        key, inner = next(((key, one) for key, one in inner.items() if _has_array(one)), ("", None))
        path.append(key)
    if any(weekday(key, "en") is not None for key in whole):
        document["records"] = "[@]"  # the week of one store
    return [whole], {}, None


def _has_array(one: Any) -> bool:
    """Whether an object has an array of objects, or an object in it has."""
    if isinstance(one, list):
        return any(isinstance(element, dict) for element in one)
    return isinstance(one, dict) and any(_has_array(inner) for inner in one.values())


def _named(path: Sequence[str], records: list[Any], document: dict[str, Any]) -> list[Any]:
    """The records of an array by its path, which becomes the expression that finds them."""
    document["records"] = _joined(path)
    if not records or not all(isinstance(one, dict) and isinstance(one.get("node"), dict) for one in records):
        return records
    document["records"] += "[].node"
    return [one["node"] for one in records]


def quoted(key: str) -> str:
    """The name of a member as an expression has it."""
    return key if key.isidentifier() and key.isascii() else json.dumps(key)


def _joined(path: Sequence[str]) -> str:
    return ".".join(map(quoted, path))


def _require_nothing_behind(error: json.JSONDecodeError, name: str) -> None:
    """Raise RejectedFile for an object that is whole and has more behind it, most often the next object."""
    if error.msg != "Extra data":
        return
    at = _after(error.doc, error.pos, ",")
    what = "another JSON object" if error.doc[at : at + 1] == "{" else "something else"
    behind = "behind a comma" if "," in error.doc[error.pos : at] else "behind it"
    raise RejectedFile(
        f"{name}, line {error.lineno}, character {error.colno}: a JSON object has ended, and {behind} stands {what}. "
        "Write each object on a line of its own, without commas between them, or make a list of all: [{...}, {...}].",
        reason="bad_json",
        line=error.lineno,
    )


def _cut_or_broken(
    error: json.JSONDecodeError, text: str, document: dict[str, Any], name: str, *, is_whole: bool
) -> tuple[list[Any], dict[str, str], str]:
    """What _member gives of an object that is not whole."""
    _require_nothing_behind(error, name)
    try:
        return _cut_member(text, document)
    except ValueError:
        raise _broken(error, name, is_whole=is_whole) from None


def _broken(error: json.JSONDecodeError, name: str, *, is_whole: bool) -> RejectedFile:
    """The refusal of an object in which no array begins before it is cut, or wrong."""
    if not is_whole:
        return RejectedFile(f"{name} is one JSON object, which is not whole here.", reason="bad_json")
    return RejectedFile(
        f"{name}, line {error.lineno}, character {error.colno}: this is not JSON: {breaks(error.msg)}. Was all of the "
        "file written?",
        reason="bad_json",
        line=error.lineno,
    )


def _cut_member(text: str, document: dict[str, Any]) -> tuple[list[Any], dict[str, str], str]:
    """The same of an object that is cut in its first array; raises ValueError where it has none."""
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    texts: dict[str, str] = {}
    path: list[str] = []
    while True:
        key, at = decoder.raw_decode(text, _after(text, at, ","))
        at = _after(text, at, ":")
        if text[at : at + 1] == "[" and not _is_plain(text, at):
            records, end = _elements(text, at + 1)
            closed = text[:end] + "]}" + "}" * len(path)
            return _named([*path, key], records, document), texts, closed
        try:
            one, at = decoder.raw_decode(text, at)
        except ValueError:
            if text[at : at + 1] != "{" or not (path or key in _ANSWERS):
                raise
            path, at = [*path, key], at + 1  # it is cut further within
            continue
        texts |= {key: one} if isinstance(one, str) else {}


def _is_plain(text: str, at: int) -> bool:
    """Whether an array, which begins there, is whole and holds no objects: it stands beside the records."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text, at)
    except ValueError:
        return False
    return bool(found) and not any(isinstance(element, dict | list) for element in found)


def _elements(text: str, at: int) -> tuple[list[Any], int]:
    """The first elements of an array that may be cut, from the place behind its bracket on, and where they end."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    end = at
    while len(found) < ROWS:
        try:
            record, end = decoder.raw_decode(text, _after(text, end, ","))
        except ValueError:
            break
        found.append(record)
    return found, end


def _after(text: str, at: int, sign: str) -> int:
    """The place behind spaces and signs."""
    while text[at : at + 1] in {" ", "\n", "\r", "\t", sign}:
        at += 1
    return at
