"""Pages of a list, newest first: the cursor is the place of the last row shown, so that rows may come and go."""

import base64
from contextlib import suppress
from datetime import UTC, datetime

from app.errors import InvalidParameters
from app.ids import is_id

#: When it was created, and its id.
Place = tuple[datetime, str]


def cursor(place: Place) -> str:
    """The cursor of the page that begins after this row."""
    created_at, identifier = place
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {identifier}".encode()).decode()


def place_of(text: str) -> Place:
    """The row after which a page begins.

    Raises:
        InvalidParameters: the text is no cursor of ours.
    """
    place: Place | None = None
    with suppress(ValueError, OverflowError):
        created_at, identifier = base64.urlsafe_b64decode(text.encode()).decode().split(" ")
        place = datetime.fromisoformat(created_at).astimezone(UTC), identifier
    if place is None or not is_id(place[1]):
        raise InvalidParameters(
            f"cursor: {text!r} is not the next_cursor of an earlier page.",
            errors=[{"parameter": "cursor", "received": text, "allowed": "the next_cursor of an earlier page"}],
        )
    return place
