"""How GitHub speaks: its limits, the pauses it wants, and what it says is not there."""

from collections.abc import Mapping
from typing import Final

from app.sources.api.budget import Limits
from app.sources.api.raw_answer import RawAnswer, absence, clock, retry_after, words
from app.sources.api.rules import KEPT, Rules
from app.sources.contract import Absence

#: The version of the API that the streams are written for; an Enterprise Server may know none.
API_VERSION: Final = "2022-11-28"
_PUBLIC: Final = "https://api.github.com"

#: Statuses with which it refuses a request for now, and other requests for good.
_REFUSING: Final = frozenset({403, 429})

#: What the words of a refusal for now have in common, in small letters.
_WORDS: Final = ("rate limit", "abuse detection", "too many requests")

#: Beginning of what is said of a commit that nothing reaches any more, in small letters.
_NO_COMMIT: Final = "no commit found"

_KEPT: Final = (
    *KEPT,
    "x-github-request-id",
    *("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-resource"),
    *("x-oauth-scopes", "x-accepted-oauth-scopes", "github-authentication-token-expiration"),
)


def _headers(base_url: str) -> Mapping[str, str]:
    version = {"x-github-api-version": API_VERSION} if base_url == _PUBLIC else {}
    return {"accept": "application/vnd.github+json", **version}


def _resource(path: str) -> str:
    return "search" if path.startswith("/search/") else "core"


def limits_of(headers: Mapping[str, str]) -> Limits:
    """What the headers say; an Enterprise Server may say nothing."""
    reset = _whole(headers.get("x-ratelimit-reset"))
    return Limits(
        allowed=_whole(headers.get("x-ratelimit-limit")),
        remaining=_whole(headers.get("x-ratelimit-remaining")),
        reset_seconds=None if reset is None else max(reset - clock(headers).timestamp(), 0.0) + 1,
    )


def _limits(raw: RawAnswer, resource: str) -> Limits | None:
    """What an answer says of this resource: it may be of another, or no answer at all."""
    is_of_it = raw.status and raw.headers.get("x-ratelimit-resource", resource) == resource
    return limits_of(raw.headers) if is_of_it else None


def wants_pause(raw: RawAnswer) -> tuple[bool, float | None]:
    """Whether an answer is a refusal for now, and for how many seconds; None: it does not say.

    Retry-After counts before the reset of the hour: the limits that it is for end sooner or later than that.
    """
    if raw.status not in _REFUSING:
        return False, None
    if (after := retry_after(raw.headers)) is not None:
        return True, after
    limits = limits_of(raw.headers)
    if limits.remaining == 0 and limits.reset_seconds is not None:
        return True, limits.reset_seconds
    return raw.status == 429 or any(word in words(raw).lower() for word in _WORDS), None


def _absence(raw: RawAnswer) -> Absence | None:
    """A commit that is not known any more is said to be invalid where it is a parameter, by some hosts everywhere."""
    if raw.status == 422 and _NO_COMMIT in words(raw).lower():
        return Absence.GONE
    if raw.status == 409:  # a repository without a commit
        return Absence.EMPTY
    return absence(raw)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


RULES: Final = Rules(
    headers=_headers, kept=_KEPT, resource=_resource, wants_pause=wants_pause, limits=_limits, absence=_absence
)
