"""The servers that a process works with: built once, pinged, closed in reverse."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from redis import Redis
from sqlalchemy import Engine

from app.errors import SetupError
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine
from app.storage.redis_client import REQUEST_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS, build_redis
from app.telemetry.logs import conceal

#: The statements of requests, leases and sweeps take milliseconds; one that waits this long for a lock is cancelled,
#: before it delays heartbeats and probes, seconds.
SERVER_STATEMENT_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses and credentials of the three servers; for S3, None means the usual AWS variables.

    ``embedded`` names those that were started here: "postgres", "redis", "s3". ``down`` gives the titles of those of
    them that have died and do not answer yet.
    """

    database_url: str
    redis_url: str
    s3_endpoint_url: str
    s3_access_key: str | None
    s3_secret_key: str | None
    embedded: frozenset[str]
    down: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True)
class Resources:
    """Clients of the three servers.

    ``redis`` waits as long as a worker may, ``request_redis`` as long as a request may. ``down`` as in Addresses.
    """

    settings: Settings
    database_url: str
    engine: Engine
    redis: Redis
    request_redis: Redis
    object_store: ObjectStore
    down: Callable[[], Sequence[str]] = tuple


@contextmanager
def addresses(settings: Settings) -> Iterator[Addresses]:
    """The addresses of the servers; those not configured are started, and shared with other processes."""
    with ExitStack() as stack:
        database = settings.database_url and settings.database_url.get_secret_value()
        redis = settings.redis_url and settings.redis_url.get_secret_value()
        s3, key, secret = settings.s3_endpoint_url, None, None
        down: Callable[[], Sequence[str]] = tuple
        configured = {"postgres": database, "redis": redis, "s3": s3}
        embedded = frozenset(name for name, address in configured.items() if not address)
        if embedded:
            from app.embedded.servers import servers  # noqa: PLC0415 - the production image does not carry them

            own = stack.enter_context(servers(settings.home, **{name: name in embedded for name in configured}))
            down = own.down
            database, redis = database or own.database_url, redis or own.redis_url
            if s3 is None:
                s3, key, secret = own.s3_endpoint_url, own.s3_access_key, own.s3_secret_key
        if not (database and redis and s3):
            raise SetupError("An embedded server did not report its address.")
        yield Addresses(database, redis, s3, key, secret, embedded, down)


@contextmanager
def open_resources(settings: Settings, where: Addresses, *, server: bool = False) -> Iterator[Resources]:
    """Connect to the servers at these addresses; with ``server``, statements that take too long end."""
    conceal(where.database_url, where.redis_url, where.s3_secret_key)
    with ExitStack() as stack:
        # Requests use up to 40 threads of Starlette's pool, each for a few milliseconds; slots and loops one each.
        limit = SERVER_STATEMENT_SECONDS if server else None
        engine = build_engine(where.database_url, pool_size=20 + settings.slots, statement_seconds=limit)
        stack.callback(engine.dispose)
        redis = build_redis(where.redis_url, timeout_seconds=WORKER_TIMEOUT_SECONDS)
        stack.callback(redis.close)
        # Without a retry, so that a request notices an outage of Redis, after which its data may be stale.
        request_redis = build_redis(where.redis_url, timeout_seconds=REQUEST_TIMEOUT_SECONDS, retries=0)
        stack.callback(request_redis.close)
        store = ObjectStore(
            StoreAddress(
                bucket=settings.s3_bucket,
                region=settings.s3_region,
                endpoint_url=where.s3_endpoint_url,
                public_url=settings.s3_public_url,
                access_key=where.s3_access_key,
                secret_key=where.s3_secret_key,
            )
        )
        stack.callback(store.close)
        if "s3" in where.embedded:
            store.ensure_bucket()
        yield Resources(settings, where.database_url, engine, redis, request_redis, store, where.down)
