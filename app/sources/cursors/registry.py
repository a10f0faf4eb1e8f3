"""The kinds of cursors by name: each is a function that reads one page more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from app.mapping.expressions import evaluated, text_of
from app.sources.cursors import commits, days, newest_first, since, whole, windows
from app.sources.cursors.place import Ask, Item, Place, Step
from app.sources.stream import All, NewestFirst, Since, Stream, Windows


class _Stepping(Protocol):
    def __call__(self, stream: Stream, cursor: Any, place: Place, ask: Ask, now: datetime, /) -> Step: ...


_STEPS: Final[Mapping[str, _Stepping]] = {
    "newest_first": newest_first.step,
    "since": since.step,
    "commits": commits.step,
    "windows": windows.step,
    "snapshot": whole.step,
    "all": whole.step,
    "days": days.step,
}


def next_step(stream: Stream, place: Place, ask: Ask, now: datetime) -> Step:
    """Read one page more of a stream; ``now`` is our own clock's.

    Raises:
        Missing, MustWait, TokenRefused, SourceUnavailable, SourceIncomplete: the place stays as it was.
    """
    return _STEPS[stream.cursor.kind](stream, stream.cursor, place, ask, now)


def last_change(stream: Stream, item: Item) -> str:
    """What an item says of its last change; empty where it says nothing, or never changes."""
    match stream.cursor:
        case NewestFirst(field=field) | Since(field=field):
            return str(item.get(field) or "")
        case Windows(changed=changed) | All(changed=str(changed)):
            return text_of(evaluated(changed, item))
    return ""
