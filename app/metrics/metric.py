"""A metric as its definition says it, once that is read: what is counted of which facts, and how."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

Pillar = Literal["version_control", "compatibility", "infrastructure", "team"]

#: The pillars in the order in which reports have them, as people call them.
PILLARS: Final[dict[Pillar, str]] = {
    "version_control": "Version control",
    "compatibility": "Compatibility",
    "infrastructure": "Infrastructure",
    "team": "Team",
}

Comparison = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "starts with", "ends with"]
Operation = Literal["add", "subtract", "multiply", "divide"]
ClockName = Literal["working", "elapsed"]
Quantile = Literal["median", "p75", "p90"]
OfPeople = Literal["distinct", "new", "returning", "gone", "top_share", "gini", "fewest_for"]

#: A literal of JSON.
Literal_ = str | float | bool


@dataclass(frozen=True, slots=True)
class Named:
    """A column of the facts."""

    column: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """What is calculated of two or more numbers, row by row."""

    operation: Operation
    of: tuple["Number", ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from one instant to another, in the working hours of the row's team or by the wall clock."""

    clock: ClockName
    start: str
    end: str


Number = Named | float | Calculation


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on one column; ``operand`` is a literal, several, another column, or known or unknown."""

    column: str
    operator: Comparison
    operand: Literal_ | tuple[Literal_, ...] | Named


@dataclass(frozen=True, slots=True)
class Several:
    """Conditions of which ``any`` or ``all`` hold."""

    how: Literal["any", "all"]
    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that does not hold."""

    of: "Condition"


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """An instant lies outside the working hours of the row's team."""

    column: str


Condition = Compare | Several | Not


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a number over the rows that have it."""

    of: Number


@dataclass(frozen=True, slots=True)
class Middle:
    """A quantile of a number or a duration over the rows that have it."""

    quantile: Quantile
    of: Number | Span


@dataclass(frozen=True, slots=True)
class Share:
    """The percentage of the rows of which a condition holds, among those of which it is known whether it does."""

    of: Condition | OutsideHours


@dataclass(frozen=True, slots=True)
class People:
    """A figure of whom or what a column names, and how often.

    ``part`` is the share of all rows that the fewest are looked for who have it.
    """

    how: OfPeople
    column: str
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure divided by another, unknown where that is zero, times a number."""

    above: "Count | Sum | People"
    below: "Count | Sum | People"
    times: float = 1.0


Value = Count | Sum | Middle | Share | People | Ratio


@dataclass(frozen=True, slots=True)
class When:
    """The instant or the day by which a row counts in a period."""

    column: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows count in every period at whose end they have begun, ``for_days`` ago or earlier, and not ended."""

    start: str
    end: str
    for_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Latest:
    """Of each repository the rows of the last day of a period that has any count in it."""

    column: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric; docs/metrics.md has the grammar.

    Attributes:
        name: by which reports call it.
        version: counted from 1; 0: it is shipped.
        splits: columns of the facts by whose words it is told apart.
        groups: what it can be grouped by: team, repo.
        window_days: a period's figure is that of so many days before its end; None: of the period.
        fewest: a figure of fewer people is not told, and the column of them; None: it always is.
        needs: the convention without which it is not shown.
    """

    name: str
    version: int
    pillar: Pillar
    title: str
    summary: str
    caveat: str
    facts: str
    when: When | Standing | Latest
    groups: tuple[str, ...]
    splits: tuple[str, ...]
    where: tuple[Condition, ...]
    value: Value
    unit: str
    window_days: int | None = None
    fewest: tuple[str, int] | None = None
    needs: Literal["incidents"] | None = field(default=None)

    @property
    def is_count(self) -> bool:
        """Whether a figure of few rows is as good as any: it counts them."""
        return isinstance(self.value, Count | Sum) or (
            isinstance(self.value, People) and self.value.how in ("distinct", "new", "returning", "gone")
        )


def parts(value: Value) -> Iterator[Count | Sum | Middle | Share | People]:
    """The figures that a value is made of."""
    if isinstance(value, Ratio):
        yield value.above
        yield value.below
    else:
        yield value
