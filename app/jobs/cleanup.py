"""Removes what nobody needs any more: old jobs with their artifacts, and objects that no record names."""

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Final

from sqlalchemy import Connection, func, select

from app.jobs import lifecycle, records
from app.jobs.kind import JobKind, artifact_prefix
from app.jobs.queue import Queue
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Before the first clean-up of a process, seconds: replicas that start together do not clean up together.
FIRST_CLEAN_UP_SECONDS: Final = (30, 120)

#: Between two clean-ups, seconds.
CLEAN_UP_SECONDS: Final = 3600

#: Key of the advisory lock that lets one replica clean up at a time.
_LOCK: Final = 0x636C6E75

#: Old jobs that are removed in one transaction.
_BATCH: Final = 200

#: Objects and uploads that no record names are left alone until they are this old: they may be in the making, hours.
ORPHAN_HOURS: Final = 24

#: The end of an artifact's key, as artifact_prefix makes it; what looks otherwise is not ours.
_OURS: Final = re.compile(r"([0-9a-f]{32})/a\d+/.")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BucketPrefix:
    """A part of the bucket.

    Attributes:
        prefix: keys of its objects begin with it.
        unnamed: those of some old objects that no record names and none may still come to name.
        multiparts_named: those of some old uploads in parts, by their ids in S3, that a record still names.
    """

    prefix: str
    unnamed: Callable[[Connection, Sequence[str]], Collection[str]]
    multiparts_named: Callable[[Connection, Collection[str]], Collection[str]] = lambda *_: ()


def clean_up(
    resources: Resources,
    kinds: Mapping[str, JobKind],
    *,
    prefixes: Sequence[BucketPrefix] = (),
    stopping: Event | None = None,
    orphan_hours: float = ORPHAN_HOURS,
    recorded: Callable[[Connection, str, int], None] = lambda *_: None,
) -> None:
    """Remove jobs that are past their retention, orphaned objects and uploads, and consumers of gone workers.

    Does nothing when another replica is at it. To be interrupted at any moment is harmless: records go before their
    objects, and an object without a record is an orphan for the next time.

    Args:
        resources: of this process.
        kinds: of jobs; those that others have are left alone.
        prefixes: the parts of the bucket beside those of the kinds' artifacts.
        stopping: set it to end early.
        orphan_hours: age from which an object that no record names is an orphan.
        recorded: called in the transaction that removes old jobs, with their kind and number.

    Raises:
        DatabaseUnavailable, RedisUnavailable, ObjectStoreUnavailable: the next time goes on.
    """
    stopping = stopping or Event()
    with database_errors(), resources.engine.connect() as connection:
        if not connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return
        before = connection.execute(select(func.now() - timedelta(hours=orphan_hours))).scalar_one()
        expired = sum(_expire(resources, kind, stopping, recorded) for kind in kinds.values())
        everything = (*map(_artifacts, sorted({kind.artifacts for kind in kinds.values()})), *prefixes)
        orphans = sum(_remove_orphans(resources, part, before, stopping) for part in everything)
        aborted = sum(_abort_multiparts(resources, part, before, stopping) for part in everything)
        Queue(resources.redis).tidy()
    if expired or orphans or aborted:
        _log.info("removed %d old jobs, %d orphaned objects, %d unfinished uploads", expired, orphans, aborted)


def _expire(
    resources: Resources, kind: JobKind, stopping: Event, recorded: Callable[[Connection, str, int], None]
) -> int:
    removed = 0
    kept = None if kind.kept is None else kind.kept()
    days = resources.settings.retention_days
    while not stopping.is_set():
        with resources.engine.begin() as connection:
            ids = lifecycle.expire(connection, kind=kind.name, days=days, limit=_BATCH, kept=kept)
            if ids:
                recorded(connection, kind.name, len(ids))
        for job_id in ids:
            if stopping.is_set():
                break  # the objects of the others have become orphans
            resources.object_store.remove_below(artifact_prefix(job_id, below=kind.artifacts))
        removed += len(ids)
        if len(ids) < _BATCH:
            break
    return removed


def _remove_orphans(resources: Resources, part: BucketPrefix, before: datetime, stopping: Event) -> int:
    removed = 0
    for page in resources.object_store.pages(part.prefix):
        if stopping.is_set():
            break
        old = [item.key for item in page if item.modified_at < before]
        with resources.engine.connect() as connection:
            orphans = part.unnamed(connection, old)
        for key in orphans:
            if stopping.is_set():
                break
            resources.object_store.remove([key])
            removed += 1
    return removed


def _abort_multiparts(resources: Resources, part: BucketPrefix, before: datetime, stopping: Event) -> int:
    if stopping.is_set():
        return 0

    def named(ids: Collection[str]) -> Collection[str]:
        with resources.engine.connect() as connection:
            return part.multiparts_named(connection, ids)

    return resources.object_store.abort_uploads(part.prefix, begun_before=before, unless=named)


def _artifacts(prefix: str) -> BucketPrefix:
    """The part of the bucket in which the artifacts of some kinds lie."""
    return BucketPrefix(prefix, partial(_unnamed, prefix))


def _unnamed(prefix: str, connection: Connection, keys: Sequence[str]) -> list[str]:
    """Those keys that belong to no complete job and to none that may still become complete."""
    job_of = {key: found[1] for key in keys if (found := _OURS.match(key.removeprefix(prefix)))}
    ids = set(job_of.values())
    # In this order: a job that completes in between is seen as outstanding.
    outstanding = records.outstanding(connection, ids)
    kept = records.kept_objects(connection, ids)
    return [key for key, owner in job_of.items() if owner not in outstanding and key not in kept.get(owner, ())]
