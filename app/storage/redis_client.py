"""The Redis clients, and the one place that maps errors of Redis to ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl, urlencode

from redis import ConnectionError as RedisConnectionError
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import BadSetting, RedisUnavailable
from app.storage.trouble import redis_trouble
from app.wording.values import shown

#: Timeout of a worker's requests to Redis; longer than a read of the queue waits for entries, seconds.
WORKER_TIMEOUT_SECONDS: Final = 1.0

#: Timeout of Redis in HTTP requests, which can do without it, seconds.
REQUEST_TIMEOUT_SECONDS: Final = 0.2

#: After a failure, Redis is not used for this long, so that requests do not pile up, seconds.
REST_SECONDS: Final = 1.0


def build_redis(url: str, *, timeout_seconds: float, retries: int = 1) -> Redis:
    """A client with text responses; it retries after a broken connection, never after a timeout.

    Raises:
        BadSetting: the address has an option that is not known, or that has a wrong value.
    """
    scheme, separator, rest = url.partition("://")  # the library knows schemes in small letters alone
    address = f"{scheme.lower()}{separator}{rest}"
    _require_known_options(address)
    client: Redis = Redis.from_url(
        address,
        decode_responses=True,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        # Otherwise each connection reads its library's version from a file, and makes two requests to tell it.
        driver_info=None,
    )
    return client


def _require_known_options(address: str) -> None:
    """Refuse an option that the library would refuse in words of its own, some of them at the first connection."""
    plain, _, query = address.partition("?")
    for name, value in parse_qsl(query, keep_blank_values=True):
        try:
            pool = ConnectionPool.from_url(f"{plain}?{urlencode({name: value})}")
            pool.connection_class(**pool.connection_kwargs)  # which connects when it is first used
        except (TypeError, ValueError, RedisError) as error:
            raise BadSetting(
                f"OPENHOURS_REDIS_URL has the option {shown(name)}, which is not known or has a wrong value. Allowed "
                "are the options of connections of redis-py, such as db and ssl_ca_certs: correct or remove it."
            ) from error


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
