"""Errors of report parameters: the value received and the values allowed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.errors import InvalidParameters


def refused(parameter: str, received: Any, reason: str, *, allowed: str | None = None) -> InvalidParameters:
    """The error for one value; ``reason`` continues "<value> …"."""
    error = {"parameter": parameter, "received": _json(received), "reason": reason}
    error |= {} if allowed is None else {"allowed": allowed}
    hint = "" if allowed is None else f"; allowed: {allowed}"
    return InvalidParameters(f"{parameter}: {shown(received)} {reason}{hint}", errors=[error])


def unknown_names(parameter: str, kind: str, nearest: Mapping[str, Sequence[str]]) -> InvalidParameters:
    """The error for unknown names of entities, each with similar known ones."""
    hints = [
        f"{name!r}" + (f" (did you mean {' or '.join(map(repr, near))}?)" if near else "")
        for name, near in nearest.items()
    ]
    return InvalidParameters(
        f"{parameter}: no loaded file has named the {kind} {', '.join(hints)}",
        errors=[
            {"parameter": parameter, "received": name, "reason": "is not known", "nearest": list(near)}
            for name, near in nearest.items()
        ],
    )


def shown(value: Any) -> str:
    """A value as its sender may have written it; only texts have quotation marks."""
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return iso(value)
        case list():
            return ", ".join(map(shown, value))
    return repr(value)


def iso(instant: datetime) -> str:
    """An instant in ISO 8601 with its offset, or Z."""
    return instant.isoformat().replace("+00:00", "Z")


def _json(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
