"""Lists of what was created in a span of time, of which the API gives a bounded number.

A span that has more is halved. The pages of a span are one answer only if each says the same total; else the span is
read again. A pass goes back as far as an item may still change: by being run again, or because it has not ended. Of
those that have not changed since they were read, none becomes a record.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.errors import SourceIncomplete
from app.mapping.expressions import evaluated, text_of
from app.sources.cursors.place import Ask, ListPage, Place, Step, instant_of, is_settled, seconds
from app.sources.stream import Stream, Windows

#: How often a span is read whose total changes meanwhile.
_TRIES: Final = 5

_SECOND: Final = timedelta(seconds=1)

_Begun = dict[str, Any]


def step(stream: Stream, cursor: Windows, place: Place, ask: Ask, now: datetime) -> Step:
    """Read a page; position: ``until``, ``open`` (when items were created that have not ended), ``known``, ``etag``."""
    begun = dict(place.under_way or {}) if "spans" in (place.under_way or {}) else _beginning(cursor, place, now)
    span = begun["spans"][-1]
    is_first = "began" not in begun
    if "next" in begun:
        page = ask(begun["next"], announced=True)
    else:
        params = {**stream.request.params, cursor.param: f"{span[0]}..{span[1]}"}
        page = ask(params, etag=_etag(place, begun) if is_first else None)
    if page.is_unchanged:
        return Step(Place({**place.position, "until": seconds(page.at)}, None, page.at), is_complete=True)
    begun.setdefault("began", seconds(page.at))
    if (total := evaluated(cursor.total, page.body)) is None:
        raise SourceIncomplete(f"{stream.stream}: the answer for {span[0]} to {span[1]} has no {cursor.total}.")
    if "next" in begun and total != begun["total"]:
        return Step(_again(place, begun, span), is_complete=False)
    if "next" not in begun and page.next is not None and (is_first or total > cursor.most):
        # The first span ends in the future: where it has several pages, what comes meanwhile must not count.
        return _parted(stream, cursor, place, begun, page, total)
    return _taken(stream, cursor, place, begun, page, total, ask if is_first else None)


def _beginning(cursor: Windows, place: Place, now: datetime) -> _Begun:
    """One span, from the first item that may change on; whole days, so that its address, and its ETag, hold for one."""
    until = instant_of(place.position.get("until"))
    start = cursor.earliest
    if until is not None:
        first = min((moment for text in place.position["open"] if (moment := instant_of(text))), default=until)
        start = seconds(min(first, until - timedelta(days=cursor.again_days)))[:10] + "T00:00:00Z"
    return {"spans": [[start, seconds(now + timedelta(days=1))[:10] + "T23:59:59Z"]], "known": {}, "open": []}


def _etag(place: Place, begun: _Begun) -> Mapping[str, Any] | None:
    """The ETag of the last pass, if its one request was the same."""
    kept = place.position.get("etag")
    return kept if kept is not None and kept.get("span") == begun["spans"][0] else None


def _parted(stream: Stream, cursor: Windows, place: Place, begun: _Begun, page: ListPage, total: int) -> Step:
    """The same span up to now, or in two halves, the older one first."""
    start, end = (instant_of(text) for text in begun["spans"][-1])
    assert start is not None  # noqa: S101 - both were written by us
    assert end is not None  # noqa: S101
    end = min(end, page.at)
    spans = begun["spans"][:-1]
    if total <= cursor.most or end - start < _SECOND:
        if total > cursor.most:
            raise SourceIncomplete(f"{stream.stream}: the second {seconds(start)} has more than {cursor.most} items.")
        return Step(_on(place, begun, [*spans, [seconds(start), seconds(end)]]), is_complete=False)
    middle = start + (end - start) // 2
    halves = [[seconds(middle + _SECOND), seconds(end)], [seconds(start), seconds(middle)]]
    return Step(_on(place, begun, [*spans, *halves]), is_complete=False)


def _again(place: Place, begun: _Begun, span: list[str]) -> Place:
    """The same span from its first page on."""
    tries = begun.get("tries", 0) + 1
    if tries == _TRIES:
        raise SourceIncomplete(f"The items of {span[0]} to {span[1]} changed while they were read, {tries} times.")
    return _on(place, {**begun, "tries": tries}, begun["spans"])


def _on(place: Place, begun: _Begun, spans: list[list[str]]) -> Place:
    kept = {name: value for name, value in begun.items() if name not in {"next", "total", "read"}}
    return Place(place.position, {**kept, "spans": spans}, place.watermark)


def _taken(
    stream: Stream, cursor: Windows, place: Place, begun: _Begun, page: ListPage, total: int, first: Ask | None
) -> Step:
    """A page of a span; ``first``: it may be the only one of the pass."""
    # Older ones are not asked for again, so that nothing need be known of them.
    horizon = seconds(page.at - timedelta(days=cursor.again_days + 2))
    before, taken, known, still_open = place.position.get("known", {}), [], dict(begun["known"]), set(begun["open"])
    for item in page.items:
        key, changed = text_of(evaluated(stream.key, item)), text_of(evaluated(cursor.changed, item))
        if before.get(key) != changed:
            taken.append(item)
        if is_open := bool(evaluated(cursor.open, item)):
            still_open.add(item[cursor.field])
        if is_open or item[cursor.field] >= horizon:
            known[key] = changed if is_settled(changed, page.at) else None
    begun = {**begun, "known": known, "open": sorted(still_open)}
    read = begun.get("read", 0) + len(page.items)
    if page.next is not None:
        on = {**begun, "next": dict(page.next), "total": total, "read": read}
        return Step(Place(place.position, on, place.watermark), False, page, taken)
    if read < min(total, cursor.most):
        return Step(_again(place, begun, begun["spans"][-1]), False, page, taken)
    if len(begun["spans"]) > 1:
        on = {**begun, "tries": 0}
        return Step(_on(place, on, begun["spans"][:-1]), False, page, taken)
    position = {"until": begun["began"], "open": begun["open"], "known": known}
    kept = first.kept_etag(page) if first is not None and None not in known.values() else None
    if kept is not None:
        position["etag"] = {**kept, "span": begun["spans"][0]}
    return Step(Place(position, None, instant_of(begun["began"])), True, page, taken)
