"""An explanation as text of 80 columns, in the local time of its store."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

#: What decided, by the rule's name.
_WHY: Final = {
    "max_gap": "no poll since {last}, which is no longer valid",
    "no_poll_yet": "no poll has been seen before",
    "short_outage": "down, too short to count as an outage",
    "carried": "no polls; same as the hour of {last}",
    "carried_too_long": "no polls since {last}, too long ago",
}

#: What a stretch of exact accounting ended with.
_ENDED: Final = {"next_poll": "then a poll", "max_gap": "then a gap", "report_end": "until the end"}

_OUTAGE_ENDED: Final = {"max_gap": "nobody looked any more", "report_end": "has not ended"}


def lines(said: Mapping[str, Any]) -> Iterator[str]:
    """The lines to print, of the JSON of an explanation."""
    start, end = _at(said["start"]), _at(said["end"])
    yield f"Store {said['store_id']}, {said['accounting']} accounting"
    yield f"{_full(start)} to {_full(end)}, {said['timezones'][0]['timezone']}"
    for moved in said["timezones"][1:]:
        yield f"from {_full(_at(moved['starts']))} on {moved['timezone']}"
    yield ""
    yield from _totals(said["periods"])
    if said["max_gap_source"] is not None:
        yield from _gap(said)
    yield from _unusual(said["dates"])
    yield ""
    yield "Stretches, while it was open"
    yield from _stretches(said)
    yield from _left_out(said, "stretches")
    if said["accounting"] == "exact":
        yield ""
        yield from _outages(said["outages"])
        yield from _left_out(said, "outages")


def _totals(periods: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'':<17}{'open':>12}{'up':>12}{'down':>12}{'unknown':>12}{'availability':>14}"
    for one in periods:
        figures = [f"{one[f'{name}_seconds'] / 3600:,.2f} h" for name in ("open", "up", "down", "unknown")]
        known = one["up_seconds"] + one["down_seconds"]
        share = f"{100 * one['up_seconds'] / known:.4f} %" if known else "-"
        yield f"{one['period'].replace('_', ' '):<17}{''.join(f'{figure:>12}' for figure in figures)}{share:>14}"


def _gap(said: Mapping[str, Any]) -> Iterator[str]:
    source = {
        "polls": "3 times the median interval of its polls",
        "parameter": "as asked for",
    }.get(said["max_gap_source"], "its own")
    if said["max_gap_minutes"] is None:
        yield f"A poll is valid until the next one: {source}."
    else:
        yield f"A poll is valid for {said['max_gap_minutes']:,.2f} minutes: {source}."


def _unusual(dates: list[Mapping[str, Any]]) -> Iterator[str]:
    """The dates that something else than weekly hours decided, those in a row with one reason as one."""
    unusual = [one for one in dates if one["source"] in {"exception", "calendar", "inactive"}]
    if not unusual:
        return
    yield ""
    yield "Dates that differ from the week"
    for (said, is_open, _), run in groupby(unusual, key=_run()):
        first, *rest = [date.fromisoformat(one["date"]) for one in run]
        last = f" to {_day(rest[-1])}" if rest else ""
        yield f"  {_day(first)}{last}: {'open' if is_open else 'closed'}, {said}"


def _run() -> Callable[[Mapping[str, Any]], tuple[str, bool, int]]:
    """A key that neighbouring dates of one reason share."""
    numbers = count()
    return lambda one: (one["reason"], one["is_open"], date.fromisoformat(one["date"]).toordinal() - next(numbers))


def _day(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}"


def _stretches(said: Mapping[str, Any]) -> Iterator[str]:
    """The open parts of stretches, day by day."""
    zones = [(_utc(one["starts"]), ZoneInfo(one["timezone"])) for one in said["timezones"]]
    shown: date | None = None
    for begin, end, one in _pieces(said["windows"], said["stretches"], zones):
        zone, _ = _turn(begin, zones)
        start, until = begin.astimezone(zone), end.astimezone(zone)
        if start.date() != shown:
            shown = start.date()
            yield f"  {start:%a} {start.day} {start:%b %Y}"
        closes = "24:00:00" if until.date() > start.date() else f"{until:%H:%M:%S}"
        yield f"    {start:%H:%M:%S}-{closes}  {one['status']:<8} {_why(one, start)}"
    if shown is None:
        yield "  none: it was closed the whole time"


def _turn(at: datetime, zones: list[tuple[datetime, ZoneInfo]]) -> tuple[ZoneInfo, datetime]:
    """The zone that counts at an instant of UTC, and until when."""
    place = max(bisect_right([starts for starts, _ in zones], at) - 1, 0)
    return zones[place][1], zones[place + 1][0] if place + 1 < len(zones) else datetime.max.replace(tzinfo=UTC)


def _pieces(
    windows: list[Mapping[str, Any]], stretches: list[Mapping[str, Any]], zones: list[tuple[datetime, ZoneInfo]]
) -> Iterator[tuple[datetime, datetime, Mapping[str, Any]]]:
    """What windows and stretches, which both ascend, have in common, cut at midnights and moves; instants in UTC."""
    opens = [(_utc(one["opens"]), _utc(one["closes"])) for one in windows]
    at = 0
    for one in stretches:
        start, end = _utc(one["start"]), _utc(one["end"])
        while at and opens[at - 1][1] > start:
            at -= 1
        while at < len(opens) and opens[at][0] < end:
            begin, until = max(opens[at][0], start), min(opens[at][1], end)
            while begin < until:
                zone, moves = _turn(begin, zones)
                tomorrow = begin.astimezone(zone).date() + timedelta(days=1)
                midnight = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
                cut = min(until, midnight, moves)
                yield begin, cut, one
                begin = cut
            at += 1


def _why(one: Mapping[str, Any], start: datetime) -> str:
    last = _at(one["last_poll_at"]) if one["last_poll_at"] else None
    if one["rule"] in {"majority", "tie"}:
        votes = f"{one['active_polls']} of {_counted(one['polls'])} say active"
        return f"{votes}, a tie" if one["rule"] == "tie" else votes
    if one["rule"] == "polls":
        first = _at(one["first_poll_at"])
        many = f"poll at {_clock(first, start)}" if one["polls"] == 1 else (
            f"{_counted(one['polls'])} from {_clock(first, start)}"
        )  # fmt: skip
        return f"{many}, {_ENDED[one['ended_by']]}"
    return _WHY[one["rule"]].format(last=_clock(last, start) if last else "")


def _outages(outages: list[Mapping[str, Any]]) -> Iterator[str]:
    if not outages:
        yield "No outage"
        return
    yield f"{'Outages: began':<24}{'ended':<22}{'open':>12}  ended by"
    for one in outages:
        at = _at(one["ended_at"] or one["began_at"])
        ended = _short(at) if one["ended_at"] else "-"
        by = _OUTAGE_ENDED.get(one["ended_by"]) or f"poll at {_clock(_at(one['ended_by_poll_at']), at)}"
        minutes = f"{one['open_seconds'] / 60:,.2f} min"
        yield f"  {_short(_at(one['began_at'])):<22}{ended:<22}{minutes:>12}  {by}"


def _left_out(said: Mapping[str, Any], parts: str) -> Iterator[str]:
    more = said[f"{parts}_in_all"] - len(said[parts])
    if more:
        yield f"  and {more:,} more {parts}: limit the time with --from and --to"


def _counted(polls: int) -> str:
    return f"{polls:,} poll" if polls == 1 else f"{polls:,} polls"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _utc(text: str) -> datetime:
    return _at(text).astimezone(UTC)


def _clock(at: datetime, beside: datetime) -> str:
    """The time, with its day where that is not the one beside it."""
    return f"{at:%H:%M:%S}" if at.date() == beside.date() else f"{at.day} {at:%b} {at:%H:%M}"


def _short(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b} {at:%H:%M:%S}"


def _full(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M:%S}"
