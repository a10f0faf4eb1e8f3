"""The Redis client, and the one place where Redis' errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import RedisUnavailable

#: Longest wait for an answer of Redis; longer than a read of the queue waits, and nothing in it is worth more, seconds.
TIMEOUT_SECONDS: Final = 1


def build_redis(url: str) -> Redis:
    """A client that answers with text and reconnects once before it gives up."""
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    return client


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn every failure of Redis into RedisUnavailable: losing Redis is no reason to lose a report."""
    try:
        yield
    except RedisError as error:
        raise RedisUnavailable(f"Redis does not answer: {error}") from error
