"""Object keys of an upload, and the size of its parts. Keys contain nothing that a client sends."""

from typing import Final

from app.ids import made_at

#: Prefix of tails, and of bytes whose checksum is not verified yet.
UPLOADS: Final = "uploads/"

#: Prefix of complete files.
RAW: Final = "raw/"

#: S3 requires parts of at least 5 MiB, except the last. A larger size costs memory in every request, bytes.
PART_BYTES: Final = 8 << 20

#: S3 allows 10,000.
MAX_PARTS: Final = 9_000

#: Parts of large files are multiples of this, bytes.
_STEP: Final = 1 << 20

#: Media type of tails, and of bytes whose checksum is not verified yet.
BYTES_TYPE: Final = "application/octet-stream"

#: How gzip begins, RFC 1952.
GZIP: Final = b"\x1f\x8b"


def part_bytes(length_bytes: int) -> int:
    """Size of the parts of a file of at most that length.

    It never changes during an upload, so a part that is sent again, because its arrival was unknown, has the
    same bytes: S3 may replace it, and rclone, which has already written it, does not have to.
    """
    return max(PART_BYTES, -(-length_bytes // (MAX_PARTS * _STEP)) * _STEP)


def raw_key(kind: str, upload_id: str, beginning: bytes) -> str:
    """Key of a complete file; its first two bytes show whether it is gzip."""
    suffix = ".csv.gz" if beginning[:2] == GZIP else ".csv"
    return f"{RAW}{kind}/{made_at(upload_id):%Y/%m/%d}/{upload_id}{suffix}"


def is_packed(key: str) -> bool:
    """Whether the complete file at this key is gzip."""
    return key.endswith(".gz")


def media_type(key: str) -> str:
    """Media type of the complete file at this key."""
    return "application/gzip" if is_packed(key) else "text/csv"


def prefix(upload_id: str) -> str:
    """Prefix of all objects of an upload except the file itself."""
    return f"{UPLOADS}{upload_id}/"


def tail_key(upload_id: str, fence: int, number: int) -> str:
    """Key of the bytes after the last part; no two requests write the same one. The number is 0 without a lock."""
    return f"{prefix(upload_id)}{fence}-{number}"


def staged_key(upload_id: str, fence: int, number: int) -> str:
    """Key of bytes whose checksum is not verified yet."""
    return f"{prefix(upload_id)}{fence}-staged-{number}"
