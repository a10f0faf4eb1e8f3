"""What a receiver's answer says of an attempt."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpcore2

from app.sending.outcome import Outcome, Verdict

#: What is kept of an answer, bytes of UTF-8.
KEPT_BYTES: Final = 2 << 10

#: Longest pause that a receiver may ask for.
LONGEST_PAUSE: Final = timedelta(hours=24)

#: Statuses with what they mean: receivers write what they like behind theirs.
_PHRASES: Final = {int(one): f"{int(one)} {one.phrase}" for one in HTTPStatus}


def outcome_of(response: httpcore2.Response) -> Outcome:
    """The outcome; reads no more of the answer than is kept."""
    status, answer = response.status, _beginning(response)
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    if 200 <= status < 300:
        return Outcome(verdict=Verdict.DELIVERED, status=status, answer=answer)
    if status == HTTPStatus.GONE:
        error = "It answered 410 Gone: it wants no more deliveries."
        return Outcome(verdict=Verdict.GONE, status=status, error=error, answer=answer)
    return Outcome(
        verdict=Verdict.FAILED,
        status=status,
        error=_error(status),
        answer=answer,
        retry_after=retry_after(headers, now=datetime.now(UTC)),
    )


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """The pause that ``retry-after`` asks for, in seconds or until an instant, at most LONGEST_PAUSE; None: none.

    An instant is compared with ``date``: the receiver's clock may be another.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(float(text), LONGEST_PAUSE.total_seconds()))
    if (until := _instant(text)) is None:
        return None
    return min(max(until - (_instant(headers.get("date", "")) or now), timedelta(0)), LONGEST_PAUSE)


def _error(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}, a redirect. Redirects are not followed: enter the address that it leads to."
    return f"It answered {_PHRASES.get(status, status)}."


def _beginning(response: httpcore2.Response) -> str | None:
    """The beginning of an answer as text; what has come of it until it breaks off."""
    content = b""
    try:
        for block in response.iter_stream():
            content += block
            if len(content) >= KEPT_BYTES:
                break
    except (OSError, httpcore2.NetworkError, httpcore2.RemoteProtocolError):
        pass  # the status is known, and counts
    text = content[:KEPT_BYTES].decode(errors="replace").replace("\0", "\ufffd")  # no column of text takes NUL
    return text.encode()[:KEPT_BYTES].decode(errors="ignore") or None


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
