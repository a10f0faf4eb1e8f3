"""How GitHub says that it wants a pause: by remaining requests, by Retry-After, or in words only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from app.sources.budget import Limits

#: Statuses with which it refuses a request for now, and other requests for good.
REFUSING: Final = frozenset({403, 429})

#: What the words have in common, in small letters.
_WORDS: Final = ("rate limit", "abuse detection", "too many requests")


def clock(headers: Mapping[str, str]) -> datetime:
    """When the answer was given, by GitHub's clock; by ours if it does not say."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)


def limits_of(headers: Mapping[str, str]) -> Limits:
    """What the headers say; an Enterprise Server may say nothing."""
    reset = _whole(headers.get("x-ratelimit-reset"))
    return Limits(
        allowed=_whole(headers.get("x-ratelimit-limit")),
        remaining=_whole(headers.get("x-ratelimit-remaining")),
        reset_seconds=None if reset is None else max(reset - clock(headers).timestamp(), 0.0) + 1,
    )


def wants_pause(status: int, headers: Mapping[str, str], words: str) -> tuple[bool, float | None]:
    """Whether an answer is a refusal for now, and for how many seconds; None: it does not say.

    Retry-After counts before the reset of the hour: the limits that it is for end sooner or later than that.
    """
    if status not in REFUSING:
        return False, None
    if (after := _after(headers)) is not None:
        return True, after
    limits = limits_of(headers)
    if limits.remaining == 0 and limits.reset_seconds is not None:
        return True, limits.reset_seconds
    return status == 429 or any(word in words.lower() for word in _WORDS), None


def _after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After; HTTP allows an instant, too, which proxies in front of a server give."""
    text = headers.get("retry-after", "")
    if (seconds := _whole(text)) is not None:
        return float(seconds)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - clock(headers)).total_seconds(), 0.0)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None
