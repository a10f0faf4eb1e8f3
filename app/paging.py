"""Pages of a list: the cursor is the position of the last row shown, so rows may be added and removed."""

import base64
from contextlib import suppress
from datetime import UTC, datetime

from app.errors import InvalidParameters
from app.ids import is_id

#: In a list that begins with the newest: when a row was created, and its id.
Place = tuple[datetime, str]


def cursor(place: Place) -> str:
    """The cursor of the page that begins after this row."""
    created_at, identifier = place
    return cursor_of_key(f"{created_at.isoformat()} {identifier}")


def place_of(text: str) -> Place:
    """The row after which a page begins.

    Raises:
        InvalidParameters: the text is not a cursor.
    """
    place: Place | None = None
    with suppress(ValueError, OverflowError):
        created_at, identifier = _decoded(text).split(" ")
        place = datetime.fromisoformat(created_at).astimezone(UTC), identifier
    if place is None or not is_id(place[1]):
        raise _no_cursor(text)
    return place


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
    return InvalidParameters(
        f"cursor: {text!r} is not the next_cursor of an earlier page.",
        errors=[{"parameter": "cursor", "received": text, "allowed": "the next_cursor of an earlier page"}],
    )
