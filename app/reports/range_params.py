"""The parameters of a report on a range of time, and what they come to."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema, model_validator

from app.jobs.kind import Params
from app.reports.instants import plausible
from app.reports.refusals import refused
from app.timeline import EARLIEST, LATEST, to_micros
from app.timeline.period_words import FORMS, RELATIVE, dates_of, fixed
from app.timeline.periods import By, Edge, Range, beginnings
from app.timeline.zones import known_zones, to_utc
from app.wording.suggestions import suggestions
from app.wording.values import iso
from app.wording.wrong_values import WrongValue, invalid_parameters

#: A zone that is none: each entity's own.
ENTITY: Final = "entity"

#: Periods of a range: the hours of a year and some more.
MOST_PERIODS: Final = 10_000

#: Rows of uptime.csv; some two gigabytes.
MOST_ROWS: Final = 10_000_000

#: What is finer or coarser, in order.
_BY: Final[tuple[By, ...]] = ("hour", "day", "week", "month", "total")

_instant: Final = TypeAdapter(AwareDatetime)

#: What a date and an instant begin with.
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\Z|[Tt ])")

_NEITHER: Final = "is neither a date such as 2024-11-01 nor an instant in ISO 8601 with Z or an offset"


def _moment(value: Any) -> Any:
    """A date or an instant of what JSON has for it."""
    if value is None or isinstance(value, date):
        return value
    try:
        if _DATE.match(value) is None:  # a number, or a week of ISO 8601
            raise ValueError(value)  # noqa: TRY301 - one refusal for all
        read = date.fromisoformat(value) if len(value) == len("2024-11-01") else _instant.validate_python(value)
    except (ValueError, TypeError) as error:
        raise ValueError(_NEITHER) from error
    instant = plausible(earliest(read))
    return instant if isinstance(read, datetime) else read


def earliest(moment: date | datetime) -> datetime:
    """The instant, or midnight UTC of the date."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time.min, UTC)


#: A parameter that is a date or an instant.
Moment = Annotated[
    datetime | date,
    BeforeValidator(_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": kind} for kind in ("date-time", "date")]}),
]


class RangeParams(Params):
    """Of which time a report tells, and how it is divided."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: Annotated[
        Moment | None,
        Field(
            alias="from",
            description="Start of the range: a date, meaning its local midnight, or an instant. Default: none; "
            "without `from` and `period`, the report covers the three windows before `as_of`.",
            examples=["2024-11-01"],
        ),
    ] = None
    to: Annotated[
        Moment | None,
        Field(description="End of the range, not included: a date or an instant. Default: `as_of`."),
    ] = None
    period: Annotated[
        str | None,
        Field(
            description=f"The range in one word, instead of `from` and `to`: {FORMS}. Default: none.",
            examples=["2024-11"],
        ),
    ] = None
    by: Annotated[By | None, Field(description="Length of the periods of a range; each has a row. Default: total.")] = (
        None
    )
    zone: Annotated[
        str | None,
        Field(
            description="Time zone in which dates and periods start at midnight: `entity`, each store's own, UTC or "
            "an IANA time zone. Default: entity.",
            examples=["Europe/Berlin"],
        ),
    ] = None

    compare_to: Annotated[
        Literal["previous"] | None,
        Field(
            description="`previous`: also the availability of the preceding time, and the change. The preceding time "
            "is the previous whole month, week, day or hour for each one, the previous period of the same kind "
            "for `period`, and the same length of time for `from` to `to`. Default: no comparison."
        ),
    ] = None
    target_percent: Annotated[
        float | None,
        Field(
            gt=0,
            le=100,
            description="Target availability of each store, percent: the summary gives the number of stores below it "
            "and the remaining error budgets. Default: none.",
            json_schema_extra={"unit": "percent"},
        ),
    ] = None

    @property
    def is_range(self) -> bool:
        """Whether a range was asked for, rather than windows."""
        return self.from_ is not None or self.period is not None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.period is not None and (self.from_ is not None or self.to is not None):
            raise ValueError("period cannot be combined with from and to: it sets both")
        if self.to is not None and self.from_ is None:
            raise ValueError("to needs from, the start of the range")
        if not self.is_range and (
            lonely := [name for name in ("by", "zone", "compare_to") if getattr(self, name) is not None]
        ):
            raise ValueError(f"{' and '.join(lonely)} needs a range: set from or period")
        return self


def resolved(params: RangeParams, *, now: datetime, as_of: datetime) -> Mapping[str, Any]:
    """The parameters of a range with the defaults and words fixed; ``now`` is the instant that words depend on.

    Raises:
        InvalidParameters: a word that is no period, a zone that there is not, or a range that is none or too fine.
    """
    if not params.is_range:
        return {}
    zone = params.zone or ENTITY
    require_zone(zone)
    fix = {"by": params.by or "total", "zone": zone}
    if params.period is not None:
        fix["period"] = fixed_period(params.period, today_in(zone, now))
    found = params.model_copy(update=fix)
    asked = range_of(found, as_of)
    _require_time(found, asked, zone)
    _require_coarse(asked)
    if params.compare_to is not None and asked.earliest_before < to_micros(EARLIEST):
        raise refused(
            "compare_to", params.compare_to, f"needs time before the range, from {EARLIEST:%Y-%m-%d} on",
            allowed="a range that begins later",
        )  # fmt: skip
    return fix


def require_zone(zone: str) -> None:
    """Refuse the name of a zone that there is not.

    Raises:
        InvalidParameters: it is neither ENTITY nor known.
    """
    if zone not in (ENTITY, *known_zones()):
        near = suggestions(zone, [ENTITY, *known_zones()])
        reason = "is not a time zone"
        allowed = "entity, UTC or a name of the IANA time zone database such as Europe/Berlin"
        raise invalid_parameters(
            [WrongValue(parameter="zone", received=zone, reason=reason, allowed=allowed, nearest=near)]
        )


def today_in(zone: str, now: datetime) -> date:
    """The date on which words such as ``last_month`` depend; of ENTITY, which has no one date, that of UTC."""
    return now.astimezone(UTC if zone == ENTITY else ZoneInfo(zone)).date()


def range_of(params: RangeParams, as_of: datetime) -> Range:
    """The range of parameters that are resolved()."""
    end = to_micros(as_of)
    by = params.by or "total"
    if params.period is not None:
        dates = dates_of(params.period)
        return Range(edge_of(dates.first), edge_of(dates.last), by, end, edge_of(dates.before))
    if params.from_ is None:
        raise ValueError("there is no range")
    return Range(edge_of(params.from_), None if params.to is None else edge_of(params.to), by, end)


def require_few_rows(asked: Range, entities: int) -> None:
    """Refuse a table that nobody could read.

    Raises:
        InvalidParameters: it would have more than MOST_ROWS rows.
    """
    if (rows := entities * _count(asked)) > MOST_ROWS:
        raise refused(
            "by", asked.by, f"makes {rows:,} rows for {entities:,} stores; at most {MOST_ROWS:,} are possible: "
            f"{_coarser(asked, most=MOST_ROWS // entities)}, or fewer `stores`"
        )  # fmt: skip


def fixed_period(period: str, today: date) -> str:
    """A period without words that depend on the day.

    Raises:
        InvalidParameters: it is none, or not between the years that reports know.
    """
    try:
        word = fixed(period, today)
        dates = dates_of(word)
        if not EARLIEST.date() <= dates.first <= LATEST.date():
            raise ValueError(f"must lie between {EARLIEST:%Y} and {LATEST:%Y}")  # noqa: TRY301 - one refusal for all
    except ValueError as error:
        reason = str(error) if str(error).startswith(("is ", "must ")) else "is not in the calendar"
        wrong = WrongValue(
            parameter="period", received=period, reason=reason, allowed=FORMS, nearest=suggestions(period, RELATIVE)
        )
        raise invalid_parameters([wrong]) from error
    return word


def edge_of(moment: date | datetime) -> Edge:
    """Where a range begins or ends."""
    return Edge(to_micros(earliest(moment)), is_local=not isinstance(moment, datetime))


def _require_time(params: RangeParams, asked: Range, zone: str) -> None:
    """Refuse a range that ends before it begins, or that begins when nothing is known yet."""
    name = "from" if params.from_ is not None else "period"
    given = params.from_ if params.from_ is not None else params.period
    if params.from_ is not None and params.to is not None and _is_empty(asked, zone):
        after = params.from_.isoformat()
        raise refused(
            "to", params.to.isoformat(), "must be later than from", allowed=f"a date or an instant after {after}"
        )
    if _earliest_of(asked.first, zone) >= asked.as_of:
        as_of = iso(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=asked.as_of))
        shown = given if isinstance(given, str | None) else given.isoformat()
        raise refused(name, shown, f"begins after as_of, {as_of}: nothing is known about it", allowed="an earlier one")


def _is_empty(asked: Range, zone: str) -> bool:
    """Whether no store has time between the ends, which may be a local time and an instant."""
    first, last = asked.first, asked.last
    if last is None:
        return False
    if zone == ENTITY and first.is_local and last.is_local:
        return last.micros <= first.micros
    latest = last.latest if zone == ENTITY else _earliest_of(last, zone)
    return latest <= _earliest_of(first, zone)


def _earliest_of(edge: Edge, zone: str) -> int:
    """The instant of an edge by the clock of the zone, or the earliest that any store's clock could show it at."""
    if zone == ENTITY or not edge.is_local:
        return edge.earliest
    return int(to_utc(np.array([edge.micros], np.int64), zone)[0])


def _require_coarse(asked: Range) -> None:
    if (count := _count(asked)) > MOST_PERIODS:
        raise refused(
            "by", asked.by, f"divides the range into {count:,} periods for each store; at most {MOST_PERIODS:,} are "
            f"possible: {_coarser(asked, most=MOST_PERIODS)}"
        )  # fmt: skip


def _coarser(asked: Range, *, most: int) -> str:
    """What to choose instead."""
    coarser = [by for by in _BY[_BY.index(asked.by) + 1 :] if _count(_by(asked, by)) <= most]
    return f"choose by={coarser[0]} or a shorter range" if coarser else "choose a shorter range"


def _by(asked: Range, by: By) -> Range:
    return Range(asked.first, asked.last, by, asked.as_of)


def _count(asked: Range) -> int:
    """The periods of a range, about."""
    inside = beginnings(asked)
    low, high = asked.first.micros, asked.as_of if asked.last is None else min(asked.last.micros, asked.as_of)
    return 1 + int(((inside > low) & (inside < high)).sum())
