"""What the pieces of jobs may leave behind in the object store."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from app.jobs import records
from app.jobs.cleanup import BucketPrefix
from app.pieces.objects import PIECES, job_of


def _unnamed(connection: Connection, keys: Sequence[str]) -> list[str]:
    """The keys whose job has ended: it was killed before it could remove them, or a worker made them too late."""
    owners = {key: owner for key in keys if (owner := job_of(key)) is not None}
    outstanding = records.outstanding(connection, set(owners.values()))
    return [key for key, owner in owners.items() if owner not in outstanding]


#: Objects of pieces; no record names any.
PIECE_FILES: Final = BucketPrefix(PIECES, _unnamed)
