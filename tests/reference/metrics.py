"""What a metric comes to, slow and plain, to check the engine against: docs/metrics.md, sentence by sentence.

It reads a definition as JSON has it, one row at a time, and shares no code with the engine. metric_facts.py has the
rows.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, reduce
from typing import Any, Final

from tests.reference.exact import clipped
from tests.reference.metric_facts import FACTS
from tests.reference.metric_teams import Row
from tests.reference.metric_world import World
from tests.reference.schedule import Entity, Piece, ZoneFrom, entity_clock, open_intervals, shown
from tests.reference.uptime import Intervals

#: In the place of a group or a period: all of them.
WHOLE: Final = "*"

DAY = timedelta(days=1)
#: All that the rows of a test can be about; schedules are worked out from here to there.
FIRST, LAST = datetime(2023, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

#: Group, or None without one; the words of the splits; label of the period.
Cell = tuple[str | None, tuple[Any, ...], str]


@dataclass(frozen=True, slots=True)
class Period:
    """Local dates from `first` on, before `last`."""

    label: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Figure:
    """What a metric comes to; None: there is no figure."""

    value: float | None
    n: int
    p75: float | None = None
    p90: float | None = None
    is_withheld: bool = False


def periods(first: date, last: date, each: str) -> list[Period]:
    """The weeks or months of the dates, cut short by these."""
    labels: dict[str, list[date]] = {}
    for number in range((last - first).days):
        day = first + number * DAY
        label = "{:04}-W{:02}".format(*day.isocalendar()[:2]) if each == "week" else f"{day:%Y-%m}"
        labels.setdefault(label, []).append(day)
    return [Period(label, days[0], days[-1] + DAY) for label, days in labels.items()]


# Conditions: True, False, or None where nobody knows.


def holds(condition: Any, row: Row) -> bool | None:
    if isinstance(condition, dict):
        ((how, of),) = condition.items()
        if how == "not":
            inner = holds(of, row)
            return None if inner is None else not inner
        each = [holds(one, row) for one in of]
        decisive = how == "any"
        return decisive if decisive in each else None if None in each else not decisive
    column, operator, operand = condition
    value = row[column]
    if operator == "is":
        return (value is not None) == (operand == "known")
    if isinstance(operand, dict):
        operand = row[operand["column"]]
    if value is None or operand is None:
        return None
    return COMPARISONS[operator](value, operand)


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda value, operand: value == operand,
    "!=": lambda value, operand: value != operand,
    "<": lambda value, operand: value < operand,
    "<=": lambda value, operand: value <= operand,
    ">": lambda value, operand: value > operand,
    ">=": lambda value, operand: value >= operand,
    "in": lambda value, operand: value in operand,
    "not in": lambda value, operand: value not in operand,
    "starts with": lambda value, operand: value.startswith(operand),
    "ends with": lambda value, operand: value.endswith(operand),
}


# Numbers


def number(of: Any, row: Row) -> Fraction | None:
    if isinstance(of, str):
        return None if row[of] is None else Fraction(row[of])
    if not isinstance(of, dict):
        return Fraction(of)
    ((operation, parts),) = of.items()
    numbers = [number(part, row) for part in parts]
    if None in numbers or (operation == "divide" and numbers[1] == 0):
        return None
    return reduce(CALCULATIONS[operation], numbers)


CALCULATIONS: Final[dict[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "add": lambda one, other: one + other,
    "subtract": lambda one, other: one - other,
    "multiply": lambda one, other: one * other,
    "divide": lambda one, other: one / other,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock and the working hours of a team."""

    pieces: list[Piece]
    open: Intervals

    @classmethod
    @cache
    def of(cls, entity: Entity) -> "Clock":
        return cls(entity_clock(entity.zones, FIRST - 30 * DAY, LAST + 30 * DAY), open_intervals(entity, FIRST, LAST))

    def date(self, at: datetime) -> date:
        return shown(self.pieces, at).date()

    def is_open(self, at: datetime) -> bool:
        return any(opens <= at < closes for opens, closes in self.open)

    def worked(self, start: datetime, end: datetime) -> Fraction:
        parts = clipped(self.open, start, end)
        return sum((seconds(begins, ends) for begins, ends in parts), Fraction())


def seconds(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // timedelta(microseconds=1), 1_000_000)


class Twin:
    """Computes metrics of a world.

    Args:
        world: all rows.
        by: team or repo.
        first, last: local dates, `last` not included.
        each: week or month.
        zone: whose dates count; None: each team's own.
        repos, teams: of these alone; None: of all.
    """

    def __init__(
        self,
        world: World,
        *,
        by: str,
        first: date,
        last: date,
        each: str,
        zone: str | None = None,
        repos: Sequence[str] | None = None,
        teams: Sequence[str] | None = None,
    ) -> None:
        self.world, self.by = world, by
        self.whole = Period(WHOLE, first, last)
        self.periods = [*periods(first, last, each), self.whole]
        self.repos, self.teams = repos, teams
        self._hours = {name: Clock.of(entity) for name, entity in world.schedules.items()}
        self._hours[None] = Clock.of(world.default)
        self._dates = self._hours if zone is None else {}
        if zone is not None:
            one = Clock.of(Entity(zones=(ZoneFrom(zone),)))
            self._dates = dict.fromkeys(self._hours, one)
        self._facts: dict[str, list[Row]] = {}

    def facts(self, name: str) -> list[Row]:
        """The rows of facts, of the repositories and teams that are asked for."""
        if name not in self._facts:
            self._facts[name] = [
                row
                for row in FACTS[name](self.world)
                if (self.repos is None or row["repo"] in self.repos)
                and (self.teams is None or row["team"] in self.teams)
            ]
        return self._facts[name]

    def cells(self, metric: dict[str, Any]) -> dict[Cell, Figure]:
        """Every cell that has rows."""
        splits = [name for name in metric.get("by", ()) if name not in {"team", "repo", "week", "month"}]
        found: dict[Cell, Figure] = {}
        rows = self.facts(metric["from"])
        counting = [row for row in rows if all(holds(one, row) is True for one in metric.get("where", ()))]
        # Without splits a group that has any rows has figures, though none of them count: none is zero.
        told = counting if splits else rows
        places = {(group, tuple(row[split] for split in splits)) for row in told for group in (row[self.by], WHOLE)}
        for group, words in places:
            mine = [
                row
                for row in counting
                if group in (row[self.by], WHOLE) and tuple(row[split] for split in splits) == words
            ]
            for period in self.periods:
                figure = self._figure(metric, mine, rows, period)
                if "latest" in metric["when"] and not self._has_looked(metric["when"]["latest"], rows, group, period):
                    figure = Figure(None, 0)
                found[group, words, period.label] = figure
        return found

    def _figure(self, metric: dict[str, Any], mine: list[Row], rows: list[Row], period: Period) -> Figure:
        inside = self._inside(metric, mine, rows, period)
        how, of = next(iter(metric["value"].items()))
        if how in {"new", "returning", "gone"}:
            figure = self._come_and_gone(metric, how, of, mine, period)
        else:
            figure = self._value(metric["value"], inside)
        for column, fewest in metric.get("people_at_least", {}).items():
            if len({row[column] for row in inside} - {None}) < fewest and (figure.n or figure.value):
                return Figure(None, figure.n, is_withheld=True)
        return figure

    def _has_looked(self, column: str, rows: list[Row], group: str | None, period: Period) -> bool:
        last = _of_last_days(rows, self._last_days(column, rows, period), column)
        return any(group in (row[self.by], WHOLE) for row in last)

    @staticmethod
    def _last_days(column: str, rows: list[Row], period: Period) -> dict[str, date]:
        """Of each repository the last day of a period that has any rows."""
        days: dict[str, date] = {}
        for row in rows:
            if period.first <= row[column] < period.last:
                days[row["repo"]] = max(days.get(row["repo"], date.min), row[column])
        return days

    # When a row counts

    def _inside(self, metric: dict[str, Any], mine: list[Row], rows: list[Row], period: Period) -> list[Row]:
        when, window = metric["when"], metric.get("window_days")
        if isinstance(when, str):
            first = period.first if window is None else period.last - window * DAY
            return [row for row in mine if self._is_between(row, when, first, period.last)]
        if "latest" in when:
            return _of_last_days(mine, self._last_days(when["latest"], rows, period), when["latest"])
        start, end = when["standing"]
        return [row for row in mine if self._is_standing(row, start, end, period, when.get("for_days", 0))]

    def _is_between(self, row: Row, column: str, first: date, last: date) -> bool:
        return row[column] is not None and first <= self._date(row, column) < last

    def _date(self, row: Row, column: str) -> date:
        return row[column] if not isinstance(row[column], datetime) else self._dates[row["team"]].date(row[column])

    def _is_standing(self, row: Row, start: str, end: str, period: Period, days: float) -> bool:
        clock, began, ended = self._dates[row["team"]], row[start], row[end]
        midnight = datetime.combine(period.last, time.min)
        is_over = shown(clock.pieces, self.world.as_of) >= midnight
        if began is None or (ended is not None and (not is_over or shown(clock.pieces, ended) <= midnight)):
            return False
        edge = midnight if is_over else shown(clock.pieces, self.world.as_of)
        return (days == 0 and not is_over) or shown(clock.pieces, began) + days * DAY <= edge

    # Values

    def _value(self, value: dict[str, Any], rows: list[Row]) -> Figure:  # noqa: PLR0911 - one for each row of the page
        times = value.get("times", 1)
        part = value.get("part")
        how, of = next((how, of) for how, of in value.items() if how not in {"times", "part"})
        if how == "count":
            return Figure(len(rows), len(rows))
        if how == "sum":
            known = [one for row in rows if (one := number(of, row)) is not None]
            return Figure(float(sum(known)), len(known))
        if how in {"median", "p75", "p90"}:
            known = sorted(one for row in rows if (one := self._measured(of, row)) is not None)
            if how == "median":
                return Figure(quantile(known, 50), len(known), quantile(known, 75), quantile(known, 90))
            return Figure(quantile(known, int(how[1:])), len(known))
        if how == "share":
            known = [one for row in rows if (one := self._truth(of, row)) is not None]
            return Figure(100 * sum(known) / len(known) if known else None, len(known))
        if how == "ratio":
            above, below = (self._value(one, rows) for one in of)
            is_known = above.value is not None and below.value
            return Figure(above.value / below.value * times if is_known else None, below.n)
        named = [row[of] for row in rows if row[of] is not None]
        return Figure(PEOPLE[how](Counter(named), part), len(named))

    def _measured(self, of: Any, row: Row) -> Fraction | None:
        if not isinstance(of, dict) or not {"working", "elapsed"} & set(of):
            return number(of, row)
        ((clock, (start, end)),) = of.items()
        if row[start] is None or row[end] is None or row[end] < row[start]:
            return None
        if clock == "elapsed":
            return seconds(row[start], row[end])
        return self._hours[row["team"]].worked(row[start], row[end])

    def _truth(self, of: Any, row: Row) -> bool | None:
        if isinstance(of, dict) and "outside_hours" in of:
            at = row[of["outside_hours"]]
            return None if at is None else not self._hours[row["team"]].is_open(at)
        return holds(of, row)

    def _come_and_gone(self, metric: dict[str, Any], how: str, column: str, mine: list[Row], period: Period) -> Figure:
        window, end = metric["window_days"] * DAY, period.last

        def between(first: date, last: date) -> set[str]:
            return {row[column] for row in mine if self._is_between(row, metric["when"], first, last)} - {None}

        now, before, ever = between(end - window, end), between(end - 2 * window, end - window), None
        ever = between(date.min, end - window)
        people = {"new": now - ever, "returning": (now & ever) - before, "gone": before - now}[how]
        return Figure(len(people), len(now))


def _of_last_days(rows: list[Row], days: dict[str, date], column: str) -> list[Row]:
    return [row for row in rows if row[column] == days.get(row["repo"])]


def quantile(known: Sequence[Fraction], percent: int) -> float | None:
    """Between the two nearest of sorted values."""
    if not known:
        return None
    place = Fraction((len(known) - 1) * percent, 100)
    below = int(place)
    above = min(below + 1, len(known) - 1)
    return float(known[below] + (known[above] - known[below]) * (place - below))


def _gini(counts: Counter[str], _: Any) -> float | None:
    """Half of the mean absolute difference of all pairs, divided by the mean."""
    numbers = list(counts.values())
    if not numbers:
        return None
    differences = sum(abs(one - other) for one in numbers for other in numbers)
    return float(Fraction(differences, 2 * len(numbers) * sum(numbers)))


def _fewest(counts: Counter[str], part: float) -> float | None:
    needed, have = Fraction(str(part)) * counts.total(), 0
    for people, (_, times) in enumerate(counts.most_common(), 1):
        have += times
        if have >= needed:
            return people
    return None


PEOPLE: Final[dict[str, Callable[[Counter[str], Any], float | None]]] = {
    "distinct": lambda counts, _: len(counts),
    "top_share": lambda counts, _: 100 * max(counts.values()) / counts.total() if counts else None,
    "gini": _gini,
    "fewest_for": _fewest,
}
