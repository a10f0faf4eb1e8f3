"""What polls are answered from while a job runs: a Redis hash that can be lost, and is not believed when stale.

Keys:
    openhours:report:<id>    hash: status (running | ended), kind, stage, progress, updated_at. Expires ten minutes
                             after its last update. Once it says ended nobody can make it say running again, so a
                             worker that was late does not bring a job back to life.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from redis import Redis
from redis.exceptions import OutOfMemoryError

from app.storage.redis_client import redis_errors

#: How long the hash outlives its last update, seconds: longer than a worker that lost its lease may still tell of the
#: job, and not so long that the hashes of ended jobs fill the memory.
TTL_SECONDS: Final = 600

#: An older update may be the last word of a worker that died: Postgres is asked then, seconds. Workers refresh
#: the hash with every heartbeat.
FRESH_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Live:
    """How far a running job is, 0 … 1; ``stage`` is whatever its kind tells."""

    stage: str
    progress: float


#: What a job shows that nobody has claimed.
QUEUED: Final = Live("queued", 0.0)

#: What a job shows that was just claimed.
CLAIMED: Final = Live("loading", 0.0)


class LiveStatus:
    """Stage and progress of running jobs."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        #: What to add to our monotonic clock for that of Redis, seconds; None before it was asked.
        self._ahead: float | None = None

    def update(self, job_id: str, live: Live, *, kind: str) -> None:
        """Tell how far a job of this kind is.

        When it is forgotten is told as an instant of Redis' own clock: one that stands still takes what was sent to it
        before only when it goes on, and must not take it for new.
        """
        key = _key(job_id)
        told: dict[Any, Any] = {
            "kind": kind,
            "stage": live.stage,
            "progress": f"{live.progress:.4f}",
            "updated_at": datetime.now(UTC).isoformat(),
        }
        with redis_errors(), self._redis.pipeline(transaction=True) as pipeline:
            if self._ahead is None:
                self._ahead = _ahead(self._redis.time())
            pipeline.hsetnx(key, "status", "running")
            pipeline.hset(key, mapping=told)
            pipeline.pexpireat(key, round((monotonic() + self._ahead + TTL_SECONDS) * 1000))
            pipeline.time()
            self._ahead = _ahead(pipeline.execute()[-1])

    def get(self, job_id: str, kinds: Collection[str]) -> Live | None:
        """How far a job of these kinds is, or None when that is not known freshly.

        The age is what has passed of the time to live, so that no two clocks are compared. One that lives longer was
        told by a worker of an earlier version: its age is not known.
        """
        with redis_errors(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(_key(job_id))
            pipeline.ttl(_key(job_id))
            answer: Any
            answer, ttl = pipeline.execute()
        is_fresh = 0 <= TTL_SECONDS - ttl <= FRESH_SECONDS
        if answer.get("status") != "running" or not is_fresh or answer.get("kind") not in kinds:
            return None
        return Live(answer["stage"], min(max(float(answer["progress"]), 0.0), 1.0))

    def forget(self, job_id: str) -> None:
        """The job waits for another attempt: until then Postgres answers."""
        with redis_errors():
            self._redis.delete(_key(job_id))

    def end(self, job_id: str) -> None:
        """The job has ended: from now on Postgres answers, whatever a late worker tells.

        A Redis whose memory is full does not take that, but forgets the job, which makes room; it takes nothing from a
        late worker either.
        """
        key = _key(job_id)
        with redis_errors():
            try:
                with self._redis.pipeline(transaction=True) as pipeline:
                    pipeline.hset(key, "status", "ended")
                    pipeline.expire(key, TTL_SECONDS)
                    pipeline.execute()
            except OutOfMemoryError:
                self._redis.delete(key)


def _ahead(now: Any) -> float:
    """How far the clock of Redis is ahead of our monotonic one, from what it has just told: seconds, microseconds."""
    seconds, microseconds = now
    return float(seconds) + float(microseconds) / 1e6 - monotonic()


def _key(job_id: str) -> str:
    return f"openhours:report:{job_id}"
