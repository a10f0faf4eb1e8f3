"""Where pieces keep what they make, until the job that they belong to has put it together."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.errors import ObjectStoreUnavailable
from app.storage.object_store import ObjectStore

#: The part of the bucket in which the objects of all pieces lie.
PIECES: Final = "pieces/"

_log = logging.getLogger(__name__)


@contextmanager
def run_prefix(store: ObjectStore, job_id: str) -> Iterator[str]:
    """A prefix for the objects of one run of a job's pieces; what lies below it is removed afterwards.

    Another attempt at the job has another prefix. A process that is killed leaves its objects behind, and a worker that
    nobody waits for may still add some; the clean-up removes both when they are old.
    """
    prefix = f"{PIECES}{job_id}/{uuid.uuid4().hex}/"
    try:
        yield prefix
    finally:
        try:
            store.remove_below(prefix)
        except ObjectStoreUnavailable as error:
            _log.warning("could not remove %s, the clean-up will: %s", prefix, error)


def job_of(key: str) -> str | None:
    """The id of the job that an object belongs to; None if it does not look like one that a piece has made."""
    job_id, slash, rest = key.removeprefix(PIECES).partition("/")
    return job_id if key.startswith(PIECES) and slash and rest else None
