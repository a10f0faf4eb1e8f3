"""What the uptime report says of one of its stores, in words and as an image."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

from app.errors import UnknownEntity
from app.reports.exact_uptime import MINUTE
from app.reports.kind import Drilldown
from app.reports.uptime import explained
from app.reports.uptime.day_band import day_band
from app.reports.uptime.explained import Question
from app.reports.uptime.explanation import Explanation, explanation
from app.reports.uptime.ranges import Asked
from app.series.poll_reading import PollSource
from app.settings import Settings
from app.timeline.horizon import Horizon

if TYPE_CHECKING:
    from app.charts.style import Chart


class Parameters(Protocol):
    """The parameters that matter to one store."""

    @property
    def as_of(self) -> datetime | None: ...
    @property
    def lookback_hours(self) -> int: ...
    @property
    def stores(self) -> Sequence[str] | None: ...
    @property
    def accounting(self) -> Literal["hourly", "exact"]: ...
    @property
    def max_gap_minutes(self) -> int | None: ...
    @property
    def min_outage_minutes(self) -> int: ...
    @property
    def max_fill_hours(self) -> int | None: ...
    @property
    def is_range(self) -> bool: ...
    @property
    def as_known_at(self) -> datetime | None: ...
    def asked(self, as_of: datetime) -> Asked: ...


def explain(source: PollSource, settings: Settings, params: Parameters, key: str) -> Explanation:
    """Why the time of one store counts as the report has it.

    Raises:
        UnknownEntity: the report has no row of it.
    """
    question = _question(params, key)
    return explanation(question, explained.explain(source, settings, question, key))


def chart(source: PollSource, settings: Settings, params: Parameters, key: str, day: date | None) -> "Chart":
    """The same as an image: the days of the store, or one of them.

    Raises:
        UnknownEntity: the report has no row of it.
        InvalidParameters: the report has nothing of that day.
    """
    question = _question(params, key)
    return day_band(question, explained.explain(source, settings, question, key), day)


def _question(params: Parameters, key: str) -> Question:
    if params.stores is not None and key not in params.stores:
        raise UnknownEntity(
            f"The report has no row for {key!r}: it covers only the stores that were asked for.", received=key
        )
    if params.as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    lookback = timedelta(hours=params.lookback_hours)
    time = params.asked(params.as_of) if params.is_range else Horizon.before(params.as_of, lookback=lookback)
    max_gap = None if params.max_gap_minutes is None else params.max_gap_minutes * MINUTE
    return Question(
        time,
        params.accounting,
        max_gap,
        params.min_outage_minutes * MINUTE,
        params.max_fill_hours,
        params.as_known_at,
    )


DRILLDOWN: Final = Drilldown(Explanation, explain, chart)
