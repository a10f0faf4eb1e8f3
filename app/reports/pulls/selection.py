"""Which pull requests a report is of: by when they were created or merged, and by their state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.course import Course
from app.flow.grouping import local_days
from app.flow.table import STATES, states
from app.reports.pulls.params import Dated, FlowParams, default_dated_by
from app.reports.range_params import ENTITY, edge_of
from app.timeline import DAY, MISSING, Micros, from_micros
from app.timeline.period_words import dates_of
from app.timeline.periods import Edge

Which = npt.NDArray[np.bool_]

#: The week or month before is not further from any of its instants, microseconds.
_REACH: Final[Mapping[str, int]] = {"week": 14 * DAY, "month": 62 * DAY}


@dataclass(frozen=True, slots=True)
class Span:
    """When something happened to pull requests: from ``first`` on, before ``last``; None: without a limit."""

    of: Dated
    first: Edge | None
    last: Edge | None

    def has(self, at: Micros, days: Callable[[], Micros]) -> Which:
        """Which instants are in the span, bool[n]; ``days`` gives their local dates, days since 1970-01-01."""
        inside: Which = at != MISSING
        for edge, is_first in ((self.first, True), (self.last, False)):
            if edge is not None:
                is_later = days() * DAY >= edge.micros if edge.is_local else at >= edge.micros
                inside &= is_later == is_first
        return inside

    def before(self, begin: Edge | None, as_of: int) -> "Span":
        """The time before, which begins at ``begin``, or is as long as this has been at ``as_of``, microseconds."""
        first, last = self.first, self.last
        if first is None:
            raise ValueError("nothing is before a span that never began")
        if begin is None:
            end = as_of if not first.is_local else (as_of // DAY + 1) * DAY
            length = (end if last is None else last.micros) - first.micros
            begin = Edge(first.micros - length, first.is_local)
        return Span(self.of, begin, first)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a report is of, and what it is compared with.

    Attributes:
        spans: every pull request of the report is in each of them.
        previous: what is compared with all of the report; None: nothing.
        reach: where the week or month before the first one lies, or begins; None: nothing is compared by date.
        dated_by: what counts for weeks and months.
        zone: whose dates count; None: each team's own.
        state: place in STATES; None: any.
    """

    spans: tuple[Span, ...]
    previous: Span | None
    reach: Span | None
    dated_by: Dated
    zone: str | None
    state: int | None

    @classmethod
    def of(cls, params: FlowParams, *, as_of: int) -> "Selection":
        """What parameters that are resolved ask for."""
        dated_by = params.dated_by or default_dated_by(params)
        spans = [
            Span("created", _edge(params.since), _edge(params.until)),
            Span("merged", _edge(params.merged_since), _edge(params.merged_until)),
        ]
        begin = None
        if params.period is not None:
            dates = dates_of(params.period)
            begin = edge_of(dates.before)
            spans.append(Span(dated_by, edge_of(dates.first), edge_of(dates.last)))
        spans = [span for span in spans if span.first is not None or span.last is not None]
        begun = [span for span in spans if span.first is not None]
        previous = begun[0].before(begin, as_of) if params.compare_to is not None and len(begun) == 1 else None
        reach = None
        if params.compare_to is not None and params.by in _REACH:
            found = [span for span in begun if span.of == dated_by]
            reach = _reaching(found[0], _REACH[params.by]) if found else Span(dated_by, None, None)
        zone = None if params.zone in (None, ENTITY) else params.zone
        state = None if params.state is None else STATES.index(params.state)
        return cls(tuple(spans), previous, reach, dated_by, zone, state)

    def bounds(self) -> dict[str, datetime | None]:
        """The instants between which something of the report, or of what it is compared with, can lie."""
        found: dict[str, datetime | None] = {}
        for of, first, last in (("created", "since", "until"), ("merged", "merged_since", "merged_until")):
            spans = [span for span in self.spans if span.of == of]
            others = [one for one in (self.previous, self.reach) if one is not None and one.of == of]
            firsts = [span.first for span in spans if span.first is not None]
            lasts = [span.last for span in spans if span.last is not None]
            if firsts and all(one.first is not None for one in others):
                edges = [*firsts, *(one.first for one in others if one.first is not None)]
                found[first] = from_micros(min(edge.earliest for edge in edges))
            if lasts:
                found[last] = from_micros(max(edge.latest for edge in lasts))
        return found

    def days(self, course: Course, of: Dated | None = None) -> Micros:
        """The local date by which each pull request counts, int64[n]."""
        at = course.at.created if (of or self.dated_by) == "created" else course.at.merged
        return local_days(at, course.teams, course.team, self.zone)

    def chosen(self, course: Course) -> Which:
        """Which pull requests the report is of."""
        return self._in(course, self.spans)

    def compared(self, course: Course) -> Which | None:
        """Which ones are compared with all of the report."""
        if self.previous is None:
            return None
        replaced = self.previous.of
        return self._in(course, [*(span for span in self.spans if span.of != replaced), self.previous])

    def reached(self, course: Course) -> Which:
        """Which ones may be in the week or month before one of the report."""
        if self.reach is None:
            return np.zeros(len(course.team), bool)
        replaced = self.reach.of
        return self._in(course, [*(span for span in self.spans if span.of != replaced), self.reach])

    def _in(self, course: Course, spans: Sequence[Span]) -> Which:
        inside = np.ones(len(course.team), bool) if self.state is None else states(course) == self.state
        for span in spans:
            at = course.at.created if span.of == "created" else course.at.merged
            inside &= span.has(at, partial(self.days, course, span.of))
        return inside


def _edge(moment: date | datetime | None) -> Edge | None:
    return None if moment is None else edge_of(moment)


def _reaching(span: Span, reach: int) -> Span:
    """The span, and as much time before it."""
    return span if span.first is None else replace(span, first=replace(span.first, micros=span.first.micros - reach))
