"""Hypothesis strategies for the report of a range: one entity's schedule and polls, and what is asked for."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.reference.exact import Poll
from tests.reference.periods import ENTITY, Asked, Exact, Hourly, Row, rows
from tests.reference.schedule import Entity
from tests.reference.uptime import DAY, HOUR, MICROSECOND
from tests.schedule_strategies import CHANGES, entities
from tests.strategies import GAPS, MINUTE

#: The longest range of each `by`, in days, so that a case has some dozens of rows at most.
LONGEST_DAYS = {"total": 40, "month": 70, "week": 40, "day": 10, "hour": 1}

LOOKBACK_HOURS = (1, 5, 30, 96)


@dataclass(frozen=True, slots=True)
class RangeCase:
    """An entity with polls in the order of their lines, and a report about it."""

    entity: Entity
    polls: list[Poll]
    asked: Asked
    accounting: Exact | Hourly

    def rows(self, by: str | None = None) -> list[Row]:
        """What the twin says."""
        return rows(self.entity, self.polls, replace(self.asked, by=by or self.asked.by), self.accounting)


@st.composite
def range_case(draw: st.DrawFn, accounting: Exact | Hourly | None = None) -> RangeCase:
    """A range of instants or of dates around a change of clocks, which sometimes is still running."""
    focus = draw(st.sampled_from(sorted(CHANGES)))
    change = draw(st.sampled_from(CHANGES[focus]))
    entity = draw(entities(focus, change.date()))
    by = draw(st.sampled_from(sorted(LONGEST_DAYS)))
    length = draw(st.integers(1, LONGEST_DAYS[by]))
    first = change.date() - draw(st.integers(0, length)) * DAY
    last = first + length * DAY
    if draw(st.booleans()):
        first, last = _instant(draw, first), _instant(draw, last) + DAY
    midnight = datetime(last.year, last.month, last.day, tzinfo=UTC)
    as_of = midnight + draw(
        st.sampled_from((5 * DAY, 5 * DAY, timedelta(), -12 * HOUR, 7 * MICROSECOND - length * HOUR))
    )
    asked = Asked(
        first,
        last,
        as_of,
        by=by,
        zone=draw(st.sampled_from((ENTITY, ENTITY, "UTC", *sorted(CHANGES)))),
        lookback=draw(st.sampled_from(LOOKBACK_HOURS)) * HOUR,
    )
    return RangeCase(entity, draw(_polls(midnight, length)), asked, accounting or draw(accountings()))


def _instant(draw: st.DrawFn, day: datetime) -> datetime:
    """An instant of a date: a whole or a half hour, or a microsecond off it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    off = draw(st.sampled_from((timedelta(), timedelta(), MICROSECOND, -MICROSECOND)))
    return midnight + draw(st.integers(0, 47)) * HOUR / 2 + off


def accountings() -> st.SearchStrategy[Exact | Hourly]:
    gaps = st.none() | st.sampled_from(GAPS).map(lambda minutes: minutes * MINUTE)
    own = st.one_of(st.none(), st.none(), gaps, st.just(timedelta()))
    ignored = st.sampled_from((0, 0, 5, 30)).map(lambda minutes: minutes * MINUTE)
    return st.builds(Exact, gaps, own, ignored) | st.builds(Hourly, st.none() | st.integers(0, 30))


@st.composite
def _polls(draw: st.DrawFn, end: datetime, days: int) -> list[Poll]:
    """Runs of polls at equal distances in the range and before it, and repeats of some that may say something else."""
    statuses = st.sampled_from(("active", "inactive", "inactive", "unknown"))
    found = []
    for _ in range(draw(st.sampled_from((2, 5, 0)))):
        at = end - draw(st.integers(-24, 24 * (days + 2))) * HOUR + draw(st.integers(0, 59)) * MINUTE
        step = draw(st.sampled_from((*GAPS, 300))) * MINUTE
        said = draw(st.lists(statuses, min_size=1, max_size=8))
        found += [Poll("s", at + number * step, status) for number, status in enumerate(said)]
    repeats = draw(st.lists(st.sampled_from(found), max_size=2)) if found else []
    return found + [replace(poll, status=draw(statuses)) for poll in repeats]
