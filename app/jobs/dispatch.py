"""What requests tell Redis and ask it; all of it they can do without, while Redis is away.

That it is away is logged once, by replica/reachability.py, not for each request.
"""

import logging
from collections.abc import Collection
from contextlib import suppress

from redis import Redis

from app.errors import RedisUnavailable
from app.jobs.queue import Queue
from app.jobs.status import FRESH_SECONDS, Live, LiveStatus
from app.storage.redis_client import CircuitBreaker

_log = logging.getLogger(__name__)


class Dispatch:
    """Redis as requests see it: quick, and never in their way."""

    def __init__(self, redis: Redis) -> None:
        self._queue = Queue(redis)
        self._status = LiveStatus(redis)
        self._dispatching = CircuitBreaker()
        # What Redis remembers from before it was away may be the progress of a job that somebody has seen ended
        # meanwhile: it is not believed again before that is stale.
        self._watching = CircuitBreaker(rest_seconds=FRESH_SECONDS + 5)

    def dispatch(self, job_id: str) -> None:
        """Wake a worker for a job that was just recorded; if Redis does not, an idle worker looks for it by itself."""
        if self._dispatching.is_open:
            return
        try:
            with self._dispatching.watching():
                self._queue.add(job_id)
        except RedisUnavailable as error:
            _log.debug("job %s waits until an idle worker looks, Redis calls nobody: %s", job_id, error)

    def live(self, job_id: str, kinds: Collection[str]) -> Live | None:
        """How far a running job of these kinds is, or None when Postgres has to be asked."""
        if self._watching.is_open:
            return None
        try:
            with self._watching.watching():
                return self._status.get(job_id, kinds)
        except RedisUnavailable as error:
            _log.debug("Postgres answers polls, Redis does not: %s", error)
            return None

    @property
    def is_resting(self) -> bool:
        """Whether Redis is not believed now."""
        return self._watching.is_open

    def contradict(self, job_id: str) -> None:
        """Say that a job has ended, as Postgres knows: what Redis still has of it is not to be believed again."""
        if not self._dispatching.is_open:
            with suppress(RedisUnavailable), self._dispatching.watching():
                self._status.end(job_id)

    def end(self, job_id: str) -> None:
        """Say that a job has ended: by now Postgres has the last word."""
        try:
            self._status.end(job_id)
        except RedisUnavailable as error:
            _log.debug("job %s: polls may see it running until that is stale: %s", job_id, error)
