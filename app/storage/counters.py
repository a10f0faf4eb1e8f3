"""Counters in Redis that all replicas share, for the library ``limits``."""

from limits.storage import RedisStorage
from redis import Redis


def shared_counters(redis: Redis, *, prefix: str) -> RedisStorage:
    """Counters over the connections of a client; their keys begin with ``prefix``."""
    # The address is that of the connections; what is given here only says that it is Redis.
    return RedisStorage("redis://", redis.connection_pool, key_prefix=prefix)
