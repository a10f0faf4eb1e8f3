"""The part of the bucket with the files of sealed weeks, and which of them are orphaned."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from app.jobs.cleanup import BucketPrefix
from app.jobs.records import backlog
from app.sealing.job import JOB_KIND
from app.series.sealed.records import PREFIX, named


def _unnamed(connection: Connection, keys: Sequence[str]) -> list[str]:
    """The keys that no row names: the run that wrote them has ended before it could, or the week had changed.

    While a job runs, none is: it may have written them, however long ago.
    """
    # In this order: what a job names in between is seen.
    if backlog(connection, [JOB_KIND]).running:
        return []
    kept = named(connection, keys)
    return [key for key in keys if key not in kept]


#: Files of sealed weeks. A command that seals has no job; its files are named long before they are a day old.
SEALED_FILES: Final = BucketPrefix(PREFIX, _unnamed)
