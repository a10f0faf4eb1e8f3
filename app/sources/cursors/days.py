"""Counts by UTC day that an API tells all at once, such as the downloads of a package.

A day becomes records once it is over for some hours. The last days before the watermark become records each time, for
they may have grown. So does each day of the last weeks that differs from what it was when it was read: the counts of
that time are kept, and compared with each answer. A day that the API does not tell of, though it does of later ones, is
asked for until it comes: nobody can say that it is 0.

The watermark is the end of the last day that the API tells of, however late it is: what is stale stays unknown.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.mapping.expressions import evaluated
from app.sources.cursors.place import Ask, Item, Place, Step
from app.sources.stream import Days, Stream

_DAY = timedelta(days=1)

Found = Mapping[date, Sequence[Item]]


def step(stream: Stream, cursor: Days, place: Place, ask: Ask, _: datetime) -> Step:
    """Read the whole list; position: ``through`` (the last day), ``missing`` days, ``counts`` of days as read."""
    page = ask(stream.request.params)
    found, old = _by_day(cursor, page.items), place.position
    settled = (page.at - timedelta(hours=cursor.settle_hours)).date() - _DAY
    before = _day(old.get("through"))
    through = max(
        (day for day in (*found, before) if day is not None and (day == before or day <= settled)), default=None
    )
    if through is None:
        return Step(Place(dict(old), None, place.watermark), is_complete=True)
    earliest = date.min if before is None else before - cursor.again_days * _DAY
    known = {date.fromisoformat(day): count for day, count in old.get("counts", {}).items()}
    lost = {date.fromisoformat(day) for day in old.get("missing", ())}
    counts = {day: sum(int(evaluated(cursor.count, item) or 0) for item in items) for day, items in found.items()}
    changed = {day for day in counts if day in known and known[day] != counts[day]}
    wanted = sorted(day for day in found if day <= through and (day > earliest or day in lost or day in changed))
    missing = _missing(found, max(earliest + _DAY, min(found, default=through)), through, lost)
    compared = through - cursor.compare_days * _DAY
    kept = {day: count for day, count in (known | {day: counts[day] for day in wanted}).items() if day > compared}
    position = {
        "through": through.isoformat(),
        "missing": [day.isoformat() for day in missing],
        "counts": {day.isoformat(): kept[day] for day in sorted(kept)},
    }
    return Step(
        Place(position, None, datetime.combine(through + _DAY, time(), UTC)),
        is_complete=True,
        page=page,
        taken=[item for day in wanted for item in found[day]],
        missing=_told_missing(missing),
        revised=_told_revised({day for day in changed if day <= earliest}, known, counts),
    )


def _by_day(cursor: Days, items: Sequence[Item]) -> dict[date, list[Item]]:
    found: dict[date, list[Item]] = {}
    for item in items:
        if (day := _day(item.get(cursor.field))) is not None:
            found.setdefault(day, []).append(item)
    return found


def _missing(found: Collection[date], first: date, last: date, lost: Collection[date]) -> list[date]:
    """Days of a span that are not told of, and those that were not before and still are not."""
    span = {first + number * _DAY for number in range((last - first).days + 1)}
    return sorted((span | {*lost}) - {*found})


def _told_missing(missing: Sequence[date]) -> str | None:
    if not missing:
        return None
    spans: list[list[date]] = []
    for day in missing:
        if spans and day - spans[-1][1] == _DAY:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    told = ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in spans[-10:])
    more = f" and {len(spans) - 10} more before" if len(spans) > 10 else ""
    days = "1 day is" if len(missing) == 1 else f"{len(missing):,} days are"
    return f"{days} missing, although later ones are there: {told}{more}. They count as unknown, not as 0."


def _told_revised(changed: Collection[date], known: Mapping[date, int], counts: Mapping[date, int]) -> str | None:
    """What has changed behind the days that are read again anyway, by weeks."""
    weeks: dict[date, list[date]] = {}
    for day in sorted(changed):
        weeks.setdefault(day - day.weekday() * _DAY, []).append(day)
    told = []
    for monday, days in weeks.items():
        was, now = sum(known[day] for day in days), sum(counts[day] for day in days)
        share = f" ({(now - was) / was:+.1%})" if was else ""
        told.append(f"{len(days)} of the week of {monday} from {was:,} to {now:,}{share}")
    return f"days have changed since they were read, and are read again: {', '.join(told)}." if told else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
