"""Errors of report parameters: the value received and the values allowed."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import InvalidParameters
from app.wording.wrong_values import WrongValue, invalid_parameters


def refused(parameter: str, received: Any, reason: str, *, allowed: str | None = None) -> InvalidParameters:
    """The error for one value; ``reason`` continues "<value> …"."""
    return invalid_parameters([WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed)])


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
