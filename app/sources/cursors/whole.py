"""Lists that are read whole: each time, or at most once in so many hours.

Where something leaves such a list while it is read, an item may be passed over; the next pass has it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.mapping.expressions import evaluated, text_of
from app.sources.cursors.place import Ask, ListPage, Place, Step, instant_of, is_settled, seconds
from app.sources.stream import All, Snapshot, Stream


def step(stream: Stream, cursor: All | Snapshot, place: Place, ask: Ask, now: datetime) -> Step:
    """Read a page; position: ``at``, ``etag`` of a list with one page, ``known`` by key, ``items``."""
    old, begun = place.position, dict(place.under_way or {})
    if isinstance(cursor, Snapshot) and not begun and _is_fresh(cursor, old, now):
        return Step(place, is_complete=True)
    if "next" in begun:
        page = ask(begun["next"], announced=True)
    else:
        page = ask(stream.request.params, etag=old.get("etag"))
        begun = {"at": seconds(page.at)}
        if page.is_unchanged:
            return Step(Place({**old, **begun}, None, page.at), is_complete=True)
    taken, known = _changed(stream, cursor, old, page)
    begun = {**begun, "items": begun.get("items", 0) + len(page.items)}
    begun = {**begun, "known": {**begun.get("known", {}), **known}} if known else begun
    if page.next is not None:
        return Step(Place(old, {**begun, "next": dict(page.next)}, place.watermark), False, page, taken)
    single = "next" not in (place.under_way or {})
    settled = all(value is not None for value in known.values())
    position: dict[str, Any] = {name: begun[name] for name in ("at", "known", "items") if name in begun}
    tells_all = settled and (not isinstance(cursor, Snapshot) or cursor.etag)
    position["etag"] = ask.kept_etag(page) if single and tells_all else None
    return Step(Place(position, None, instant_of(begun["at"])), is_complete=True, page=page, taken=taken)


def _is_fresh(cursor: Snapshot, old: Mapping[str, Any], now: datetime) -> bool:
    at = instant_of(old.get("at"))
    return at is not None and now - at < timedelta(hours=cursor.every_hours)


def _changed(
    stream: Stream, cursor: All | Snapshot, old: Mapping[str, Any], page: ListPage
) -> tuple[list[Any], dict[str, str | None]]:
    """The items that have changed, and how all of the page are now, by key; None: nobody can tell yet."""
    if not isinstance(cursor, All) or cursor.changed is None:
        return list(page.items), {}
    before, taken, known = old.get("known", {}), [], {}
    for item in page.items:
        key, value = text_of(evaluated(stream.key, item)), text_of(evaluated(cursor.changed, item))
        if before.get(key) != value:
            taken.append(item)
        known[key] = value if is_settled(value, page.at) else None
    return taken, known
