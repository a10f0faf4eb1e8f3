"""The commits that a branch reaches.

Below one commit the list never changes, so that it can be read page by page. From then on the API compares the last
head with the new one: what the new one reaches more has come, and what it reaches no more has gone, by a force push. No
date decides: commits that are pushed late, or are dated in the future, are as good as others.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.errors import SourceIncomplete
from app.mapping.expressions import evaluated, text_of
from app.sources.contract import Absence, Missing
from app.sources.cursors.place import Ask, Place, Step, instant_of, seconds
from app.sources.stream import Commits, Stream

#: Commits of a page of a comparison.
_PER_PAGE: Final = 100

#: How a new head stands to the old one where commits have gone.
_DROPPED: Final = frozenset({"diverged", "behind"})

#: What a place under way reads, in this order; the last two where the API cannot compare.
_ALL, _NEW, _DROPS, _OLD = "all", "new", "dropped", "old"


def step(stream: Stream, cursor: Commits, place: Place, ask: Ask, _: datetime) -> Step:
    """Read a page; position: ``head``, ``etag``. A place under way has the head to come, and what is read for it."""
    begun = place.under_way or {}
    match begun.get("reads"):
        case None:
            return _begin(stream, place, ask)
        case "all":
            return _listed(stream, place, begun, begun["head"], ask)
        case "old":
            return _forgotten(stream, place, begun, ask)
        case _:
            return _compared(cursor, place, begun, ask)


def _begin(stream: Stream, place: Place, ask: Ask) -> Step:
    """Ask for the newest commits: the first one is the head, and the others are those below it."""
    old = place.position
    page = ask(stream.request.params, etag=old.get("etag"), announced="head" in old)
    if page.is_unchanged or not page.items:
        return Step(Place(old, None, page.at), is_complete=True)
    head = text_of(evaluated(stream.key, page.items[0]))
    begun = {"head": head, "began": seconds(page.at), "etag": ask.kept_etag(page)}
    if head == old.get("head"):
        return Step(_done(begun), is_complete=True)
    if "head" in old:
        return Step(_on(place, begun, reads=_NEW), is_complete=False)
    if page.next is None:
        return Step(_done(begun), is_complete=True, page=page, taken=page.items)
    return Step(_on(place, begun, reads=_ALL, page=2), False, page, page.items)


def _listed(stream: Stream, place: Place, begun: Mapping[str, Any], sha: str, ask: Ask) -> Step:
    """A page of what one commit reaches."""
    page = ask({**stream.request.params, "sha": sha, "page": begun["page"]}, announced=True)
    if page.next is None:
        return Step(_done(begun), is_complete=True, page=page, taken=page.items)
    return Step(_on(place, begun, reads=_ALL, page=begun["page"] + 1), False, page, page.items)


def _compared(cursor: Commits, place: Place, begun: Mapping[str, Any], ask: Ask) -> Step:
    """A page of what one head reaches and the other does not."""
    are_gone, number = begun["reads"] == _DROPS, begun["page"]
    base, head = place.position["head"], begun["head"]
    path = cursor.compare.replace("{base}", head if are_gone else base).replace("{head}", base if are_gone else head)
    try:
        page = ask({"per_page": _PER_PAGE, "page": number}, path=path, items="commits", announced=number > 1)
    except Missing as missing:
        if missing.absence is not Absence.GONE:
            raise
        # The old head is unknown, or they have nothing in common: what it reached has gone, and all else has come.
        return Step(_on(place, begun, reads=_OLD), is_complete=False)
    count = begun["count"] + len(page.items)
    if page.next is not None:
        on = _on(place, begun, reads=begun["reads"], page=number + 1, count=count)
        return Step(on, False, page, page.items, are_gone)
    if count < (page.body or {}).get("total_commits", count):
        raise SourceIncomplete(
            f"{path} gave {count} of {page.body['total_commits']} commits. The next sync asks again."
        )
    if not are_gone and page.body.get("status") in _DROPPED:
        return Step(_on(place, begun, reads=_DROPS), False, page, page.items)
    return Step(_done(begun), True, page, page.items, are_gone)


def _forgotten(stream: Stream, place: Place, begun: Mapping[str, Any], ask: Ask) -> Step:
    """A page of what the old head reached, of which the new one reaches nothing; it is read before all of the new."""
    params = {**stream.request.params, "sha": place.position["head"], "page": begun["page"]}
    again = _on(place, begun, reads=_ALL)
    try:
        page = ask(params, announced=begun["page"] > 1)
    except Missing as missing:
        if missing.absence is not Absence.GONE:
            raise
        return Step(again, is_complete=False, is_history_lost=True)
    on = again if page.next is None else _on(place, begun, reads=_OLD, page=begun["page"] + 1)
    return Step(on, False, page, page.items, are_gone=True)


def _on(place: Place, begun: Mapping[str, Any], *, reads: str, page: int = 1, count: int = 0) -> Place:
    return Place(place.position, {**begun, "reads": reads, "page": page, "count": count}, place.watermark)


def _done(begun: Mapping[str, Any]) -> Place:
    return Place({"head": begun["head"], "etag": begun.get("etag")}, None, instant_of(begun["began"]))
