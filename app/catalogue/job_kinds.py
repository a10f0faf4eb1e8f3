"""Which kind a dataset's job is: one of a small file has slots that no large file can hold."""

from typing import Final

from app.ingest.pages.source import FOLDER
from app.ingest.policy import UNPACK_FLOOR_BYTES
from app.settings import Settings
from app.uploads.keys import is_packed

#: Names of the kinds.
JOB_KIND: Final = "dataset"
SMALL_JOB_KIND: Final = "small_dataset"
JOB_KINDS: Final = (JOB_KIND, SMALL_JOB_KIND)

#: A small file has at most so many bytes: it is checked and loaded in a few seconds.
SMALL_BYTES: Final = 8 << 20

#: A small gzip file cannot unpack to more than this, whatever is in it.
SMALL_UNPACKED_BYTES: Final = UNPACK_FLOOR_BYTES


def job_kind_of(raw_key: str, size_bytes: int, settings: Settings) -> str:
    """The kind of the jobs of a file in the raw layer."""
    is_small = size_bytes <= SMALL_BYTES
    if is_packed(raw_key) or raw_key.endswith(FOLDER):
        unpacked_bytes = max(settings.unpack_floor_bytes, settings.max_unpack_ratio * size_bytes)
        is_small = is_small and unpacked_bytes <= SMALL_UNPACKED_BYTES
    return SMALL_JOB_KIND if is_small else JOB_KIND
