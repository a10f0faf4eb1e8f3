"""Errors of report parameters: the value received and the values allowed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from app.errors import InvalidParameters
from app.series.entities import unknown_keys
from app.series.lookup import comparison
from app.wording.late import WordedLate
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Unknown names that an error lists.
SHOWN: Final = 20


def refused(parameter: str, received: Any, reason: str, *, allowed: str | None = None) -> InvalidParameters:
    """The error for one value; ``reason`` continues "<value> …"."""
    return invalid_parameters([WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed)])


class UnknownNames(WordedLate, InvalidParameters):
    """Names of entities that no loaded file has."""


def require_known(connection: Connection, parameter: str, kind: str, keys: Sequence[str] | None) -> None:
    """Refuse names that no entity of the kind has.

    Raises:
        UnknownNames: there are such; each of the first SHOWN with similar known ones.
    """
    if unknown := unknown_keys(connection, kind, keys or ()):
        compared = comparison(connection, kind, unknown[:SHOWN])
        raise unknown_names(parameter, kind, compared.nearest, count=len(unknown))


def unknown_names(
    parameter: str, kind: str, nearest: Callable[[], Mapping[str, Sequence[str]]], *, count: int
) -> UnknownNames:
    """The error for ``count`` unknown names of entities; ``nearest`` returns the first, with similar known ones."""
    return UnknownNames(lambda: _unknown_names(parameter, kind, nearest(), count=count))


def _unknown_names(parameter: str, kind: str, nearest: Mapping[str, Sequence[str]], *, count: int) -> InvalidParameters:
    hints = [
        shown(name) + (f" (did you mean {' or '.join(map(repr, near))}?)" if near else "")
        for name, near in nearest.items()
    ]
    more = f" and {count - len(nearest):,} more" if count > len(nearest) else ""
    return InvalidParameters(
        f"{parameter}: no loaded file has named the {kind} {', '.join(hints)}{more}",
        errors=[
            {"parameter": parameter, "received": repeated(name), "reason": "is not known", "nearest": list(near)}
            for name, near in nearest.items()
        ],
    )
