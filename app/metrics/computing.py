"""Computes metrics: by group and period, of whole groups, and of all of them together."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.clocks import seconds_by_clock
from app.flow.grouping import local_days
from app.flow.in_hours import inside_hours
from app.flow.phases import Phase
from app.flow.teams import Teams
from app.metrics import metric as m
from app.metrics.compiling import Compiled
from app.metrics.division import Division
from app.metrics.figures import Figures, Ints, Rows, Truths, changed, figures_of, without
from app.metrics.reading import Read
from app.timeline import DAY, MISSING, Micros

#: Number of the group of all rows, whatever their group, and of the period that is all of the dates.
WHOLE: Final = -2


@dataclass(frozen=True, slots=True)
class Cells:
    """What a metric comes to in c cells.

    Attributes:
        metric: the metric.
        group: int64[c], number of the group; -1: rows of no group; WHOLE: all.
        split: int64[c], number of the part in ``parts``; 0 where the metric is not told apart.
        period: int64[c], number of the period; WHOLE: all of the dates.
        figures: of each.
        withheld: bool[c], there would be a figure, but it is of too few people to be told.
        parts: words of each part, as many as the metric has splits.
        looked: of a metric of the last day of a period, the pairs of a group and a period that has any; None: of
            another, for which no row is none.
    """

    metric: m.Metric
    group: Ints
    split: Ints
    period: Ints
    figures: Figures
    withheld: Truths
    parts: Sequence[tuple[str, ...]]
    looked: Collection[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of some facts are: n rows in groups, on the clocks of their teams.

    Attributes:
        group: int64[n], number of each one's group, -1 without one.
        teams: whose hours and clocks count.
        team: int64[n], number of each one's team, -1 without one.
        zone: whose dates count; None: each team's own.
        as_of: the instant of the report, microseconds.
    """

    group: Ints
    teams: Teams
    team: Ints
    zone: str | None
    as_of: int

    def local(self, at: Micros, rows: Ints) -> Micros:
        """What clocks show at instants of these rows, microseconds; MISSING where there is none."""
        return np.where(at == MISSING, MISSING, at + self.teams.ahead_of_utc(at, self.team[rows], self.zone))


def compute(read: Read, compiled: Compiled, place: Place, division: Division) -> Cells:
    """The cells of a metric that have rows, and for each group and part its periods without any."""
    return _Computing(read, compiled, place, division).cells()


@dataclass(slots=True)
class _Computing:
    """One metric over its rows."""

    read: Read
    compiled: Compiled
    place: Place
    division: Division

    def cells(self) -> Cells:
        metric = self.compiled.metric
        counts = np.flatnonzero(self.read.arrays[self.compiled.where])
        parts, split = self._parts(counts)
        found = []
        looked: set[tuple[int, int]] | None = set() if isinstance(metric.when, m.Latest) else None
        for division, is_whole in ((self.division, False), (self.division.whole(), True)):
            if not len(division.begins):
                continue
            for group in (self.place.group, np.full(len(self.place.group), WHOLE)):
                cells = self._cells(counts, split, group, division, len(parts))
                found.append((*cells, is_whole))
                if looked is not None:
                    looked |= self._looked(group, division, is_whole=is_whole)
        group, part, period = (np.concatenate([one[n] for one in found]) for n in range(3))
        period = np.where(np.concatenate([np.full(len(one[0]), one[5]) for one in found]), WHOLE, period)
        figures = _joined([one[3] for one in found])
        return Cells(metric, group, part, period, figures, np.concatenate([one[4] for one in found]), parts, looked)

    def _looked(self, group: Ints, division: Division, *, is_whole: bool) -> set[tuple[int, int]]:
        """Groups and periods on any day of which somebody looked at a repository."""
        period = self._latest(division)
        rows = np.flatnonzero(period >= 0)
        numbers = [WHOLE] * len(rows) if is_whole else period[rows].tolist()
        return set(zip(group[rows].tolist(), numbers, strict=True))

    def _parts(self, counts: Ints) -> tuple[list[tuple[str, ...]], Ints]:
        """The words by which rows are told apart, and the number of each row's, int64[n]."""
        splits = self.compiled.splits
        number = np.zeros(len(self.place.group), np.int64)
        if not splits:
            return [()], number
        columns = [_words(self.read.arrays[name][counts]) for name in splits]
        codes = np.stack([code for _, code in columns])
        distinct, which = np.unique(codes, axis=1, return_inverse=True)
        number[counts] = which.reshape(-1)
        return [
            tuple(names[of] for (names, _), of in zip(columns, one, strict=True)) for one in distinct.T.tolist()
        ], number

    def _cells(
        self, counts: Ints, split: Ints, group: Ints, division: Division, parts: int
    ) -> tuple[Ints, Ints, Ints, Figures, Truths]:
        """Group, part and period of each cell, its figures, and whether they are withheld."""
        periods = len(division.begins)
        lines, line = np.unique(group[counts] * max(parts, 1) + split[counts], return_inverse=True)
        number = np.full(len(group), -1, np.int64)
        number[counts] = line.reshape(-1)
        cells = len(lines) * periods
        metric = self.compiled.metric
        value = metric.value
        rows, period = self._in_periods(counts, division)
        cell = number[rows] * periods + period
        if isinstance(value, m.People) and value.how in ("new", "returning", "gone"):
            figures = self._changes(value, counts, number, division, len(lines))
        else:
            figures = figures_of(value, lambda part: self._rows(part, rows, cell, cells))
        withheld = np.zeros(cells, bool)
        if metric.fewest is not None and self.compiled.people is not None:
            who = _numbered(self.read.arrays[self.compiled.people][rows])
            people = figures_of(m.People("distinct", ""), lambda _: Rows(cell, cells, who=who)).value
            withheld = (people < metric.fewest[1]) & ((figures.n > 0) | (figures.value > 0))
            figures = without(figures, withheld)
        of = np.repeat(np.arange(len(lines)), periods)
        at = np.tile(np.arange(periods), len(lines))
        return lines[of] // max(parts, 1), lines[of] % max(parts, 1), at, figures, withheld

    def _in_periods(self, counts: Ints, division: Division) -> tuple[Ints, Ints]:
        """The rows that count, each as often as periods have it, and the number of the period each time."""
        metric, arrays = self.compiled.metric, self.read.arrays
        match metric.when:
            case m.Standing(for_days=days):
                start, end = (arrays[name][counts] for name in self.compiled.times)
                return _repeated(self._standing(counts, start, end, days, division), counts)
            case m.Latest():
                period = self._latest(division)
            case _:
                at = arrays[self.compiled.times[0]]
                if metric.window_days is not None:
                    return _repeated(self._windows(counts, at[counts], metric.window_days, division), counts)
                period = division.number(self._days(at))
        period = period[counts]
        return counts[period >= 0], period[period >= 0]

    def _days(self, at: Micros) -> Ints:
        days = local_days(at, self.place.teams, self.place.team, self.place.zone)
        return np.where(days == MISSING, np.iinfo(np.int32).min, days)

    def _latest(self, division: Division) -> Ints:
        """The period of each row of the last day of it on which its repository was looked at, else -1."""
        day = self.read.arrays[self.compiled.times[0]].astype(np.int64)
        period = division.number(np.where(day == MISSING, np.iinfo(np.int32).min, day))
        rows = np.flatnonzero(period >= 0)
        pairs, pair = np.unique(np.stack([self.read.repo_id[rows], period[rows]]), axis=1, return_inverse=True)
        pair = pair.reshape(-1)
        last = np.full(pairs.shape[1], np.iinfo(np.int64).min)
        np.maximum.at(last, pair, day[rows])
        found = np.full(len(day), -1, np.int64)
        is_last = day[rows] == last[pair]
        found[rows[is_last]] = period[rows[is_last]]
        return found

    def _standing(
        self, counts: Ints, start: Micros, end: Micros, days: float, division: Division
    ) -> Iterator[tuple[int, Ints]]:
        """By period, which of the rows that count have begun at its end, and not ended.

        A period ends for each row at the midnight of its clock, or at as_of if that is earlier. What has ended has
        ended by as_of, and has begun by then: to ask by midnight is enough, also where a clock shows an hour twice.
        """
        begun, over = (self.place.local(at, counts) for at in (start, end))
        now = self.place.local(np.full(len(counts), self.place.as_of), counts)
        for number in range(len(division.begins)):
            midnight = int(division.ends[number]) * DAY
            edge = np.minimum(midnight, now) if days else midnight
            is_old = (begun != MISSING) & (begun + int(days * DAY) <= edge)
            yield number, np.flatnonzero(is_old & ((over == MISSING) | (over > midnight)))

    def _windows(self, counts: Ints, at: Micros, days: int, division: Division) -> Iterator[tuple[int, Ints]]:
        """By period, which of the rows that count are in the window before its end."""
        local = self.place.local(at, counts)
        for number in range(len(division.begins)):
            end = int(division.ends[number]) * DAY
            yield number, np.flatnonzero((local >= end - days * DAY) & (local < end))

    def _rows(self, part: m.Value, rows: Ints, cell: Ints, cells: int) -> Rows:
        arrays, operands = self.read.arrays, self.compiled.operands[part]
        match part:
            case m.Middle(of=m.Span(clock)):
                return Rows(cell, cells, number=self._seconds(clock, rows, *(arrays[name][rows] for name in operands)))
            case m.Middle() | m.Sum():
                return Rows(cell, cells, number=arrays[operands[0]][rows])
            case m.Share(m.OutsideHours()):
                at = arrays[operands[0]][rows]
                outside = np.where(at == MISSING, 2, ~inside_hours(self.place.teams, self.place.team[rows], at))
                return Rows(cell, cells, truth=outside.astype(np.int8))
            case m.Share():
                return Rows(cell, cells, truth=arrays[operands[0]][rows])
            case m.People():
                return Rows(cell, cells, who=_numbered(arrays[operands[0]][rows]))
        return Rows(cell, cells)

    def _seconds(self, clock: str, rows: Ints, start: Micros, end: Micros) -> npt.NDArray[np.float64]:
        phase = Phase.between(start, end)
        if clock == "elapsed":
            return phase.wall_seconds()
        return seconds_by_clock({"": phase}, self.place.teams, self.place.team[rows])["working"][""]

    def _changes(self, value: m.People, counts: Ints, number: Ints, division: Division, lines: int) -> Figures:
        """How many people of each line are new, are returning or are gone in the window of each period."""
        metric, arrays = self.compiled.metric, self.read.arrays
        at, who = arrays[self.compiled.times[0]][counts], _numbered(arrays[self.compiled.operands[value][0]][counts])
        local = self.place.local(at, counts)
        known = (who >= 0) & (local != MISSING)
        pairs, pair = np.unique(np.stack([number[counts][known], who[known]]), axis=1, return_inverse=True)
        pair, local = pair.reshape(-1), local[known]
        span = (metric.window_days or 0) * DAY
        periods = len(division.begins)
        values, n = np.zeros((lines, periods)), np.zeros((lines, periods), np.int64)

        def has(first: int | None, end: int) -> Truths:
            rows = local < end if first is None else (local >= first) & (local < end)
            return np.bincount(pair[rows], minlength=pairs.shape[1]) > 0

        for period in range(periods):
            end = int(division.ends[period]) * DAY
            now, before, ever = has(end - span, end), has(end - 2 * span, end - span), has(None, end - span)
            values[:, period] = np.bincount(pairs[0][changed(value.how, now, before, ever)], minlength=lines)
            n[:, period] = np.bincount(pairs[0][now], minlength=lines)
        return Figures(values.reshape(-1), n.reshape(-1))


def _repeated(found: Iterator[tuple[int, Ints]], counts: Ints) -> tuple[Ints, Ints]:
    each = [(counts[rows], np.full(len(rows), number)) for number, rows in found]
    if not each:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([rows for rows, _ in each]), np.concatenate([period for _, period in each])


def _joined(figures: Sequence[Figures]) -> Figures:
    def of(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(one, name) for one in figures])

    has_more = all(one.p75 is not None for one in figures)
    n = np.concatenate([one.n for one in figures])
    return Figures(of("value"), n, of("p75") if has_more else None, of("p90") if has_more else None)


def _words(values: npt.NDArray[np.object_] | npt.NDArray[np.int8]) -> tuple[list[str], Ints]:
    """The distinct words, sorted, and the number of each row's."""
    if values.dtype != np.object_:
        return ["no", "yes", ""], values.astype(np.int64)
    encoded = pa.array(values, pa.string()).dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return [names[one] for one in order], place[encoded.indices.to_numpy()] if len(values) else np.zeros(0, np.int64)


def _numbered(values: npt.NDArray[np.object_]) -> Ints:
    """A number for each word, -1 for none."""
    names, number = _words(values)
    return np.where(number == 0, -1, number) if names[:1] == [""] else number
