"""Records of JSON: an array, one that an expression finds, or one value a line."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa

from app.errors import RejectedFile
from app.mapping.document import Mapping
from app.mapping.expressions import evaluated, members, text_of
from app.mapping.records import Place, Records
from app.mapping.unmappable import Unmappable
from app.wording.broken_json import breaks

#: Records that become texts at a time; each is a tree of Python objects.
BATCH: Final = 10_000

#: Longest JSON file that is one value: it is parsed in memory, in some ten times its size, bytes. Lines have no limit.
MOST_BYTES: Final = 64 << 20

#: Levels that are read for certain: parser and expressions call themselves for each.
DEEPEST: Final = 200

#: A record and the line on which it begins.
Numbered = tuple[int, Any]

#: Half of a surrogate pair.
_HALF: Final = re.compile("[\ud800-\udfff]")

_SPACE: Final = re.compile(r"[ \t\r\n]*")


class _Decoder(json.JSONDecoder):
    """Keeps numbers as they are written: a long id is no float."""

    def __init__(self) -> None:
        super().__init__(parse_float=str, parse_int=str, parse_constant=str)


def array_records(mapping: Mapping, text: str, name: str) -> Iterator[Records]:
    """The records of a JSON text.

    Raises:
        RejectedFile: it is not JSON, or has no array where the mapping says.
    """
    numbered = _found(mapping.records, text, name) if mapping.records is not None else _elements(text, name)
    yield from _shallow(_batches(mapping.places, numbered, name), name)


def line_records(mapping: Mapping, lines: Iterable[tuple[int, bytes]], name: str) -> Iterator[Records]:
    """The records of lines with their numbers; blank ones are none.

    Raises:
        RejectedFile: a line is not JSON.
    """
    yield from _shallow(_batches(mapping.places, _parsed(lines, name), name), name)


def _shallow(found: Iterator[Records], name: str) -> Iterator[Records]:
    try:
        yield from found
    except RecursionError as error:
        raise RejectedFile(
            f"{name} is JSON that is nested too deeply; {DEEPEST} levels are read for certain.",
            reason="bad_json",
        ) from error


def _parsed(lines: Iterable[tuple[int, bytes]], name: str) -> Iterator[Numbered]:
    decoder = _Decoder()
    for line, data in lines:
        if data.strip():
            try:
                yield line, decoder.decode(data.decode())
            except json.JSONDecodeError as error:
                raise _broken(
                    name, line, error.pos + 1, breaks(error.msg), "each line must be one JSON value"
                ) from error


def _elements(text: str, name: str) -> Iterator[Numbered]:
    """The elements of an array, each with its line; a single object is one record.

    Programs that ask for page after page, such as ``gh api --paginate``, write an array behind the other, or an array
    of arrays.
    """
    decoder, at, line, counted = _Decoder(), _skip(text, 0), 1, 0
    if text[at : at + 1] != "[":
        yield from _single(decoder, text, name)
        return
    at = _skip(text, at + 1)
    while True:
        if text[at : at + 1] == "]":
            at = _skip(text, at + 1)
            if at == len(text):
                return
            if text[at] != "[":
                line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
                raise _broken(name, line, column, "there is more behind the array", "the file must be a JSON array")
            at = _skip(text, at + 1)
            continue
        line, counted = line + text.count("\n", counted, at), at
        try:
            record, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _broken(
                name, error.lineno, error.colno, breaks(error.msg), "the file must be a JSON array"
            ) from error
        is_page = isinstance(record, list) and all(isinstance(each, dict) for each in record)
        yield from ((line, each) for each in (record if is_page else [record]))
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            lines = text.count("\n", 0, at) + 1
            raise _broken(
                name, lines, at - text.rfind("\n", 0, at), "the array is not closed here", "was all of it sent?"
            )


def _single(decoder: _Decoder, text: str, name: str) -> Iterator[Numbered]:
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        more = "; if each line is a value, the format is jsonl" if error.msg == "Extra data" else ""
        raise _broken(
            name, error.lineno, error.colno, breaks(error.msg), f"the file must be a JSON array{more}"
        ) from error
    arrays = [key for key, member in value.items() if isinstance(member, list)] if isinstance(value, dict) else []
    if arrays:
        raise RejectedFile(
            f'{name} is a JSON object; name the array in it with an expression: "records": {json.dumps(arrays[0])}.',
            reason="wrong_mapping",
        )
    yield 1, value


def _found(expression: str, text: str, name: str) -> Iterator[Numbered]:
    """The elements of the array that an expression finds; their lines are those on which objects of the text begin."""
    began: dict[int, int] = {}
    try:
        whole = _placing(began).decode(text)
        found = evaluated(expression, whole)
    except json.JSONDecodeError as error:
        raise _broken(name, error.lineno, error.colno, breaks(error.msg), "the file must be one JSON value") from error
    except Unmappable as error:
        raise RejectedFile(f"{name}: the array {error}.", reason="wrong_mapping") from error
    if not isinstance(found, list):
        what = "nothing" if found is None else f"no array but {text_of(found)[:80]!r}"
        members = ", ".join(whole)[:200] if isinstance(whole, dict) else ""
        has = f"; the file has {members}" if members else ""
        raise RejectedFile(f"{name}: records: {expression!r} finds {what}{has}.", reason="wrong_mapping")
    line = counted = 0
    for record in found:
        at = began.get(id(record), counted)
        line, counted = line + (text.count("\n", counted, at) if at > counted else 0), max(at, counted)
        yield line + 1, record


def _placing(began: dict[int, int]) -> _Decoder:
    """A decoder that notes where each object begins, by its identity; slower, because Python's own scanner is in C."""
    decoder: Any = _Decoder()
    parse = decoder.parse_object

    def placed(text_and_end: tuple[str, int], *others: Any) -> tuple[Any, int]:
        value, end = parse(text_and_end, *others)
        began[id(value)] = text_and_end[1]
        return value, end

    decoder.parse_object = placed
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    placing: _Decoder = decoder
    return placing


def _batches(places: Sequence[Place], numbered: Iterator[Numbered], name: str) -> Iterator[Records]:
    while batch := list(islice(numbered, BATCH)):
        texts = {place: _storable(batch, [_text(place, record) for _, record in batch], name) for place in places}
        there = {key for _, record in batch if isinstance(record, dict) for key in record}
        absent = frozenset(place for place in places if (looked := members(str(place))) and not looked & there)
        yield Records(texts, np.array([line for line, _ in batch], np.int64), absent)


def _storable(batch: Sequence[Numbered], texts: Sequence[str], name: str) -> pa.Array:
    """The texts of records as an array: JSON may hold halves of characters, which no text that is stored can."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError as error:
        halved = (line for (line, _), text in zip(batch, texts, strict=True) if _HALF.search(text))
        line = next(halved)
        raise RejectedFile(
            f"{name}, line {line}: a text has half of a surrogate pair such as \\ud800, which is no character; remove "
            "it.",
            reason="bad_json",
            line=line,
        ) from error


def _text(place: Place, record: Any) -> str:
    try:
        return text_of(evaluated(str(place), record))
    except Unmappable:
        return ""  # as where it finds nothing: columns that need a text tell so


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _broken(name: str, line: int, column: int, what: str, rule: str) -> RejectedFile:
    return RejectedFile(
        f"{name}, line {line}, character {column}: this is not JSON: {what}; {rule}.",
        reason="bad_json",
        line=line,
    )
