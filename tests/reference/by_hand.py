"""Accounts of exact accounting's twin, from polls as one writes them down; times are UTC on Monday 2023-01-23."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from tests.reference.exact import Account, Poll, account
from tests.reference.uptime import MICROSECOND

MINUTE = timedelta(minutes=1)

#: Round the clock, long before and after.
ALWAYS = ("2023-01-01T00:00 2023-02-01T00:00",)

STATUSES = {"up": "active", "down": "inactive", "paused": "unknown"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text if "T" in text else f"2023-01-23T{text}").replace(tzinfo=UTC)


def polls(text: str) -> list[Poll]:
    """From "09:00 up, 09:10 down, 09:20 paused"."""
    lines = [line.split() for line in text.split(",")] if text else []
    return [Poll("s", utc(at), STATUSES[said]) for at, said in lines]


def account_of(
    text: str,
    *hours: str,
    first: str = "09:00",
    last: str = "17:00",
    as_of: str | None = None,
    max_gap: int | None = 60,
    own: int | None = None,
    ignore: int = 0,
    lookback_hours: int = 96,
    period: tuple[str, str] | None = None,
) -> Account:
    """The account of polls as above, open in `hours` like "09:00 17:00", round the clock without; gaps in minutes."""
    return account(
        polls(text),
        [(utc(opens), utc(closes)) for opens, closes in (span.split() for span in hours or ALWAYS)],
        first=utc(first),
        last=utc(last),
        as_of=utc(last if as_of is None else as_of),
        lookback=timedelta(hours=lookback_hours),
        max_gap=None if max_gap is None else max_gap * MINUTE,
        own_max_gap=None if own is None else own * MINUTE,
        ignore_outages_under=ignore * MINUTE,
        period=None if period is None else (utc(period[0]), utc(period[1])),
    )


def minutes(found: Account) -> tuple[Fraction, ...]:
    """Up, down, unknown."""
    return tuple(Fraction(part // MICROSECOND, MINUTE // MICROSECOND) for part in (found.up, found.down, found.unknown))
