"""The prefixes of the bucket, and which objects of the raw layer are orphaned."""

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from app.catalogue import records
from app.jobs.cleanup import BucketPrefix
from app.uploads.keys import RAW
from app.uploads.leftovers import UPLOAD_FILES, multiparts_named

#: Keys as uploads.keys makes them; any other is not ours.
_OURS: Final = re.compile(re.escape(RAW) + r"[a-z0-9_]+/\d{4}/\d\d/\d\d/([0-9a-f]{32})\.csv(\.gz)?")


#: Keys of pages: their datasets have the prefix.
_PAGES: Final = re.compile(rf"({re.escape(RAW)}[a-z0-9_]+\.[a-z0-9_]+/\d{{4}}/\d\d/\d\d/[0-9a-f]{{32}}/)\d+\.jsonl\.gz")


def _unnamed(connection: Connection, keys: Sequence[str]) -> list[str]:
    """The keys without a dataset: it was removed while the object store was unavailable."""
    dataset_of = {key: found[1] for key in keys if (found := _OURS.fullmatch(key))}
    known = records.known(connection, list(dataset_of.values()))
    prefix_of = {key: found[1] for key in keys if (found := _PAGES.fullmatch(key))}
    in_use = records.prefixes_known(connection, sorted(set(prefix_of.values())))
    return [
        *(key for key, owner in dataset_of.items() if owner not in known),
        *(key for key, prefix in prefix_of.items() if prefix not in in_use),
    ]


#: Raw files.
RAW_FILES: Final = BucketPrefix(RAW, _unnamed, multiparts_named)

#: The parts of the bucket that datasets and uploads use.
BUCKET_PREFIXES: Final = (RAW_FILES, UPLOAD_FILES)
