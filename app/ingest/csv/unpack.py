"""A raw stream to plain bytes: unpacks gzip in bounded pieces, and detects other formats by their first bytes."""

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from app.ingest.policy import Limits
from app.ingest.refusal import refusal

#: Bytes read, and at most unpacked, at a time: a bomb is stopped before it fills the memory.
PIECE_BYTES: Final = 1 << 20

#: Compressed bytes unpacked at a time: bytes after a member are copied, and a file may have millions of tiny members.
SLICE_BYTES: Final = 32 << 10

#: Number of first bytes that the signatures below need.
_HEAD_BYTES: Final = 64

#: The byte order mark of UTF-8, which some programs write before a text.
BOM: Final = b"\xef\xbb\xbf"
GZIP: Final = b"\x1f\x8b"

#: Makes zlib expect a gzip header and trailer.
_GZIP_WINDOW: Final = 31

#: First bytes of texts in other encodings, longest first.
_ENCODINGS: Final = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

#: First bytes of files that are not text, and what to do about each.
_FORMATS: Final = {
    b"PK\x03\x04": "a zip file; unpack it and send the CSV in it",
    b"PK\x05\x06": "a zip file; unpack it and send the CSV in it",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel workbook; save it as CSV (UTF-8)",
    b"BZh91AY&SY": "a bzip2 file; unpack it, or compress it with gzip",
    b"\xfd7zXZ\x00": "an xz file; unpack it, or compress it with gzip",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it, or compress it with gzip",
    b"7z\xbc\xaf\x27\x1c": "a 7z file; unpack it, or compress it with gzip",
    b"PAR1\x15": "a Parquet file; {}save it as CSV (UTF-8)",
    b"%PDF-": "a PDF; save its table as CSV (UTF-8)",
}

#: Name of the first member of a workbook that is a zip file, and what to do about that.
_WORKBOOK: Final = b"[Content_Types].xml"
_SHEET: Final = "an Excel workbook; {}save it as CSV (UTF-8)"

#: Also possible where a mapping may be given.
_BY_MAPPING: Final = "load it by a mapping, which openhours inspect FILE proposes, or "


def unpacked(
    stream: Any, name: str, limits: Limits, *, is_utf8: bool = True, may_be_mapped: bool = True
) -> Iterator[bytes]:
    """The plain bytes of a file without its byte order mark, in pieces of about 1 MiB.

    Args:
        stream: the raw bytes, by ``read(n)``.
        name: of the file, for messages.
        limits: of its size.
        is_utf8: whether it must be text in UTF-8; without that its bytes come as they are.
        may_be_mapped: whether a mapping could read what is no CSV, for messages.

    Raises:
        RejectedFile: the compression is not supported, or the file is damaged, too large, or not text.
    """
    read_bytes = 0

    def read() -> bytes:
        nonlocal read_bytes
        piece: bytes = stream.read(PIECE_BYTES)
        read_bytes += len(piece)
        return piece

    head, raw = _begun(iter(read, b""))
    packed = head.startswith(GZIP)
    if packed:
        head, raw = _begun(_gunzipped(raw, name))
        if head.startswith(GZIP):
            raise refusal("bad_gzip", f"{name} is a gzip file inside a gzip file; compress it once.")
    if is_utf8:
        _require_text(head, name, advice=_BY_MAPPING if may_be_mapped else "")
    size = 0
    for piece in raw:
        plain = piece if size or not is_utf8 else piece.removeprefix(BOM)
        size += len(piece)
        if size > limits.max_unpacked_bytes:
            is_too_large = "unpacks to more" if packed else "is larger"
            raise refusal("too_large", f"{name} {is_too_large} than {limits.max_unpacked_bytes:,} bytes.")
        if packed:
            limits.require_modest(name, read_bytes=read_bytes, unpacked_bytes=size)
        yield plain


def _begun(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all pieces, including those bytes."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD_BYTES:
            break
    return head[:_HEAD_BYTES], chain([head], pieces)


def _gunzipped(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Unpack any number of gzip members; zeros after one are padding."""
    member, packed = zlib.decompressobj(wbits=_GZIP_WINDOW), b""
    slices = (piece[at : at + SLICE_BYTES] for piece in pieces for at in range(0, len(piece), SLICE_BYTES))
    try:
        while packed := packed or next(slices, b""):
            if member.eof:
                packed = packed.lstrip(b"\0")
                if not packed:
                    continue
                if not GZIP.startswith(packed[:2]):
                    raise refusal("bad_gzip", f"{name} has bytes after its gzip data that are not gzip.")
                member = zlib.decompressobj(wbits=_GZIP_WINDOW)
            yield member.decompress(packed, PIECE_BYTES)
            packed = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error as error:
        raise refusal("bad_gzip", f"{name} is a damaged gzip file: it cannot be unpacked to its end.") from error
    if not member.eof:
        raise refusal("bad_gzip", f"{name} is a damaged gzip file: it ends too early; was all of it sent?")


def _require_text(head: bytes, name: str, *, advice: str) -> None:
    if encoding := _encoding(head):
        raise refusal("wrong_encoding", f"{name} is {encoding} text; save the file as UTF-8.")
    for beginning, what in _FORMATS.items():
        if head.startswith(beginning):
            is_workbook = beginning.startswith(b"PK") and head[30:].startswith(_WORKBOOK)
            named = (_SHEET if is_workbook else what).format(advice)
            raise refusal("wrong_format", f"{name} is not a CSV but {named}.")


def _encoding(head: bytes) -> str | None:
    """The encoding of a text that is not UTF-8, by its byte order mark, or by every other byte being NUL."""
    marked = next((encoding for mark, encoding in _ENCODINGS.items() if head.startswith(mark)), None)
    without_mark = len(head) >= 4 and (head[0:4:2] == b"\0\0") != (head[1:4:2] == b"\0\0")
    return marked or ("UTF-16" if without_mark else None)
