"""What an explanation of one store's time says, as JSON; instants have the offset of the store's own clock."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, Field

from app.reports.uptime.explained import Explained, GapSource, Question
from app.timeline import HOUR, SECOND, Micros
from app.timeline.exact import FOR_EVER
from app.timeline.explaining import Ending, Rule, Stretch, outage_ending, time_of
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN
from app.timeline.reasons import OpenDate, reason
from app.timeline.zones import turns

Status = Literal["up", "down", "unknown"]

_STATUS: Final[Mapping[int, Status]] = {ACTIVE: "up", INACTIVE: "down", UNKNOWN: "unknown"}

_MINUTE: Final = HOUR // 60

#: Stretches and outages of an answer, of each at most: a store that is open all day has 8,784 stretches in a year by
#: hourly accounting; one that goes up and down with every poll has more, which nobody reads.
MOST_PARTS: Final = 10_000

#: An instant on the store's own clock.
Local = Callable[[int], datetime]


class Times(BaseModel):
    """Open time by status, seconds; up, down and unknown add up to it."""

    open_seconds: float
    up_seconds: float
    down_seconds: float
    unknown_seconds: float


class Period(Times):
    """The time of one figure of the report."""

    period: str = Field(description="last_hour, last_day or last_week; for a range, as in uptime.csv.")
    start: datetime
    end: datetime


class OpenWindow(Times):
    """When the store is open, without a break, within the time of the report."""

    opens: datetime
    closes: datetime


class ExplainedStretch(BaseModel):
    """Time of one status that one rule decided; a stretch without open time is left out."""

    start: datetime
    end: datetime
    status: Status = Field(description="Status that its open time counts as.")
    open_seconds: float
    rule: Rule = Field(
        description="`polls`: its polls say so; `max_gap`: the last poll is no longer valid; `no_poll_yet`: there is "
        "no poll yet; `short_outage`: down, but for less than min_outage_minutes; hourly: `majority` or `tie` of "
        "the hour's polls; `carried`: same as the last hour with polls; `carried_too_long`: that hour is too long "
        "ago."
    )
    ended_by: Ending = Field(
        description="`next_poll`, `max_gap`, `report_end`; hourly: `hour_end`, `next_poll` or `max_fill`."
    )
    polls: int = Field(description="Number of polls that decided it.")
    active_polls: int = Field(description="Number of these polls that say active.")
    first_poll_at: datetime | None = Field(
        description="The first of these polls, possibly before the stretch; if no poll decided it, the last poll "
        "before it."
    )
    last_poll_at: datetime | None = Field(description="The last of them.")


class ExplainedOutage(BaseModel):
    """An outage, as in outages.csv, with the polls that began and ended it."""

    began_at: datetime
    ended_at: datetime | None = Field(description="Null if it has not ended.")
    open_seconds: float = Field(description="Its open time within the report.")
    first_poll_at: datetime = Field(description="The poll that started it.")
    last_poll_at: datetime = Field(description="Its last poll that says inactive.")
    ended_by: Ending
    ended_by_poll_at: datetime | None = Field(description="The poll that ended it, if a poll did.")


class ExplainedDate(BaseModel):
    """A local date, and what decided when the store is open."""

    date: date
    source: Literal["default", "version", "exception", "calendar", "inactive"] = Field(
        description="`version`: weekly hours; `calendar`: a holiday; `inactive`: the store does not exist on the date."
    )
    reason: str = Field(examples=["holiday: Christmas (public:DE-BY)"])
    is_open: bool = Field(description="Whether any window opens on this date.")


class ExplainedZone(BaseModel):
    """A zone of the store, which may have moved."""

    timezone: str = Field(description="IANA name.")
    starts: datetime = Field(description="Start of its validity, or of the report's time.")


class Explanation(BaseModel):
    """Why the time of one store counts as the report has it."""

    store_id: str
    timezone: str = Field(description="IANA name of the zone of the store at the end of the report's time.")
    timezones: list[ExplainedZone] = Field(
        description="All its zones in that time, in order: each instant is shown in the zone that applies then."
    )
    accounting: Literal["hourly", "exact"]
    as_of: datetime
    start: datetime = Field(description="Beginning of the report's time.")
    end: datetime
    lookback_start: datetime = Field(description="Earlier polls are ignored.")
    max_gap_minutes: float | None = Field(description="How long a poll is valid; null: hourly, or until the next poll.")
    max_gap_source: GapSource | None = Field(
        description="What determines it: the store's own setting, the report's parameter, or three times the median "
        "interval between the polls."
    )
    periods: list[Period]
    dates: list[ExplainedDate] = Field(description="Dates whose windows overlap the report's time.")
    windows: list[OpenWindow]
    stretches: list[ExplainedStretch] = Field(description="The first 10,000.")
    stretches_in_all: int
    outages: list[ExplainedOutage] = Field(description="Exact accounting only; the first 10,000.")
    outages_in_all: int


def explanation(question: Question, found: Explained) -> Explanation:
    """All that is to be said of the time of a store."""
    local = cache(found.clock.at)  # most instants end one stretch and begin the next
    time, gap = found.time, found.gap
    zones = [ExplainedZone(timezone=name, starts=local(at)) for at, name in turns(found.zone, time.first, time.last)]
    outages = _Outages(found)
    return Explanation(
        store_id=found.key,
        timezone=zones[-1].timezone,
        timezones=zones,
        accounting=question.accounting,
        as_of=local(question.as_of),
        start=local(time.first),
        end=local(time.last),
        lookback_start=local(time.earliest),
        max_gap_minutes=None if gap is None or gap == FOR_EVER else gap / _MINUTE,
        max_gap_source=found.gap_source,
        periods=list(_periods(found, local)),
        dates=[_date(one) for one in found.dates],
        windows=list(_windows(found, local)),
        stretches=[_stretch(one, local) for one in found.stretches[:MOST_PARTS]],
        stretches_in_all=len(found.stretches),
        outages=list(islice(outages.explained(local), MOST_PARTS)),
        outages_in_all=len(outages),
    )


def _periods(found: Explained, local: Local) -> Iterator[Period]:
    parts = found.time.parts
    times = _times(found, np.array([(one.start, one.end) for one in parts]))
    for one, of_one in zip(parts, times, strict=True):
        yield Period(period=one.label, start=local(one.start), end=local(one.end), **of_one)


def _date(one: OpenDate) -> ExplainedDate:
    return ExplainedDate.model_validate(
        {
            "date": date(1970, 1, 1) + timedelta(days=one.day),
            "source": one.source.name.lower(),
            "reason": reason(one),
            "is_open": bool(one.intervals),
        }
    )


def _windows(found: Explained, local: Local) -> Iterator[OpenWindow]:
    opening = found.opening
    edges = (np.clip(edge + opening.first, found.time.first, found.time.last) for edge in (opening.start, opening.end))
    spans = np.column_stack(list(edges))
    spans = spans[spans[:, 0] < spans[:, 1]]
    for (opens, closes), times in zip(spans.tolist(), _times(found, spans), strict=True):
        yield OpenWindow(opens=local(opens), closes=local(closes), **times)


def _times(found: Explained, spans: Micros) -> Iterator[dict[str, float]]:
    """Times of spans [start, end) of instants, int64[n, 2], which may overlap."""
    if not len(spans):
        return
    edges = np.unique(spans)
    until = np.zeros((3, len(edges)), np.int64)
    np.cumsum(time_of(found.stretches, found.opening, edges), axis=1, out=until[:, 1:])
    start, end = np.searchsorted(edges, spans.T)
    for time in (until[:, end] - until[:, start]).T.tolist():
        # Whole microseconds are added up; each sum is divided once.
        yield {
            "open_seconds": sum(time) / SECOND,
            **{f"{name}_seconds": time[of] / SECOND for of, name in _STATUS.items()},
        }


def _stretch(one: Stretch, local: Local) -> ExplainedStretch:
    return ExplainedStretch(
        start=local(one.start),
        end=local(one.end),
        status=_STATUS[one.status],
        open_seconds=one.open_time / SECOND,
        rule=one.rule,
        ended_by=one.ended_by,
        polls=one.polls,
        active_polls=one.active_polls,
        first_poll_at=None if one.first_poll is None else local(one.first_poll),
        last_poll_at=None if one.last_poll is None else local(one.last_poll),
    )


class _Outages:
    """The outages that have open time in the report; hourly accounting has none."""

    def __init__(self, found: Explained) -> None:
        self._found = found
        self._open_time: Micros = np.zeros(0, np.int64)
        if found.exact is not None:
            every = found.exact.outages
            edges = (np.clip(edge, found.time.first, found.time.last) for edge in (every.began, every.ended))
            self._open_time = found.exact.down_between(every.entity, *edges)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._open_time))

    def explained(self, local: Local) -> Iterator[ExplainedOutage]:
        """Each of them, in order of time."""
        found = self._found
        if found.exact is None or found.gap is None:
            return
        every = found.exact.outages
        for at in np.flatnonzero(self._open_time):
            last_poll, ongoing = int(every.last_poll[at]), bool(every.ongoing[at])
            ended_by, poll = (
                (Ending.REPORT_END, None)
                if ongoing
                else outage_ending(found.opening, found.polls, found.gap, last_poll)
            )
            yield ExplainedOutage(
                began_at=local(int(every.began[at])),
                ended_at=None if ongoing else local(int(every.ended[at])),
                open_seconds=float(self._open_time[at]) / SECOND,
                first_poll_at=local(int(every.first_poll[at])),
                last_poll_at=local(last_poll),
                ended_by=ended_by,
                ended_by_poll_at=None if poll is None else local(poll),
            )
