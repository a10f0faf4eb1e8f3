"""What polls are answered from while a report runs: a Redis hash that can be lost, and is not believed when stale.

Keys:
    openhours:report:<id>    hash: status (running | ended), stage, progress, updated_at. Expires 24 hours after its
                             last update. Once it says ended nobody can make it say running again, so a worker that
                             was late does not bring a report back to life.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis

from app.storage.redis_client import redis_errors

#: How long the hash outlives its last update, seconds.
TTL_SECONDS: Final = 24 * 3600

#: An older update may be the last word of a worker that died: Postgres is asked then, seconds. Workers refresh
#: the hash with every heartbeat.
FRESH_SECONDS: Final = 15


#: What may be said of work that runs; only datasets are checked.
STAGES: Final = ("queued", "checking", "loading", "computing", "uploading")


@dataclass(frozen=True, slots=True)
class Live:
    """How far a running report is."""

    stage: str
    progress: float


#: What work shows that nobody has claimed.
QUEUED: Final = Live("queued", 0.0)


class LiveStatus:
    """Stage and progress of running reports."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def update(self, report_id: str, live: Live) -> None:
        """Tell how far a report is."""
        key = _key(report_id)
        told: dict[Any, Any] = {
            "stage": live.stage,
            "progress": f"{live.progress:.4f}",
            "updated_at": datetime.now(UTC).isoformat(),
        }
        with redis_errors(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hsetnx(key, "status", "running")
            pipeline.hset(key, mapping=told)
            pipeline.expire(key, TTL_SECONDS)
            pipeline.execute()

    def get(self, report_id: str) -> Live | None:
        """How far a report is, or None when that is not known freshly.

        The age is what has passed of the time to live, so that no two clocks are compared.
        """
        with redis_errors(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(_key(report_id))
            pipeline.ttl(_key(report_id))
            answer: Any
            answer, ttl = pipeline.execute()
        if answer.get("status") != "running" or TTL_SECONDS - ttl > FRESH_SECONDS:
            return None
        # A worker of another version, or a report kind, may tell what no answer has room for.
        stage = answer["stage"] if answer["stage"] in STAGES else "computing"
        return Live(stage, min(max(float(answer["progress"]), 0.0), 1.0))

    def forget(self, report_id: str) -> None:
        """The report waits for another attempt: until then Postgres answers."""
        with redis_errors():
            self._redis.delete(_key(report_id))

    def end(self, report_id: str) -> None:
        """The report has ended: from now on Postgres answers, whatever a late worker tells."""
        key = _key(report_id)
        with redis_errors(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(key, "status", "ended")
            pipeline.expire(key, TTL_SECONDS)
            pipeline.execute()


def _key(report_id: str) -> str:
    return f"openhours:report:{report_id}"
