"""What a definition can contain, for whatever helps to write one: the tables of facts, and what fits which type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from app.metrics import metric as m
from app.metrics.document import DEEPEST, LONGEST, MOST_PARTS
from app.metrics.facts.fact import Fact, Type
from app.metrics.facts.registry import FACTS

_EVERY: Final = tuple(Type)
_WRITTEN: Final = (Type.NUMBER, Type.TRUTH, Type.WORD)
_ORDERED: Final = (Type.NUMBER, Type.INSTANT, Type.DAY)
_NAMED: Final = (Type.WORD, Type.PERSON)


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison of conditions.

    Attributes:
        name: as a condition has it between column and value.
        values: types of columns that it compares with a value in JSON.
        columns: types of columns that it compares with another column.
        takes: what stands for the value: value, values, state (known or unknown), or column alone.
    """

    name: m.Comparison
    values: Sequence[Type]
    columns: Sequence[Type]
    takes: str


@dataclass(frozen=True, slots=True)
class ValueForm:
    """A way to compute a figure.

    Attributes:
        name: its key in ``value``.
        of: what it is computed of: rows, number, quantity (a number or a span of time), condition, column, values.
        types: of the columns, if it is computed of one.
        beside: further keys that it takes.
        needs_window: whether the metric must have ``window_days``.
    """

    name: str
    of: str
    types: Sequence[Type] = ()
    beside: Sequence[str] = ()
    needs_window: bool = False


def _operator(name: m.Comparison) -> Operator:
    match name:
        case "=" | "!=":
            return Operator(name, _WRITTEN, _EVERY, "value")
        case "<" | "<=" | ">" | ">=":
            return Operator(name, (Type.NUMBER,), _ORDERED, "value")
        case "in" | "not in":
            return Operator(name, _WRITTEN, (), "values")
        case "is":
            return Operator(name, _EVERY, (), "state")
        case "starts with" | "ends with":
            return Operator(name, (Type.WORD,), (Type.WORD,), "value")


def _of_people(how: m.OfPeople) -> ValueForm:
    beside = ("part",) if how == "fewest_for" else ()
    return ValueForm(how, "column", _NAMED, beside, needs_window=how in ("new", "returning", "gone"))


@dataclass(frozen=True, slots=True)
class Grammar:
    """The tables of facts and everything that definitions may say of them."""

    facts: Sequence[Fact] = tuple(FACTS.values())
    pillars: Mapping[m.Pillar, str] = field(default_factory=lambda: m.PILLARS)
    groups: Sequence[str] = ("team", "repo", "week", "month")
    split_types: Sequence[Type] = (Type.WORD, Type.TRUTH)
    operators: Sequence[Operator] = tuple(_operator(name) for name in get_args(m.Comparison))
    connectives: Sequence[str] = ("any", "all", "not")
    operations: Sequence[str] = get_args(m.Operation)
    clocks: Sequence[str] = get_args(m.ClockName)
    values: Sequence[ValueForm] = (
        ValueForm("count", "rows"),
        ValueForm("sum", "number"),
        *(ValueForm(name, "quantity") for name in get_args(m.Quantile)),
        ValueForm("share", "condition"),
        *(_of_people(how) for how in get_args(m.OfPeople)),
        ValueForm("ratio", "values", beside=("times",)),
    )
    longest: int = LONGEST
    deepest: int = DEEPEST
    most_parts: int = MOST_PARTS


GRAMMAR: Final = Grammar()
