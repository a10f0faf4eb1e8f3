"""A value that is not accepted: what came, why it is not, and what would be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.errors import InvalidParameters
from app.wording.suggestions import did_you_mean
from app.wording.values import repeated, shown, shown_whole

#: Wrong values that one refusal names; a body may have some thousand.
MOST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongValue:
    """One of the ``errors`` of a problem document.

    Attributes:
        parameter: its name; inside of lists and objects a path such as ``hours.0.day``.
        received: the value as it came; None where it is missing or must not be shown.
        reason: continues "<value> …".
        allowed: in words, or the names that there are; None where the reason says all.
        nearest: names that were probably meant, the likest first.
        is_shown: whether ``detail`` repeats the value.
        is_whole: whether a list is wrong as a whole, as one in the place of an object is; else its members are shown.
    """

    parameter: str
    received: Any
    reason: str
    allowed: str | Sequence[str] | None = None
    nearest: Sequence[str] = ()
    is_shown: bool = True
    is_whole: bool = False

    @property
    def sentence(self) -> str:
        """For people."""
        show = shown_whole if self.is_whole else shown
        value = f"{show(self.received)} " if self.is_shown else ""
        meant = did_you_mean(self.nearest)
        allowed = self.allowed if isinstance(self.allowed, str | None) else ", ".join(self.allowed)
        hint = f"; allowed: {allowed}" if allowed and not self._says(allowed) else ""
        return f"{self.parameter}: {value}{self.reason}{meant}{hint}"

    def _says(self, allowed: str) -> bool:
        """Whether the reason has said already what is allowed, or one of several things that are."""
        one_of_them = (one for one in allowed.split(" or ") if one.startswith(("a ", "an ")))
        return allowed in self.reason or any(one in self.reason for one in one_of_them)

    @property
    def members(self) -> dict[str, Any]:
        """For programs, JSON-ready; what does not apply is left out."""
        return dict(self._members())

    def _members(self) -> Iterator[tuple[str, Any]]:
        yield "parameter", self.parameter
        yield "received", repeated(self.received)
        yield "reason", self.reason
        if self.allowed is not None:
            yield "allowed", self.allowed if isinstance(self.allowed, str) else list(self.allowed)
        if self.nearest:
            yield "nearest", list(self.nearest)


def detail(values: Sequence[WrongValue], *, count: int | None = None) -> str:
    """All of them in one line; ``count`` is how many there are when not all are given."""
    more = (count or len(values)) - min(len(values), MOST)
    rest = f"; and {more:,} more" if more else ""
    return "; ".join(value.sentence for value in values[:MOST]) + rest


def members(values: Sequence[WrongValue]) -> list[dict[str, Any]]:
    """The member ``errors`` of a problem document."""
    return [value.members for value in values[:MOST]]


def invalid_parameters(
    values: Sequence[WrongValue], *, count: int | None = None, subject: str | None = None
) -> InvalidParameters:
    """The refusal of these values, of parameters that belong to ``subject``."""
    line = detail(values, count=count)
    return InvalidParameters(f"{subject}: {line}" if subject else line, errors=members(values))
