"""Names of entities that no loaded file has, and those that were probably meant."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from app.errors import InvalidParameters
from app.wording.late import WordedLate
from app.wording.suggestions import did_you_mean
from app.wording.values import repeated, shown

#: Unknown names that an error lists.
SHOWN: Final = 20


class UnknownNames(WordedLate, InvalidParameters):
    """Names of entities that no loaded file has."""


def unknown_names(
    parameter: str, kind: str, nearest: Callable[[], Mapping[str, Sequence[str]]], *, count: int
) -> UnknownNames:
    """The error for ``count`` unknown names of entities; ``nearest`` returns the first, with similar known ones."""
    return UnknownNames(lambda: _unknown_names(parameter, kind, nearest(), count=count))


def _unknown_names(parameter: str, kind: str, nearest: Mapping[str, Sequence[str]], *, count: int) -> InvalidParameters:
    hints = [shown(name) + did_you_mean(near) for name, near in nearest.items()]
    more = f" and {count - len(nearest):,} more" if count > len(nearest) else ""
    return InvalidParameters(
        f"{parameter}: no loaded file has named the {kind} {', '.join(hints)}{more}",
        errors=[
            {
                "parameter": parameter,
                "received": repeated(name),
                "reason": "is not known",
                "allowed": f"a {kind} that a loaded file has named; GET /entities?kind={kind} lists them",
                "nearest": list(near),
            }
            for name, near in nearest.items()
        ],
    )
