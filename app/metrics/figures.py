"""The figures of a metric in cells: those of one group, one part and one period each. Arrays alone."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.statistics import grouped
from app.metrics import metric as m

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

#: A figure of fewer values says so.
FEW: Final = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """What a metric comes to in c cells.

    Attributes:
        value: float64[c], NaN where there is none.
        p75, p90: float64[c], beside a median; None: it is none.
        n: int64[c], how many rows, or known values, it is of.
    """

    value: Floats
    n: Ints
    p75: Floats | None = None
    p90: Floats | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What a part of a value is computed of: n rows that count.

    Attributes:
        cell: int64[n], number of each row's cell.
        cells: how many there are.
        number: float64[n], the number or the duration, NaN where it is not known.
        truth: int8[n], whether the condition holds: 0, 1, 2 where it is not known.
        who: int64[n], number of the person or word, -1 where it is not known.
        times: int64[n], how many rows of facts each row stands for; None: one.
    """

    cell: Ints
    cells: int
    number: Floats | None = None
    truth: npt.NDArray[np.int8] | None = None
    who: Ints | None = None
    times: Ints | None = None


@dataclass(frozen=True, slots=True)
class Distinct:
    """The distinct combinations of columns, in their order: k of them.

    Attributes:
        columns: int64[k] each.
        number: int64[n], of each row's combination.
        times: int64[k], how many rows have it.
    """

    columns: tuple[Ints, ...]
    number: Ints
    times: Ints


def distinct(*columns: Ints) -> Distinct:
    """Of columns of numbers, int64[n] each, that are not negative beyond what an offset mends.

    One number stands for a combination: numpy sorts rows of several ones a hundred times as slowly.
    """
    if not len(columns[0]):
        nothing = np.zeros(0, np.int64)
        return Distinct(tuple(nothing for _ in columns), nothing, nothing)
    least = [int(one.min()) for one in columns]
    sizes = [int(one.max()) - low + 1 for one, low in zip(columns, least, strict=True)]
    code = np.zeros(len(columns[0]), np.int64)
    for one, low, size in zip(columns, least, sizes, strict=True):
        code = code * size + (one - low)
    codes, number, times = np.unique(code, return_inverse=True, return_counts=True)
    found = []
    for low, size in zip(reversed(least), reversed(sizes), strict=True):
        codes, rest = np.divmod(codes, size)
        found.append(rest + low)
    return Distinct(tuple(reversed(found)), number.reshape(-1), times)


def figures_of(value: m.Value, rows: Callable[[m.Value], Rows]) -> Figures:
    """The figures of a value that compares nothing with the time before; ``rows`` gives those of each of its parts."""
    if isinstance(value, m.Ratio):
        above, below = (figures_of(part, rows) for part in (value.above, value.below))
        return Figures(_ratio(above.value, below.value) * value.times, below.n)
    return _figures(value, rows(value))


def _figures(value: m.Value, rows: Rows) -> Figures:
    match value:
        case m.Count():
            n = np.bincount(rows.cell, minlength=rows.cells)
            return Figures(n.astype(np.float64), n)
        case m.Sum():
            return _sum(rows)
        case m.Middle(quantile):
            found = grouped(_given(rows.number), rows.cell, groups=rows.cells)
            if quantile == "median":
                return Figures(found.median, found.n, found.p75, found.p90)
            return Figures(getattr(found, quantile), found.n)
        case m.Share():
            return _share(rows)
        case m.People(how, _, part):
            return _people(how, part, rows)
    raise AssertionError(value)


def without(figures: Figures, gone: Truths) -> Figures:
    """The same without the figures of some cells; how many values they are of stays."""
    value, *middle = (
        None if one is None else np.where(gone, np.nan, one) for one in (figures.value, figures.p75, figures.p90)
    )
    return Figures(_given(value), figures.n, *middle)


def _given(values: Floats | None) -> Floats:
    if values is None:
        raise ValueError("the number of the rows is not given")
    return values


def _ratio(above: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0)
    return found


def _sum(rows: Rows) -> Figures:
    number = _given(rows.number)
    known = ~np.isnan(number)
    n = np.bincount(rows.cell[known], minlength=rows.cells)
    total: Floats = np.bincount(rows.cell[known], weights=number[known], minlength=rows.cells).astype(np.float64)
    return Figures(total, n)


def _share(rows: Rows) -> Figures:
    if rows.truth is None:
        raise ValueError("the condition of the rows is not given")
    n = np.bincount(rows.cell[rows.truth != 2], minlength=rows.cells)
    holds = np.bincount(rows.cell[rows.truth == 1], minlength=rows.cells)
    return Figures(100 * _ratio(holds.astype(np.float64), n.astype(np.float64)), n)


def _people(how: m.OfPeople, part: float | None, rows: Rows) -> Figures:
    """Who is named how often; rows that name nobody do not count."""
    if rows.who is None:
        raise ValueError("the people of the rows are not given")
    known = rows.who >= 0
    cell = rows.cell[known]
    pairs = distinct(cell, rows.who[known])
    of, times = pairs.columns[0], pairs.times
    if rows.times is not None:
        times = np.bincount(pairs.number, weights=rows.times[known], minlength=len(times)).astype(np.int64)
    n = np.bincount(of, weights=times, minlength=rows.cells).astype(np.int64)
    people = np.bincount(of, minlength=rows.cells)
    if how == "distinct":
        return Figures(people.astype(np.float64), n)
    order = np.lexsort((-times, of))  # in each cell those who are named most often in front
    of, times = of[order], times[order]
    begins = np.searchsorted(of, np.arange(rows.cells))
    rank = np.arange(len(of)) - begins[of]
    value = np.full(rows.cells, np.nan)
    has = people > 0
    match how:
        case "top_share":
            value[has] = 100 * times[begins[has]] / n[has]
        case "gini":
            # Sorted from most to least, with ranks r from 0: (p - 1 - 2 r) is each one's weight in the mean difference.
            weights = (people[of] - 1 - 2 * rank) * times
            value[has] = np.bincount(of, weights=weights, minlength=rows.cells)[has] / (people[has] * n[has])
        case "fewest_for":
            up_to = np.cumsum(times)
            before = np.concatenate([[0], up_to])[begins]
            within = up_to - before[of]
            # Whoever is needed: before them, those in front had less than the part of all.
            # In whole numbers: 0.1 times 30 is more than 3 in floats.
            wanted = Fraction(str(part))
            short = (within - times) * wanted.denominator < wanted.numerator * n[of]
            value[has] = np.bincount(of[short], minlength=rows.cells)[has]
    return Figures(value, n)


def changed(how: m.OfPeople, now: Truths, before: Truths, ever: Truths) -> Truths:
    """Which people of groups are new, are returning, or are gone, bool[k].

    Args:
        how: new: in no time before the window; returning: not in the window as long right before it, but earlier; gone:
            in the window right before, and not in this one.
        now: who is in the window.
        before: who is in the window right before it.
        ever: who is in any time before the window.
    """
    match how:
        case "new":
            return now & ~ever
        case "returning":
            return now & ever & ~before
    return before & ~now
