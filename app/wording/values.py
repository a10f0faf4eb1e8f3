"""How a value that is refused is shown to whoever sent it."""

import json
from datetime import datetime
from typing import Any, Final

#: Longest part of a value that an error repeats, characters: a body may have megabytes of them.
LONGEST: Final = 200


def shown(value: Any) -> str:
    """A value in a sentence, as its sender may have written it; only quotation marks are Python's."""
    match value:
        case str():
            return repr(_cut(value))
        case datetime():
            return iso(value)
        case bytes():
            return repr(_text(value))
        case list() if value and not any(isinstance(one, list | dict) for one in value[:LONGEST]):
            return _cut(", ".join(map(shown, value[:LONGEST])))
    return _json(value)


def shown_whole(value: Any) -> str:
    """As ``shown``, of what is wrong as a whole: a list has its brackets."""
    text = shown(value)
    return f"[{text}]" if isinstance(value, list) and not text.startswith("[") else text


def repeated(value: Any) -> Any:
    """A value as the field ``received`` repeats it: JSON-ready, and where it is long the beginning of its text."""
    match value:
        case str():
            return _cut(value)
        case datetime():
            return iso(value)
        case bytes():
            return _text(value)
    text = _json(value)
    return text if len(text) > LONGEST else value


def iso(instant: datetime) -> str:
    """An instant in ISO 8601 with its offset, or Z."""
    return instant.isoformat().replace("+00:00", "Z")


def _json(value: Any) -> str:
    """The beginning of a value's JSON; no more of it is made than is shown."""
    text = ""
    for part in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
        text += part[: LONGEST + 1]
        if len(text) > LONGEST:
            break
    return _cut(text)


def _text(content: bytes) -> str:
    return _cut(content[: 4 * LONGEST + 4].decode(errors="replace"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
