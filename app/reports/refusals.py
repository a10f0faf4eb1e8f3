"""What a report says of parameters that it cannot be made with: what was received, and what is allowed."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import InvalidParameters
from app.wording.wrong_values import WrongValue, invalid_parameters


def refused(parameter: str, received: Any, reason: str, *, allowed: str | None = None) -> InvalidParameters:
    """The refusal of one value; ``reason`` continues "<value> …"."""
    return invalid_parameters([WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed)])


def unknown_names(parameter: str, kind: str, nearest: Mapping[str, Sequence[str]]) -> InvalidParameters:
    """The refusal of names of a kind of entity, each with known ones that are like it."""
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
