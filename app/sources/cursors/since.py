"""Lists that the last update sorts, oldest first, of what was updated at an instant or later.

Each page begins at the instant of the last item of the page before, so that nothing is skipped when an item leaves its
place. Page numbers only part what was updated in the same second, if that is more than a page: such a *walk* is done
until two in a row have found the same, because each item that is updated meanwhile moves one over to a page that was
read already.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.mapping.expressions import evaluated, text_of
from app.sources.cursors.place import Ask, Place, Step, is_settled
from app.sources.stream import Since, Stream


def step(stream: Stream, cursor: Since, place: Place, ask: Ask, _: datetime) -> Step:
    """Read a page; position: ``since``, ``settled``, ``etag``."""
    old, begun = place.position, place.under_way or {}
    since = begun.get("since", old.get("since"))
    # Without the parameter everything is asked for: of 1970 GitHub gives nothing at all.
    first = {**stream.request.params, **({} if since is None else {cursor.param: since})}
    is_beginning = not ("next" in begun or "since" in begun)
    page = ask(begun.get("next", first), etag=old.get("etag") if is_beginning else None, announced=not is_beginning)
    if page.is_unchanged:
        return Step(Place(old, None, page.at), is_complete=True)
    taken = [item for item in page.items if not (is_beginning and _is_known(item.get(cursor.field), old))]
    last = max((item.get(cursor.field) or "" for item in page.items), default="") or since
    walked = _walked(stream, begun, page.items)
    if "next" in begun and (page.next is None or last != since) and walked != begun.get("before"):
        return Step(Place(old, {"since": since, "before": walked}, place.watermark), False, page, taken)
    if page.next is None:
        settled = last is not None and is_settled(last, page.at)
        etag = ask.kept_etag(page) if settled and is_beginning and last == since else None
        position = {} if last is None else {"since": last, "settled": settled, "etag": etag}
        return Step(Place(position, None, page.at), is_complete=True, page=page, taken=taken)
    on: dict[str, Any] = {"since": last}
    if last == since:
        on |= {"next": dict(page.next), "walked": walked, "before": begun.get("before")}
    return Step(Place(old, on, place.watermark), False, page, taken)


def _walked(stream: Stream, begun: Any, items: Sequence[Any]) -> str:
    """What a walk has found, as a hash: the keys of its pages so far, in order."""
    keys = [text_of(evaluated(stream.key, item)) for item in items]
    return sha256(" ".join([begun.get("walked", ""), *keys]).encode()).hexdigest()


def _is_known(changed: Any, old: Any) -> bool:
    """Whether an item was read when nothing else could happen to it in the same second any more."""
    return bool(old.get("settled")) and changed == old["since"]
