"""What a cursor knows: how far everything is read, and where a pass that is not complete goes on.

A *pass* is one reading of a list, from its beginning until nothing is left that may have changed. It may take several
syncs: each step is one request, and gives the place from which the next step goes on, whoever does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from app.sources.contract import Answer, Params

#: What was updated less than this before it was read may have been updated once more in the same second, seconds.
#: GitHub writes whole seconds, and its copies lag behind by some.
SETTLED_SECONDS: Final = 60

Item = Any


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        items: in the API's order.
        at: when, by the clock of the API.
        next: parameters of the page that follows; None: there is none.
        etag: of the answer; None: it has none, or it must not be used again.
        is_unchanged: the list is as the given ETag knows it, and ``items`` is empty.
        body: as it came.
        answer: that had it.
        found_by: JMESPath that has found the items in the body.
    """

    items: Sequence[Item]
    at: datetime
    next: Params | None = None
    etag: str | None = None
    is_unchanged: bool = False
    body: Any = None
    answer: Answer | None = None
    found_by: str = "@"


class Ask(Protocol):
    """Asks for a page."""

    def __call__(
        self,
        params: Params,
        *,
        path: str | None = None,
        items: str | None = None,
        etag: Mapping[str, Any] | None = None,
        announced: bool = False,
    ) -> ListPage:
        """A page of the stream's list, or of what is at another path.

        Args:
            params: of the request.
            path: instead of the stream's.
            items: JMESPath that finds the list, instead of the stream's.
            etag: as ``kept_etag`` keeps it.
            announced: the page cannot be empty.

        Raises:
            Missing, MustWait, TokenRefused, SourceUnavailable: as the client.
            SourceIncomplete: it is empty, whenever it is asked for.
        """

    def kept_etag(self, page: ListPage) -> Mapping[str, Any] | None:
        """What is to be kept of the ETag of a page, with whose token it holds for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of one stream and one scope.

    Attributes:
        position: where the next pass begins, as the kind of cursor has it; empty: at the very beginning.
        under_way: of a pass that is not complete; None: there is none.
        watermark: everything up to then is read; None: no pass was ever complete.
    """

    position: Mapping[str, Any] = field(default_factory=dict)
    under_way: Mapping[str, Any] | None = None
    watermark: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one request has given.

    Attributes:
        place: from which the next step goes on.
        is_complete: the pass is.
        page: what is to be kept; None: nothing.
        taken: those of its items that become records.
        are_gone: they are not there any more.
        is_history_lost: what was read before cannot be told from what is gone.
        missing: what the API should have and does not, for people; None: nothing.
        revised: what it has changed of what was read long ago, and is read again, for people; None: nothing.
    """

    place: Place
    is_complete: bool
    page: ListPage | None = None
    taken: Sequence[Item] = ()
    are_gone: bool = False
    is_history_lost: bool = False
    missing: str | None = None
    revised: str | None = None


def seconds(moment: datetime) -> str:
    """An instant as GitHub writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(text: Any) -> datetime | None:
    """The instant of a text of an API, None if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def is_settled(changed: Any, at: datetime) -> bool:
    """Whether what an item says of its last change, read at an instant, can no longer hide another change."""
    last = instant_of(changed)
    return last is None or at - last >= timedelta(seconds=SETTLED_SECONDS)
