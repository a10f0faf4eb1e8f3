"""Lists that the last update sorts, newest first, and that nothing leaves.

What is updated while they are read moves to the front: it is read by the next pass, whose mark is the newest item with
which this one began. What moves back by that is read twice.
"""

from datetime import datetime
from typing import Any

from app.sources.cursors.place import Ask, ListPage, Place, Step, instant_of, is_settled, seconds
from app.sources.stream import NewestFirst, Stream


def step(stream: Stream, cursor: NewestFirst, place: Place, ask: Ask, _: datetime) -> Step:
    """Read a page; position: ``mark``, ``settled``, ``etag``."""
    old, begun = place.position, place.under_way or {}
    if "next" in begun:
        page = ask(begun["next"], announced=True)
    else:
        page = ask(stream.request.params, etag=old.get("etag"), announced="mark" in old)
        begun = _beginning(cursor, old, page, ask)
    taken = [item for item in page.items if _is_new(item.get(cursor.field) or "", old)]
    if len(taken) < len(page.items) or page.next is None:
        position = {name: begun[name] for name in ("mark", "settled", "etag") if begun.get(name) is not None}
        done = Place({**old, "etag": None, **position}, None, instant_of(begun["began"]))
        return Step(done, is_complete=True, page=None if page.is_unchanged else page, taken=taken)
    return Step(Place(old, {**begun, "next": dict(page.next)}, place.watermark), False, page, taken)


def _beginning(cursor: NewestFirst, old: Any, page: ListPage, ask: Ask) -> dict[str, Any]:
    """What the place will be when the pass is complete."""
    if page.is_unchanged:
        return {"began": seconds(page.at), "etag": old["etag"]}
    newest = max((item.get(cursor.field) or "" for item in page.items[:1]), default="")
    mark = max(newest, old.get("mark", ""))
    settled = is_settled(mark, page.at)
    known = {"mark": mark, "settled": settled} if mark else {}
    return {"began": seconds(page.at), "etag": ask.kept_etag(page) if settled and mark else None, **known}


def _is_new(changed: str, old: Any) -> bool:
    """Whether an item may have changed since the last complete pass; perhaps in the very second of its mark."""
    if "mark" not in old:
        return True
    return changed > old["mark"] or (changed == old["mark"] and not old.get("settled"))
