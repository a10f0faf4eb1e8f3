"""What uploads may leave behind in the object store, and which of it is orphaned."""

import logging
from collections.abc import Callable, Collection, Sequence
from typing import Final

from sqlalchemy import Connection

from app.errors import OpenhoursError
from app.jobs.cleanup import BucketPrefix
from app.uploads import records
from app.uploads.keys import UPLOADS

_log = logging.getLogger(__name__)


def remove_now_or_later(remove: Callable[[], None]) -> None:
    """Remove what no upload uses; if that fails, the clean-up will find it."""
    try:
        remove()
    except OpenhoursError as error:
        _log.info("could not remove unused objects, the clean-up will retry: %s", error)


def multiparts_named(connection: Connection, ids: Collection[str]) -> set[str]:
    """The multipart uploads, of these ids in S3, that an upload still uses."""
    return records.multiparts_known(connection, set(ids))


def _unnamed(connection: Connection, keys: Sequence[str]) -> list[str]:
    """The keys whose upload goes on no more: a replica was killed, or failed, before it could remove them."""
    owners = {key: key.removeprefix(UPLOADS).partition("/")[0] for key in keys}
    under_way = records.under_way(connection, set(owners.values()))
    return [key for key, owner in owners.items() if owner not in under_way]


#: Tails, and bytes whose checksum is not verified yet.
UPLOAD_FILES: Final = BucketPrefix(UPLOADS, _unnamed)
