"""Periods of a range against the slow twin: their edges, their figures, and that the parts add up to the whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from app.reports.exact_uptime import CollectedPolls
from app.reports.range_params import ENTITY
from app.reports.uptime.range_table import time_columns
from app.reports.uptime.ranges import WithinRange
from app.timeline import HOUR
from app.timeline.calendar import Calendar
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes
from app.timeline.period_figures import OutageFigures, Times, exact_times, hourly_times, outage_figures
from app.timeline.periods import Edge, Periods, Range, divide
from app.timeline.zones import to_utc as zone_to_utc
from tests.engine import array, micros
from tests.period_strategies import RangeCase, range_case
from tests.reference.exact import statuses
from tests.reference.periods import Hourly, Row
from tests.reference.schedule import open_intervals, to_utc
from tests.strategies import examples

STATUS = {"active": ACTIVE, "inactive": INACTIVE, "unknown": UNKNOWN}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Figures = tuple[Periods, Times, np.ndarray, OutageFigures | None]


def edge(at: date | datetime) -> Edge:
    is_instant = isinstance(at, datetime)
    return Edge(micros(at if is_instant else datetime.combine(at, time.min, UTC)), is_local=not is_instant)


def clock(case: RangeCase, local: np.ndarray) -> np.ndarray:
    """The twin's own clock of the entity, or that of the report's zone."""
    if case.asked.zone != ENTITY:
        return zone_to_utc(local, case.asked.zone)
    times = [EPOCH.replace(tzinfo=None) + timedelta(microseconds=one) for one in local.tolist()]
    return array(micros(to_utc(case.entity.zones, one)) for one in times)


def figures(case: RangeCase, by: str) -> Figures:
    """What the kernels say, on the twin's open intervals."""
    asked = Range(edge(case.asked.first), edge(case.asked.last), by, micros(case.asked.as_of))  # type: ignore[arg-type]
    periods = divide(asked, lambda _, local: clock(case, local), 1)
    lookback = case.asked.lookback
    first = (asked.first.earliest - micros(EPOCH + lookback)) // HOUR * HOUR
    last = (max(asked.latest, first) // HOUR + 1) * HOUR
    opened = open_intervals(case.entity, EPOCH + timedelta(microseconds=first), EPOCH + timedelta(microseconds=last))
    ends = [array(micros(one[end]) for one in opened) for end in (0, 1)]
    calendar = Calendar.of(np.zeros(len(opened), np.int64), *ends, entities=1, first=first, last=last)
    votes, collected = HourlyVotes(calendar), CollectedPolls(calendar)
    found = WithinRange(votes if isinstance(case.accounting, Hourly) else collected, periods, micros(EPOCH + lookback))
    said = statuses(case.polls, EPOCH + timedelta(microseconds=first), EPOCH + timedelta(microseconds=last - 1))
    at = array(map(micros, said))
    found.add(np.zeros(len(at), np.int64), at, np.array([STATUS[one] for one in said.values()], np.int8))
    if isinstance(case.accounting, Hourly):
        return (
            periods,
            hourly_times(votes, periods.edges, slice(0, 1), max_fill_hours=case.accounting.max_fill_hours),
            found.polls,
            None,
        )
    gap = case.accounting.max_gap if case.accounting.own_max_gap is None else case.accounting.own_max_gap
    stretches, _ = collected.stretches(
        max_gap=None if gap is None else micros(EPOCH + gap),
        ignore_under=micros(EPOCH + case.accounting.ignore_outages_under),
        until=periods.last,
    )
    return periods, exact_times(stretches, periods.edges), found.polls, outage_figures(stretches, periods)


def told(row: Row) -> list[object]:
    """A row of the twin, in microseconds."""
    times = (row.open, row.up, row.down, row.unknown)
    outages = None
    if row.outages is not None:
        longest = row.longest or timedelta()
        outages = [row.outages, micros(EPOCH + longest), row.mttr]
    carried = None if row.carried is None else micros(EPOCH + row.carried)
    known = [micros(EPOCH + one) for one in times]
    return [micros(row.start), micros(row.end), row.complete, *known, carried, row.polls, outages]


def computed(of: Figures) -> list[list[object]]:
    """The rows of the kernels."""
    periods, times, polls, outages = of
    rows: list[list[object]] = []
    for at in np.flatnonzero(periods.exist[0]).tolist():
        ended = None if outages is None else int(outages.ended[0, at])
        rows.append(
            [
                *periods.edges[0, at : at + 2].tolist(),
                bool(periods.complete[0, at]),
                *(int(one[0, at]) for one in (times.open, times.up, times.down, times.unknown)),
                None if times.carried is None else int(times.carried[0, at]),
                int(polls[0, at]),
                None
                if outages is None
                else [
                    int(outages.count[0, at]),
                    int(outages.longest[0, at]),
                    Fraction(int(outages.ended_time[0, at]), ended * HOUR // 60) if ended else None,
                ],
            ]
        )
    return rows


@given(case=range_case())
@settings(max_examples=examples(250))
def test_the_periods_of_a_range_agree_with_the_twin(case: RangeCase) -> None:
    assert computed(figures(case, case.asked.by)) == [told(row) for row in case.rows()]


@given(case=range_case())
@settings(max_examples=examples(60))
def test_parts_add_up_to_the_whole_and_rounded_percentages_keep_their_order(case: RangeCase) -> None:
    periods, whole, polls, outages = figures(case, "total")
    for by in ("month", "week", "day"):
        _, parts, counted, begun = figures(case, by)
        for name in ("open", "up", "down", "unknown"):
            assert getattr(parts, name).sum() == getattr(whole, name).sum()
        assert counted.sum() == polls.sum()
        assert outages is None or begun is None or begun.count.sum() == outages.count.sum()
        columns = time_columns(parts.up[0], parts.down[0], parts.unknown[0], carried=None)
        names = ("availability_low_percent", "availability_percent", "availability_high_percent")
        for low, middle, high in zip(*(columns[name].to_pylist() for name in names), strict=True):
            assert low is None or 0 <= low <= high <= 100
            assert middle is None or low <= middle <= high
    assert periods.complete.shape == whole.up.shape


@given(case=range_case())
@settings(max_examples=examples(40))
def test_hours_without_polls_are_unknown_when_nothing_is_carried(case: RangeCase) -> None:
    periods, times, _, _ = figures(replace(case, accounting=Hourly(max_fill_hours=0)), "hour")
    for start, end, known in zip(
        periods.edges[0, :-1].tolist(), periods.edges[0, 1:].tolist(), (times.up + times.down)[0].tolist(), strict=True
    ):
        said = [micros(poll.at) for poll in case.polls if poll.status != "unknown"]
        seen = {at // HOUR for at in said}
        observed = sum(
            max(0, min(end, (hour + 1) * HOUR) - max(start, hour * HOUR))
            for hour in range(start // HOUR, -(-end // HOUR))
            if hour in seen
        )
        assert known <= observed


@pytest.mark.parametrize(
    ("up", "down", "unknown", "expected"),
    [
        (0, 0, 0, [None, None, None, None]),
        (0, 0, 5, [None, "0.0000", "100.0000", "0.0000"]),
        (1, 2, 0, ["33.3333", "33.3333", "33.3333", "100.0000"]),
        (2, 1, 1, ["66.6667", "50.0000", "75.0000", "75.0000"]),
        (10**15, 1, 0, ["100.0000", "100.0000", "100.0000", "100.0000"]),
        (1_999_999, 1, 0, ["100.0000", "100.0000", "100.0000", "100.0000"]),  # 99.99995: half is rounded up
        (1_999_997, 3, 0, ["99.9999", "99.9999", "99.9999", "100.0000"]),  # 99.99985
    ],
)
def test_percentages_are_exact_to_four_decimals(up: int, down: int, unknown: int, expected: list[str | None]) -> None:
    columns = time_columns(array([up]), array([down]), array([unknown]), carried=None)
    names = ("availability_percent", "availability_low_percent", "availability_high_percent", "coverage_percent")
    found = [columns[name].to_pylist()[0] for name in names]
    assert [None if one is None else str(one) for one in found] == expected
