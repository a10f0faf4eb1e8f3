"""How often somebody may try a password or a one-time code: by address, and all together.

Redis counts for all replicas, in these keys of the library ``limits``:

    openhours:attempts:…/address/<address>/20/1/minute       attempts from an address
    openhours:attempts:…/everybody/300/1/minute              attempts of all
    openhours:attempts:…/unknown/<SHA-256 of the name>/5/15/minute   attempts with a name that nobody has

While Redis is silent each replica counts by itself, and lets a quarter pass: never all.
"""

from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import time
from typing import Final, TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from app.errors import RedisUnavailable, TooManyLogins
from app.storage.redis_client import CircuitBreaker, redis_errors

#: How the keys begin.
PREFIX: Final = "openhours:attempts"

#: Attempts a minute from one address, and of all.
OF_ADDRESS: Final = 20
OF_ALL: Final = 300

#: What part of these each replica lets pass while Redis is silent.
_SHARE: Final = 4

#: Failures with one name in so many minutes, after which it is tried no more: by those who never logged in with it.
FAILURES: Final = 5
FAILURES_MINUTES: Final = 15

#: Bits of an address of IPv6 that one customer of a provider has to themselves (RFC 6177).
_SITE_BITS: Final = 64

_UNKNOWN_NAME: Final = RateLimitItemPerMinute(FAILURES, FAILURES_MINUTES, namespace="unknown")

#: Seconds.
_MINUTE: Final = 60

T = TypeVar("T")


class AttemptLimits:
    """Counts attempts; one for each process, with the counters that all share (see PREFIX)."""

    def __init__(self, shared: RedisStorage) -> None:
        self._shared = _Counting(shared, share=1)
        self._own = _Counting(MemoryStorage(), share=_SHARE)
        self._breaker = CircuitBreaker()

    def count(self, address: str | None) -> None:
        """Count an attempt before it is made. Raises TooManyLogins."""
        waits = self._ask(lambda counting: counting.attempt(site(address) or "unknown"))
        if waits is not None:
            raise too_many(waits)

    def count_unknown(self, name: str) -> None:
        """Count a failure with a name that nobody has, as accounts count theirs. Raises TooManyLogins."""
        hashed = sha256(name.casefold().encode(errors="surrogatepass")).hexdigest()
        waits = self._ask(lambda counting: counting.unknown(hashed))
        if waits is not None:
            raise too_many(waits)

    def _ask(self, question: Callable[["_Counting"], T]) -> T:
        if not self._breaker.is_open:
            try:
                with self._breaker.watching(), redis_errors():
                    return question(self._shared)
            except RedisUnavailable:
                pass
        return question(self._own)


class _Counting:
    def __init__(self, storage: MemoryStorage | RedisStorage, *, share: int) -> None:
        self._sliding = SlidingWindowCounterRateLimiter(storage)
        self._fixed = FixedWindowRateLimiter(storage)
        self._of_address = RateLimitItemPerMinute(OF_ADDRESS // share, namespace="address")
        self._of_all = RateLimitItemPerMinute(OF_ALL // share, namespace="everybody")

    def attempt(self, address: str) -> int | None:
        """None if it may be made, else how many seconds to wait; an address that may not counts for no other."""
        if not self._sliding.hit(self._of_address, address):
            return _seconds(self._sliding, self._of_address, address)
        if not self._sliding.hit(self._of_all):
            return _seconds(self._sliding, self._of_all)
        return None

    def unknown(self, name: str) -> int | None:
        """As attempt()."""
        if self._fixed.hit(_UNKNOWN_NAME, name):
            return None
        return _seconds(self._fixed, _UNKNOWN_NAME, name)


def site(address: str | None) -> str | None:
    """Who an address stands for: of IPv6 the network of a site, else itself; None for what is no address."""
    try:
        read = ip_address(address or "")
    except ValueError:
        return None
    if isinstance(read, IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return f"{IPv6Address(int(read) >> (128 - _SITE_BITS) << (128 - _SITE_BITS))}/{_SITE_BITS}"
    return str(read)


def too_many(seconds: int) -> TooManyLogins:
    """The refusal; the same whatever was counted: from a minute on, to the minute."""
    seconds = seconds if seconds < _MINUTE else ceil(seconds / _MINUTE) * _MINUTE
    error = TooManyLogins(f"Too many attempts; try again in {seconds} seconds.")
    error.retry_after_seconds = seconds
    return error


def _seconds(limiter: SlidingWindowCounterRateLimiter | FixedWindowRateLimiter, item: RateLimitItem, *who: str) -> int:
    return max(1, ceil(limiter.get_window_stats(item, *who).reset_time - time()))
