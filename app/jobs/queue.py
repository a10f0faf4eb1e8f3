"""What wakes an idle worker: a Redis stream with an entry for each job that was queued.

Keys:
    openhours:queue     stream; each entry has the field ``report``, the id of a job (named when all jobs were reports).
                        Consumer group ``workers``, created at 0.

An entry is a wake-up call and no more: Postgres decides which job its reader gets (lifecycle.claim_next), so an entry
that is lost, repeated or about nothing does no harm. A reader deletes what it reads. What a reader that died has left
over is trimmed when it is old.
"""

import logging
from collections.abc import Callable
from time import time
from typing import Any, Final, TypeVar

from redis import Redis
from redis.exceptions import ResponseError

from app.ids import is_id
from app.storage.redis_client import redis_errors

STREAM: Final = "openhours:queue"
GROUP: Final = "workers"

#: Entries that are older wake nobody any more: workers that are idle look for jobs by themselves, seconds.
OLD_SECONDS: Final = 3600

#: A consumer that has not been heard of for this long belongs to a worker that is gone, milliseconds.
GONE_MS: Final = 3600_000

#: Longest part of a strange entry in the log, characters.
LONGEST_SHOWN: Final = 100

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Queue:
    """Calls for workers."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._has_told = False

    def add(self, job_id: str) -> None:
        """Wake a worker for a job that was just queued."""
        with redis_errors():
            try:
                self._redis.xadd(STREAM, {"report": job_id})
            except ResponseError as error:
                if not self._was_other(error):
                    raise
                self._redis.xadd(STREAM, {"report": job_id})

    def wait(self, consumer: str, *, wait_ms: int | None) -> bool:
        """Whether there is a call, after waiting for one up to ``wait_ms``, or without waiting."""
        read: Any = self._grouped(
            lambda: self._redis.xreadgroup(GROUP, consumer, {STREAM: ">"}, count=1, block=wait_ms, noack=True)
        )
        streams = read.values() if isinstance(read, dict) else (entries for _, entries in read or ())
        calls = {entry_id: fields for entries in streams for entry_id, fields in _flat(entries)}
        if calls:
            with redis_errors():
                self._redis.xdel(STREAM, *calls)
        for fields in calls.values():
            self._tell_strange(fields)
        return bool(calls)

    def _tell_strange(self, fields: dict[str, str]) -> None:
        """Log the first call that names no job: something else writes to the stream."""
        if not self._has_told and not is_id(fields.get("report", "")):
            self._has_told = True
            what = repr(fields)[:LONGEST_SHOWN]
            _log.warning("an entry of %s in Redis names no job: %s; such are deleted, and not told again", STREAM, what)

    def tidy(self) -> None:
        """Trim calls that are old, and delete the consumers of workers that are gone."""
        with redis_errors():
            self._redis.xtrim(STREAM, minid=str(int((time() - OLD_SECONDS) * 1000)), approximate=False)
        consumers: Any = self._grouped(lambda: self._redis.xinfo_consumers(STREAM, GROUP))
        for consumer in consumers:
            if consumer["idle"] > GONE_MS:
                with redis_errors():
                    self._redis.xgroup_delconsumer(STREAM, GROUP, consumer["name"])

    def _grouped(self, read: Callable[[], T]) -> T:
        """Run a read of the group; make the group first where it does not exist, as after a FLUSHALL."""
        with redis_errors():
            try:
                return read()
            except ResponseError as error:
                is_lacking = any(lack in str(error) for lack in ("NOGROUP", "no such key"))
                if not (is_lacking or self._was_other(error)):
                    raise
            try:
                self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):  # another worker was faster
                    raise
            return read()

    def _was_other(self, error: ResponseError) -> bool:
        """Whether something else than a stream has its name; then that is deleted, as nobody is called any more."""
        if not str(error).startswith("WRONGTYPE"):
            return False
        self._redis.delete(STREAM)
        _log.warning("something else than a stream was at %s in Redis: it is deleted, and a stream made", STREAM)
        return True


def _flat(entries: Any) -> Any:
    """The entries of one stream; RESP3 wraps them once more than RESP2."""
    return entries[0] if entries and isinstance(entries[0], list) else entries
