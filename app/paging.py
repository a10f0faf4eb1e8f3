"""Pages of a list: the cursor is the position of the last row shown, so rows may be added and removed."""

import base64
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, Protocol, TypeVar

from app.errors import InvalidParameters
from app.wording.wrong_values import WrongValue

#: What fits into a bigint.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")

T = TypeVar("T")
U = TypeVar("U")

#: In a list that begins with the newest: when a row was created, and its id.
Place = tuple[datetime, str]

#: The same where ids are numbers.
NumberedPlace = tuple[datetime, int]


#: What a cursor names a row by: an id, or the beginning of a credential. Any other text needs no query.
_ROW: Final = re.compile("[0-9a-f]{32}|[0-9A-Za-z]{8}")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor of the next page if there is one."""

    items: Sequence[T]
    next_cursor: str | None

    def of(self, convert: Callable[[T], U]) -> "Page[U]":
        """The same page of what each item becomes."""
        return Page([convert(item) for item in self.items], self.next_cursor)


class Created(Protocol):
    """What a list that begins with the newest is of."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def id(self) -> str: ...


class Numbered(Protocol):
    """The same where ids are numbers."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def id(self) -> int: ...


class Keyed(Protocol):
    """What a list in the order of keys is of."""

    @property
    def key(self) -> str: ...


C = TypeVar("C", bound=Created)
N = TypeVar("N", bound=Numbered)
K = TypeVar("K", bound=Keyed)


def newest_first(found: Sequence[C], *, limit: int) -> Page[C]:
    """The page of ``limit`` items, of which one more was looked for, in a list that begins with the newest."""
    return _cut(found, limit=limit, cursor_of=lambda item: cursor((item.created_at, item.id)))


def newest_numbered_first(found: Sequence[N], *, limit: int) -> Page[N]:
    """As newest_first, where ids are numbers."""
    return _cut(found, limit=limit, cursor_of=lambda item: cursor((item.created_at, str(item.id))))


def in_order_of_keys(found: Sequence[K], *, limit: int) -> Page[K]:
    """As newest_first, in a list in the order of keys."""
    return _cut(found, limit=limit, cursor_of=lambda item: cursor_of_key(item.key))


def _cut(found: Sequence[T], *, limit: int, cursor_of: Callable[[T], str]) -> Page[T]:
    shown = found[:limit]
    return Page(shown, cursor_of(shown[-1]) if len(found) > limit else None)


def cursor(place: Place) -> str:
    """The cursor of the page that begins after this row."""
    created_at, identifier = place
    return cursor_of_key(f"{created_at.isoformat()} {identifier}")


def place_of(text: str) -> Place:
    """The row after which a page begins.

    Raises:
        InvalidParameters: the text is not a cursor.
    """
    place = _place_of(text)
    if not _ROW.fullmatch(place[1]):
        raise _no_cursor(text)
    return place


def numbered_place_of(text: str) -> NumberedPlace:
    """As place_of, where ids are numbers."""
    created_at, identifier = _place_of(text)
    if not _NUMBER.fullmatch(identifier):
        raise _no_cursor(text)
    return created_at, int(identifier)


def _place_of(text: str) -> Place:
    try:
        created_at, identifier = _decoded(text).split(" ")
        return datetime.fromisoformat(created_at).astimezone(UTC), identifier
    except (ValueError, OverflowError):
        raise _no_cursor(text) from None


def cursor_of_key(key: str) -> str:
    """The cursor of the page that begins after this key, in a list in the order of keys."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def key_of(text: str) -> str:
    """The key after which a page begins.

    Raises:
        InvalidParameters: the text is not a cursor.
    """
    key = ""
    with suppress(ValueError):
        key = _decoded(text)
    if not key or "\x00" in key:  # Postgres cannot store NUL in a text
        raise _no_cursor(text)
    return key


def _decoded(text: str) -> str:
    """The decoded cursor; raises ValueError for an invalid one."""
    return base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode()


def _no_cursor(text: str) -> InvalidParameters:
    allowed = "the next_cursor of an earlier page"
    wrong = WrongValue(parameter="cursor", received=text, reason=f"is not {allowed}", allowed=allowed)
    return InvalidParameters(f"{wrong.sentence}.", errors=[wrong.members])
