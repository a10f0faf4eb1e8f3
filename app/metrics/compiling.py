"""Compiles metrics to columns of a query over their facts. What definitions say reaches SQL as parameters only."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, FromClause, and_, case, cast, func, literal, not_, or_, true

from app.metrics import metric as m
from app.metrics.facts.fact import Type
from app.metrics.facts.registry import FACTS
from app.storage.binary_copy import (
    BOOLEAN_OR_FALSE,
    BOOLEAN_OR_TWO,
    DATE_OR_MISSING,
    FLOAT_OR_NAN,
    TEXT,
    TIMESTAMPTZ_OR_MISSING,
    Wire,
)

#: How a column of each type is received.
_WIRES: Final[Mapping[Type, Wire]] = {
    Type.INSTANT: TIMESTAMPTZ_OR_MISSING,
    Type.DAY: DATE_OR_MISSING,
    Type.NUMBER: FLOAT_OR_NAN,
    Type.TRUTH: BOOLEAN_OR_TWO,
    Type.WORD: TEXT,
    Type.PERSON: TEXT,
}

_COMPARED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(slots=True)
class Columns:
    """The columns of a query over facts, each once, however many metrics ask for it.

    Attributes:
        facts: the rows, whose columns carry the names that definitions use.
        types: of these columns.
        asked: by a key that says what it is: the name in the query, the expression, and how it is received.
    """

    facts: FromClause
    types: Mapping[str, Type]
    asked: dict[Any, tuple[str, ColumnElement[Any], Wire]] = field(default_factory=dict)

    def named(self, column: str) -> str:
        """The name in the query of a column of the facts."""
        return self._ask(m.Named(column), self.facts.c[column], _WIRES[self.types[column]])

    def number(self, of: m.Number) -> str:
        """That of a number, NaN where it is not known."""
        return self._ask(("number", of), self._number(of), FLOAT_OR_NAN)

    def truth(self, of: m.Condition) -> str:
        """That of a condition: 0, 1, and 2 where it is not known."""
        return self._ask(("truth", of), self._condition(of), BOOLEAN_OR_TWO)

    def all_of(self, conditions: Sequence[m.Condition]) -> str:
        """That of whether all of the conditions hold; what is not known does not."""
        chosen = and_(true(), *(self._condition(one) for one in conditions))
        return self._ask(("all", tuple(conditions)), chosen, BOOLEAN_OR_FALSE)

    def _ask(self, key: Any, of: ColumnElement[Any], wire: Wire) -> str:
        if key not in self.asked:
            self.asked[key] = (f"c{len(self.asked)}", of, wire)
        return self.asked[key][0]

    def _number(self, of: m.Number) -> ColumnElement[Any]:
        match of:
            case m.Named(column):
                return cast(self.facts.c[column], Double)
            case m.Calculation(operation, numbers):
                return reduce(_CALCULATED[operation], [self._number(one) for one in numbers])
        return cast(literal(of), Double)

    def _condition(self, of: m.Condition) -> ColumnElement[Any]:
        match of:
            case m.Not(inner):
                return not_(self._condition(inner))
            case m.Several("any", conditions):
                return or_(*(self._condition(one) for one in conditions))
            case m.Several(_, conditions):
                return and_(*(self._condition(one) for one in conditions))
            case m.Compare(name, operator_, operand):
                return self._comparison(self.facts.c[name], operator_, operand)
        raise AssertionError(of)

    def _comparison(self, column: ColumnElement[Any], operator_: str, operand: Any) -> ColumnElement[Any]:
        other = self.facts.c[operand.column] if isinstance(operand, m.Named) else operand
        match operator_:
            case "is":
                return column.is_not(None) if operand == "known" else column.is_(None)
            case "in":
                return column.in_(other)
            case "not in":
                return column.not_in(other)
            case "starts with":
                return func.starts_with(column, other)
            case "ends with":  # not by LIKE: in the words of a column % and _ are letters like others
                return func.right(column, func.length(other)) == other
        compared: ColumnElement[Any] = _COMPARED[operator_](column, other)
        return compared


def _divided(above: ColumnElement[Any], below: ColumnElement[Any]) -> ColumnElement[Any]:
    """Unknown where it divides by zero."""
    return case((below != 0, above / below))


_CALCULATED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _divided,
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """Where a metric finds what it needs among the columns of the query.

    Attributes:
        metric: the metric.
        where: whether a row counts.
        times: the instants or the day by which: one name, or two of what stands.
        splits: of each column that tells it apart.
        people: of who must be so many; None: of nobody.
        operands: by what of the value they are of.
    """

    metric: m.Metric
    where: str
    times: tuple[str, ...]
    splits: tuple[str, ...]
    people: str | None
    operands: Mapping[Any, tuple[str, ...]]


def columns_of(facts: FromClause, name: str) -> Columns:
    """The columns of a query over the facts of this name, none asked for yet."""
    return Columns(facts, {column: of.type for column, of in FACTS[name].columns.items()})


def compile_metric(metric: m.Metric, columns: Columns) -> Compiled:
    """Ask for what a metric needs."""
    match metric.when:
        case m.Standing(start, end):
            times: tuple[str, ...] = (columns.named(start), columns.named(end))
        case m.When(column) | m.Latest(column):
            times = (columns.named(column),)
    return Compiled(
        metric,
        columns.all_of(metric.where),
        times,
        tuple(columns.named(one) for one in metric.splits),
        None if metric.fewest is None else columns.named(metric.fewest[0]),
        {part: _operands(part, columns) for part in m.parts(metric.value)},
    )


def _operands(part: Any, columns: Columns) -> tuple[str, ...]:
    match part:
        case m.Middle(of=m.Span(_, start, end)):
            return columns.named(start), columns.named(end)
        case m.Share(m.OutsideHours(column)) | m.People(column=column):
            return (columns.named(column),)
        case m.Share(m.Compare() | m.Several() | m.Not() as of):
            return (columns.truth(of),)
        case m.Middle(of=m.Named() | float() | m.Calculation() as number) | m.Sum(number):
            return (columns.number(number),)
    return ()
