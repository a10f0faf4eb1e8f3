"""What is asked of a roll-up: the columns of its groups, the figures of each, and how they are written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

#: The figures of a measure, in the order in which the output has them.
FIGURES: Final = ("sum", "min", "max", "mean")


@dataclass(frozen=True, slots=True)
class Grouping:
    """See docs/rollup-rules.md; what the parameters of the report say, checked.

    Attributes:
        by: columns whose texts are the keys of a group; none: all rows are one group.
        sum, min, max, mean: columns of numbers.
        count: whether the rows of each group are counted.
        decimals: digits that a number may have behind its point, 0 to 9.
        skips_empty: whether an empty number is no value, instead of a wrong one.
        names: of the columns of the output, in order.
        max_part_bytes: largest part, with its header.
    """

    by: tuple[str, ...]
    sum: tuple[str, ...] = ()
    min: tuple[str, ...] = ()
    max: tuple[str, ...] = ()
    mean: tuple[str, ...] = ()
    count: bool = False
    decimals: int = 0
    skips_empty: bool = False
    names: tuple[str, ...] = ()
    max_part_bytes: int = 1 << 27

    @property
    def measures(self) -> tuple[str, ...]:
        """Every column of numbers once."""
        return tuple(dict.fromkeys((*self.sum, *self.min, *self.max, *self.mean)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(dict.fromkeys((*self.by, *self.measures)))

    @property
    def figures(self) -> tuple[tuple[str, int], ...]:
        """The figures in the order of the output: which one, and the place of its column in ``measures``."""
        return tuple((figure, self.measures.index(column)) for figure in FIGURES for column in getattr(self, figure))

    @property
    def default_names(self) -> tuple[str, ...]:
        """The names that the columns of the output have unless others are given."""
        named = (f"{figure}_{column}" for figure in FIGURES for column in getattr(self, figure))
        return (*self.by, *named, *(("count",) if self.count else ()))

    @property
    def header(self) -> bytes:
        """The first line of every part."""
        return (",".join(map(_field, self.names or self.default_names)) + "\n").encode()

    def as_json(self) -> dict[str, Any]:
        """As a piece of a job carries it."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Grouping":
        """What ``as_json`` wrote, perhaps after it travelled."""
        members: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
        }
        return cls(**members)


def _field(text: str) -> str:
    """A field of a CSV, quoted if it must be."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text
