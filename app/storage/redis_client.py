"""The Redis clients, and the one place where Redis' errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import RedisUnavailable

#: Longest wait of a worker for an answer; longer than a read of the queue waits for entries, seconds.
WORKER_TIMEOUT_SECONDS: Final = 1.0

#: Longest wait of a request: what Redis is asked there can do without it, seconds.
REQUEST_TIMEOUT_SECONDS: Final = 0.2

#: After it failed Redis is not asked for this long, so that requests do not queue up behind it, seconds.
REST_SECONDS: Final = 1.0


def build_redis(url: str, *, timeout_seconds: float, retries: int = 1) -> Redis:
    """A client that answers with text; it tries again on a broken connection, never after waiting in vain."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
    )
    return client


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn every failure of Redis into RedisUnavailable: losing Redis is no reason to lose a report."""
    try:
        yield
    except RedisError as error:
        raise RedisUnavailable(f"Redis does not answer: {error}") from error


class CircuitBreaker:
    """Spares callers a server that has just failed: opens at RedisUnavailable, closes after a rest."""

    def __init__(self, *, rest_seconds: float = REST_SECONDS) -> None:
        self._rest_seconds = rest_seconds
        self._open_until = -float("inf")

    @property
    def is_open(self) -> bool:
        """Whether the server is not to be asked now."""
        return monotonic() < self._open_until

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Open when what is done within fails for Redis."""
        try:
            yield
        except RedisUnavailable:
            self._open_until = monotonic() + self._rest_seconds
            raise
