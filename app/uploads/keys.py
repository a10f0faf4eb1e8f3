"""Where things of an upload lie in S3, and how large its parts are. Nothing that a client says is in a key."""

from typing import Final

from app.ids import made_at

#: Keys of tails and of bytes whose checksum is not known yet begin with it.
UPLOADS: Final = "uploads/"

#: Keys of whole files begin with it.
RAW: Final = "raw/"

#: S3 takes no smaller part than 5 MiB but the last. A larger one costs memory in every request, bytes.
PART_BYTES: Final = 8 << 20

#: S3 takes 10,000.
MAX_PARTS: Final = 9_000

#: Parts of large files are whole multiples of this, bytes.
_STEP: Final = 1 << 20

#: How gzip begins, RFC 1952.
GZIP: Final = b"\x1f\x8b"


def part_bytes(length_bytes: int) -> int:
    """Size of the parts of a file of that length at most.

    It never changes during an upload, so a part that is sent again, because nobody knew that it had arrived, has the
    same bytes: S3 may replace it, and rclone, which has written it already, need not.
    """
    return max(PART_BYTES, -(-length_bytes // (MAX_PARTS * _STEP)) * _STEP)


def raw_key(kind: str, upload_id: str, beginning: bytes) -> str:
    """Where a file lies when it is whole; its first two bytes tell whether it is packed."""
    suffix = ".csv.gz" if beginning[:2] == GZIP else ".csv"
    return f"{RAW}{kind}/{made_at(upload_id):%Y/%m/%d}/{upload_id}{suffix}"


def media_type(key: str) -> str:
    """Of a whole file."""
    return "application/gzip" if key.endswith(".gz") else "text/csv"


def prefix(upload_id: str) -> str:
    """Where everything of an upload lies that is not the file itself."""
    return f"{UPLOADS}{upload_id}/"


def tail_key(upload_id: str, fence: int, number: int) -> str:
    """Of the bytes behind the last part; no two requests write the same."""
    return f"{prefix(upload_id)}{fence}-{number}"


def staged_key(upload_id: str, fence: int, number: int) -> str:
    """Of bytes whose checksum is not known yet."""
    return f"{prefix(upload_id)}{fence}-staged-{number}"
