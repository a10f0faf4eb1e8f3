"""Postgres, Redis and S3 as the replicas meet them: each request is a step, and a server that is down refuses it.

An answer may also get lost on its way back: then the request was carried out and its sender is told that it failed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from app.errors import DatabaseUnavailable, ObjectStoreUnavailable
from app.storage.object_store import ObjectStore, StoreAddress, StoredObject
from tests.model.record import Connection, Table, instant
from tests.model.scheduler import Scheduler
from tests.model.threads import Waiters


class Server:
    """What the three have in common.

    Attributes:
        is_down: refuses every request.
        lost_answers: share of the answers that get lost.
        failed_at: when a request failed last.
    """

    def __init__(self, scheduler: Scheduler, refusal: Callable[[], Exception]) -> None:
        self.scheduler = scheduler
        self.is_down = False
        self.lost_answers = 0.0
        self.failed_at = -inf
        self._refusal = refusal

    def arrive(self, *what: Any, longest_seconds: float = 0.3) -> None:
        """A request reaches the server."""
        self.scheduler.step(*what, longest_seconds=longest_seconds)
        if self.is_down:
            raise self._failure("refused", *what)

    def answer(self, *what: Any) -> None:
        """The answer goes back."""
        if self.lost_answers and self.scheduler.random.random() < self.lost_answers:
            raise self._failure("answer lost", *what)

    def _failure(self, *what: Any) -> Exception:
        self.scheduler.note(*what)
        self.failed_at = self.scheduler.now
        return self._refusal()


class Engine(Server):
    """Postgres as SQLAlchemy's engine. A transaction is one step: the locks that it holds keep others away."""

    def __init__(self, scheduler: Scheduler, table: Table) -> None:
        super().__init__(scheduler, lambda: DatabaseUnavailable("Postgres does not answer."))
        self.table = table
        self._connection = Connection(table)

    def begin(self) -> "Engine":
        return self

    connect = begin

    def __enter__(self) -> Connection:
        self.arrive("transaction")
        return self._connection

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.answer("commit")


@dataclass(slots=True)
class Stream:
    """The stream and its group.

    Attributes:
        fresh: entries that nobody has read: number and job.
        read: numbers of entries that were read and not deleted.
        consumers: when each was last heard of.
    """

    fresh: list[tuple[str, str]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    consumers: dict[str, float] = field(default_factory=dict)
    has_group: bool = False


class Redis(Server):
    """Redis as its client shows it, as far as app/jobs uses it; its one stream has one group."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler, lambda: RedisConnectionError("connection refused"))
        self.stream: Stream | None = None
        self.hashes: dict[str, dict[str, str]] = {}
        self.expiries: dict[str, float] = {}
        self._readers = Waiters(scheduler)
        self._number = 0

    def flush(self) -> None:
        """Forget everything, as FLUSHALL."""
        self.stream = None
        self.hashes.clear()
        self.expiries.clear()

    def repeat(self, job_id: str) -> None:
        """Another entry for a job, as when an answer got lost on its way to whoever sent it."""
        self._xadd("", {"report": job_id})

    def lose_entry(self) -> None:
        """Forget the newest entry, as after a crash between two writes of its log."""
        if self.stream is not None and self.stream.fresh:
            self.stream.fresh.pop()

    def pipeline(self, *, transaction: bool) -> "Pipeline":  # noqa: ARG002 - all are sent at once
        return Pipeline(self)

    def execute(self, commands: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> list[Any]:
        """Carry out commands at once."""
        name, args, _ = commands[0]
        what = name, *args[:2]
        self.arrive(*what)
        answers = [getattr(self, f"_{name}")(*args, **options) for name, args, options in commands]
        self.answer(*what)
        return answers

    def __getattr__(self, command: str) -> Callable[..., Any]:
        if not hasattr(type(self), f"_{command}"):
            raise AttributeError(command)
        return lambda *args, **options: self.execute([(command, args, options)])[0]

    def xreadgroup(
        self, _group: str, consumer: str, streams: dict[str, str], *, count: int, block: int | None, noack: bool
    ) -> Any:
        """Waits for entries, and is given them even when its host is paused; nobody has to acknowledge them."""
        assert noack
        self.arrive("XREADGROUP")
        deadline = self.scheduler.now + (block or 0) / 1000
        while not self._group().fresh:
            left = deadline - self.scheduler.now
            if left <= 0 or not self._readers.wait(left):
                return None
            if self.is_down:
                raise self._failure("refused", "XREADGROUP")
        group = self._group()
        group.consumers[consumer] = self.scheduler.now
        read, group.fresh = group.fresh[:count], group.fresh[count:]
        group.read += [number for number, _ in read]
        self.answer("XREADGROUP")
        return [(name, [(number, {"report": job_id}) for number, job_id in read]) for name in streams]

    def _group(self) -> Stream:
        if self.stream is None or not self.stream.has_group:
            raise ResponseError("NOGROUP No such key or consumer group")
        return self.stream

    def _xgroup_create(self, _name: str, _group: str, *, id: str, mkstream: bool) -> None:  # noqa: A002, ARG002
        if self.stream is None:
            self.stream = Stream()
        elif self.stream.has_group:
            raise ResponseError("BUSYGROUP Consumer Group name already exists")
        self.stream.has_group = True

    def _xadd(self, _name: str, fields: dict[str, str]) -> None:
        if self.stream is None:
            self.stream = Stream()
        self._number += 1
        self.stream.fresh.append((str(self._number), fields["report"]))
        self._readers.wake_one()

    def _xlen(self, _name: str) -> int:
        return 0 if self.stream is None else len(self.stream.fresh) + len(self.stream.read)

    def _xtrim(self, _name: str, *, minid: str, approximate: bool) -> None:
        """Nothing lives for long enough to be trimmed."""

    def _xdel(self, _name: str, *numbers: str) -> None:
        if self.stream is not None:
            self.stream.read = [number for number in self.stream.read if number not in numbers]

    def _xinfo_consumers(self, _name: str, _group: str) -> list[dict[str, Any]]:
        group, now = self._group(), self.scheduler.now
        return [{"name": name, "idle": (now - heard_at) * 1000} for name, heard_at in group.consumers.items()]

    def _xgroup_delconsumer(self, _name: str, _group: str, consumer: str) -> None:
        self._group().consumers.pop(consumer, None)

    def _hset(self, key: str, field: str | None = None, value: str = "", *, mapping: Any = None) -> None:
        self.hashes.setdefault(key, {}).update(mapping if field is None else {field: value})

    def _hsetnx(self, key: str, field: str, value: str) -> None:
        self.hashes.setdefault(key, {}).setdefault(field, value)

    def _hgetall(self, key: str) -> dict[str, str]:
        return self.hashes.get(key, {})

    def _expire(self, key: str, seconds: int) -> None:
        self.expiries[key] = self.scheduler.now + seconds

    def _pexpireat(self, key: str, milliseconds: int) -> None:
        self.expiries[key] = milliseconds / 1000

    def _time(self) -> tuple[int, int]:
        seconds, rest = divmod(self.scheduler.now, 1)
        return int(seconds), int(rest * 1e6)

    def _ttl(self, key: str) -> int:
        return round(self.expiries[key] - self.scheduler.now) if key in self.expiries else -2

    def _delete(self, key: str) -> None:
        self.hashes.pop(key, None)
        self.expiries.pop(key, None)


class Pipeline:
    """Commands that are sent at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._commands: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def __getattr__(self, command: str) -> Callable[..., None]:
        return lambda *args, **options: self._commands.append((command, args, options))

    def execute(self) -> list[Any]:
        return self._redis.execute(self._commands)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a report, in place of a path: its content tells which attempt wrote it."""

    name: str
    content: str

    def stat(self) -> "File":
        return self

    @property
    def st_size(self) -> int:
        return len(self.content)


class Bucket(ObjectStore, Server):
    """S3 as the object store of app/storage/object_store.py; what is not written here is as there.

    Attributes:
        objects: content and time of change by key.
        uploads: unfinished ones: key and time of their begin.
        changed: told of the key of each object that changes.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        Server.__init__(self, scheduler, lambda: ObjectStoreUnavailable("S3 does not answer."))
        self.address = StoreAddress(bucket="model", region="nowhere", endpoint_url=None)
        self.objects: dict[str, tuple[str, float]] = {}
        self.uploads: list[tuple[str, float]] = []
        self.changed: Callable[[str], None] = lambda _: None

    def put_all(self, files: Any, *, stopping: Any, **_: Any) -> None:
        for one in files:
            self.put(one.path, one.key, stopping=stopping)

    def put(self, path: Any, key: str, *, stopping: Any, **_: Any) -> None:
        """In two parts, between which it may break off."""
        self.arrive("begin upload", key)
        upload = (key, self.scheduler.now)
        self.uploads.append(upload)
        self.arrive("finish upload", key, longest_seconds=4)
        if stopping.is_set():
            if upload in self.uploads:
                self.uploads.remove(upload)
            raise ObjectStoreUnavailable("broken off")
        if upload in self.uploads:
            self.uploads.remove(upload)
        self.objects[key] = (path.content, self.scheduler.now)
        self.changed(key)
        self.answer("finish upload", key)

    def link(self, key: str, *, media_type: str, seconds: int) -> str:  # noqa: ARG002 - as there
        """No request: links are signed here."""
        return key

    def pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        self.arrive("list", prefix)
        yield [StoredObject(key, instant(at)) for key, (_, at) in self.objects.items() if key.startswith(prefix)]

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.arrive("delete", key)
            if self.objects.pop(key, None) is not None:
                self.changed(key)
            self.answer("delete", key)

    def abort_uploads(self, prefix: str, *, begun_before: datetime, unless: Any) -> int:
        self.arrive("abort uploads", prefix)
        old = [upload for upload in self.uploads if instant(upload[1]) < begun_before]
        needed = unless({key for key, _ in old})
        stale = [upload for upload in old if upload[0] not in needed]
        self.uploads = [upload for upload in self.uploads if upload not in stale]
        return len(stale)
