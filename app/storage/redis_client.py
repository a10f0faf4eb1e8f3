"""The Redis clients, and the one place that maps errors of Redis to ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import RedisUnavailable
from app.storage.trouble import redis_trouble

#: Timeout of a worker's requests to Redis; longer than a read of the queue waits for entries, seconds.
WORKER_TIMEOUT_SECONDS: Final = 1.0

#: Timeout of Redis in HTTP requests, which can do without it, seconds.
REQUEST_TIMEOUT_SECONDS: Final = 0.2

#: After a failure, Redis is not used for this long, so that requests do not pile up, seconds.
REST_SECONDS: Final = 1.0


def build_redis(url: str, *, timeout_seconds: float, retries: int = 1) -> Redis:
    """A client with text responses; it retries after a broken connection, never after a timeout."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        # Otherwise each connection reads its library's version from a file, and makes two requests to tell it.
        driver_info=None,
    )
    return client


@contextmanager
def redis_errors() -> Iterator[None]:
    """Map every failure of Redis to RedisUnavailable: losing Redis must not lose a report."""
    try:
        yield
    except RedisError as error:
        raise redis_trouble(error) from error


class CircuitBreaker:
    """A circuit breaker: opens at RedisUnavailable, closes after a pause."""

    def __init__(self, *, rest_seconds: float = REST_SECONDS) -> None:
        self._rest_seconds = rest_seconds
        self._open_until = -float("inf")

    @property
    def is_open(self) -> bool:
        """Whether the server should not be used now."""
        return monotonic() < self._open_until

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Open the breaker if Redis fails in this context."""
        try:
            yield
        except RedisUnavailable:
            self._open_until = monotonic() + self._rest_seconds
            raise
