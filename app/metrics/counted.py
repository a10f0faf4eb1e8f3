"""The rows of facts that count in a metric: what a figure is made of, for whoever writes a definition or doubts one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Subquery, func, or_, select

from app.flow.observations import numbered
from app.flow.teams import Teams
from app.metrics import metric as m
from app.metrics.compiling import columns_of, compile_metric
from app.metrics.computing import Place, Placed, operand_of, rows_within
from app.metrics.division import Division
from app.metrics.facts.fact import REPO_ID, Asked, Type
from app.metrics.facts.registry import FACTS
from app.metrics.figures import Ints
from app.metrics.reading import Read, with_teams
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.series.owning_teams import TEAM_ID, read_ways
from app.series.schedules import read_schedule
from app.storage.binary_copy import INTEGER, INTEGER_OR_ZERO, read_columns
from app.storage.postgres import as_text
from app.timeline import DAY, EARLIEST, LATEST, MISSING, from_micros, to_micros
from app.timeline.working_hours import Window

#: Rows that are read at first: some of them may be of a date outside, on the clocks of their teams.
_FIRST: Final = 1000

#: No clock is further from UTC, in microseconds.
_CLOCKS: Final = DAY

Fact = bool | float | str | datetime | date | None


@dataclass(frozen=True, slots=True)
class Dates:
    """Local dates from ``since`` on, before ``until``."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class CountedRow:
    """A row of facts that counts.

    Attributes:
        repo, team: whose it is, by name.
        is_known: whether a figure is made of it: whether any of ``values`` is known.
        values: what each part of the metric's value takes from it; of a count that is 1.
        facts: by column; people are told apart, and not named.
    """

    repo: str
    team: str | None
    is_known: bool
    values: Sequence[Fact]
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class CountedRows:
    """The rows that count, the newest first; ``has_more`` says that older ones are left out."""

    rows: Sequence[CountedRow]
    has_more: bool


def counted_rows(
    connection: Connection,
    metric: m.Metric,
    asked: Asked,
    dates: Dates,
    *,
    limit: int,
    default_zone: str,
    default_hours: Sequence[Window],
    team_id: int | None = None,
    repo_id: int | None = None,
) -> CountedRows:
    """The rows that count in a metric within dates. The transaction must not be read-only.

    Args:
        connection: whose transaction it is.
        metric: which.
        asked: of its facts.
        dates: on the clock of each row's team. What stands counts at the end of them, or at ``asked.as_of`` if that is
            earlier; of what is looked at day by day the last day counts; with ``window_days`` so many days before it.
        limit: at most so many.
        default_zone, default_hours: of a team that has none.
        team_id, repo_id: of this one alone.
    """
    asking = _Asking(connection, metric, asked, dates, team_id, repo_id)
    teams, repos = read_entities(connection, TEAM), read_entities(connection, REPOSITORY)
    schedule = read_schedule(connection, teams, default_zone=default_zone, default=default_hours)
    size = max(_FIRST, 2 * limit)
    while True:
        read = asking.read(size)
        names, team = numbered(read.team_id, dict(zip(teams.ids.tolist(), teams.keys, strict=True)))
        group = np.zeros(len(team), np.int64)
        place = Place(group, Teams.of(names, teams, schedule), team, None, to_micros(asked.as_of))
        placed = Placed(read, place)
        rows = np.sort(rows_within(placed, read.compiled[0], asking.division))[: limit + 1]
        if len(rows) > limit or len(group) < size:
            break
        size *= 8
    told = _Telling(placed, asking.shown, asking.division, dict(zip(repos.ids.tolist(), repos.keys, strict=True)))
    return CountedRows(told.rows(rows[:limit]), len(rows) > limit)


class _Asking:
    """The query for the rows that may count, the newest first."""

    def __init__(
        self,
        connection: Connection,
        metric: m.Metric,
        asked: Asked,
        dates: Dates,
        team_id: int | None,
        repo_id: int | None,
    ) -> None:
        self._connection = connection
        self._fact = FACTS[metric.facts]
        self.division = Division.of(dates.since, dates.until, None).whole()
        if self._fact.prepare is not None:
            self._fact.prepare(connection, asked)
        rows = with_teams(self._fact.rows(asked).subquery("of_facts"), self._fact, read_ways(connection))
        chosen = {of: one for of, one in ((REPO_ID, repo_id), (TEAM_ID, team_id)) if one is not None}
        self._facts = _of_time(rows, metric, self.division, dates, asked.as_of, chosen)
        self._columns = columns_of(self._facts, metric.facts)
        self._compiled = compile_metric(metric, self._columns)
        self.shown = {
            name: self._columns.number(m.Named(name)) if column.type is Type.NUMBER else self._columns.named(name)
            for name, column in self._fact.columns.items()
        }

    def read(self, size: int) -> Read:
        """The first ``size`` of them."""
        expressions = {key: of for key, of, _ in self._columns.asked.values()}
        wires = {key: wire for key, _, wire in self._columns.asked.values()}
        at = expressions[self._compiled.times[0]]
        query = (
            select(self._facts.c[REPO_ID], self._facts.c[TEAM_ID], *(of.label(key) for key, of in expressions.items()))
            .where(expressions[self._compiled.where])
            .order_by(at.desc(), self._facts.c[REPO_ID], *(expressions[key] for key in self.shown.values()))
            .limit(size)
        )
        source, params = as_text(query)
        named = {REPO_ID: INTEGER, TEAM_ID: INTEGER_OR_ZERO} | wires
        arrays = read_columns(self._connection, named, f"({source}) AS found", params)
        repo_id, team_id = arrays.pop(REPO_ID), arrays.pop(TEAM_ID)
        return Read(self._fact, repo_id, team_id, np.ones(len(repo_id), bool), arrays, [self._compiled])


def _of_time(
    rows: Subquery,
    metric: m.Metric,
    division: Division,
    dates: Dates,
    as_of: datetime,
    asked_for: Mapping[str, int],
) -> Subquery:
    """Rows that may count in the dates on some clock; of what is looked at day by day exactly those of the last day."""
    chosen = [rows.c[of] == one for of, one in asked_for.items()]
    match metric.when:
        case m.Latest(name):
            day = rows.c[name]
            last = func.max(day).over(partition_by=rows.c[REPO_ID]).label("last_day")
            ranged = select(*rows.c, last).where(day >= dates.since, day < dates.until).subquery("of_days")
            # After the last day was found: a repository may be of another team by then.
            of_them = [ranged.c[of] == one for of, one in asked_for.items()]
            return select(ranged).where(ranged.c[name] == ranged.c.last_day, *of_them).subquery("facts_of_last_days")
        case m.Standing(start, end):
            edge = min(to_micros(as_of), _clamped(division.last * DAY))
            began = rows.c[start] <= from_micros(edge + _CLOCKS)
            stands = or_(rows.c[end].is_(None), rows.c[end] > from_micros(edge - _CLOCKS))
            return select(*rows.c).where(*chosen, began, stands).subquery("facts_that_stand")
        case m.When(name):
            first = division.first if metric.window_days is None else division.last - metric.window_days
            since, until = (from_micros(_clamped(edge * DAY)) for edge in (first - 1, division.last + 1))
            return select(*rows.c).where(*chosen, rows.c[name] >= since, rows.c[name] < until).subquery("facts_of_time")


def _clamped(at: int) -> int:
    """An instant near those that facts can have, microseconds."""
    return min(max(at, to_micros(EARLIEST) - 2 * _CLOCKS), to_micros(LATEST) + 2 * _CLOCKS)


class _Telling:
    """Rows of arrays as people read them."""

    def __init__(self, rows: Placed, shown: Mapping[str, str], division: Division, repos: Mapping[int, str]) -> None:
        self._rows = rows
        self._read = rows.read
        self._shown = shown
        self._place = rows.place
        self._division = division
        self._repos = repos
        self._people: dict[str, str] = {}

    def rows(self, rows: Ints) -> list[CountedRow]:
        columns = self._read.fact.columns
        facts = {
            name: [self._told(columns[name].type, one) for one in self._read.arrays[key][rows].tolist()]
            for name, key in self._shown.items()
        }
        of_parts = [self._operand(part, rows) for part in m.parts(self._read.compiled[0].metric.value)]
        names = self._place.teams.names
        return [
            CountedRow(
                repo=self._repos[repo],
                team=names[team] if team >= 0 else None,
                is_known=any(part[number] is not None for part in of_parts),
                values=[part[number] for part in of_parts],
                facts={name: values[number] for name, values in facts.items()},
            )
            for number, (repo, team) in enumerate(
                zip(self._read.repo_id[rows].tolist(), self._place.team[rows].tolist(), strict=True)
            )
        ]

    def _operand(self, part: m.Value, rows: Ints) -> list[Fact]:
        """What a part of the value takes from each row."""
        compiled = self._read.compiled[0]
        if isinstance(part, m.People):
            of = self._read.fact.columns[part.column].type
            return [self._told(of, one) for one in self._read.arrays[compiled.operands[part][0]][rows].tolist()]
        found = operand_of(self._rows, compiled, self._division, part, rows)
        if found.number is not None:
            return [self._told(Type.NUMBER, one) for one in found.number.tolist()]
        if found.truth is not None:
            return [self._told(Type.TRUTH, one) for one in found.truth.tolist()]
        return [1] * len(rows)

    def _told(self, of: Type, value: Any) -> Fact:
        """A value of an array; None where it is unknown."""
        match of:
            case Type.INSTANT:
                return None if value == MISSING else from_micros(value)
            case Type.DAY:
                return None if value == MISSING else from_micros(value * DAY).date()
            case Type.TRUTH:
                return None if value == 2 else bool(value)
            case Type.NUMBER:
                return None if not isfinite(value) else int(value) if value.is_integer() else float(value)
            case Type.PERSON:
                return self._people.setdefault(value, f"person {len(self._people) + 1}") if value else None
        return value or None
