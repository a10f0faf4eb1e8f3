"""The queue of reports to run: a Redis stream that can be lost without losing a report.

Keys:
    openhours:queue     stream; each entry has the field ``report``, an id. Consumer group ``workers``, created at 0.

An entry is acknowledged and deleted as soon as its report is claimed in Postgres, so the stream holds only what waits.
It has no length limit (trimming would drop waiting reports) and a consumer is never deleted while it holds entries.
"""

from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from app.storage.redis_client import redis_errors

STREAM: Final = "openhours:queue"
GROUP: Final = "workers"

#: An entry that was read but not acknowledged for this long belongs to a worker that died in between, milliseconds.
ABANDONED_MS: Final = 60_000

#: A consumer that has not been heard of for this long belongs to a worker that is gone, milliseconds.
GONE_MS: Final = 3600_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream."""

    id: str
    report_id: str


class Queue:
    """Reports waiting to be run."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def add(self, *report_ids: str) -> None:
        """Append reports."""
        with redis_errors(), self._redis.pipeline(transaction=False) as pipeline:
            for report_id in report_ids:
                pipeline.xadd(STREAM, {"report": report_id})
            pipeline.execute()

    def depth(self) -> int:
        """Entries that no worker has read yet."""
        length = self._grouped(lambda: self._redis.xlen(STREAM))
        pending: Any = self._grouped(lambda: self._redis.xpending(STREAM, GROUP))
        return int(length) - int(pending["pending"])

    def take(self, consumer: str, *, count: int, wait_ms: int) -> list[Entry]:
        """Up to ``count`` new entries; waits up to ``wait_ms`` for the first."""
        read: Any = self._grouped(
            lambda: self._redis.xreadgroup(GROUP, consumer, {STREAM: ">"}, count=count, block=wait_ms)
        )
        streams = read.values() if isinstance(read, dict) else (entries for _, entries in read or ())
        return [_entry(raw) for entries in streams for raw in _flat(entries)]

    def take_abandoned(self, consumer: str, *, count: int) -> list[Entry]:
        """Entries that a worker read and never acknowledged, because it died before its claim."""
        answer: Any = self._grouped(
            lambda: self._redis.xautoclaim(STREAM, GROUP, consumer, min_idle_time=ABANDONED_MS, count=count)
        )
        return [_entry(raw) for raw in answer[1] if raw[1]]

    def done(self, entry: Entry) -> None:
        """Acknowledge and delete an entry."""
        with redis_errors(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(STREAM, GROUP, entry.id)
            pipeline.xdel(STREAM, entry.id)
            pipeline.execute()

    def forget_gone_consumers(self) -> None:
        """Delete the consumers of workers that are gone and hold nothing."""
        consumers: Any = self._grouped(lambda: self._redis.xinfo_consumers(STREAM, GROUP))
        for consumer in consumers:
            if consumer["idle"] > GONE_MS and consumer["pending"] == 0:
                with redis_errors():
                    self._redis.xgroup_delconsumer(STREAM, GROUP, consumer["name"])

    def _grouped(self, read: Any) -> Any:
        """Run a read of the group; make the group first where it does not exist, as after a FLUSHALL."""
        with redis_errors():
            try:
                return read()
            except ResponseError as error:
                if not any(lack in str(error) for lack in ("NOGROUP", "no such key")):
                    raise
            try:
                self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):  # another worker was faster
                    raise
            return read()


def _flat(entries: Any) -> Any:
    """The entries of one stream; RESP3 wraps them once more than RESP2."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _entry(raw: Any) -> Entry:
    entry_id, fields = raw
    return Entry(entry_id, fields["report"])
