"""Reading a file that is kept as it came: from the raw layer or, while it is on its way there, from this machine."""

import hashlib
import io
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO, Final, cast

from sqlalchemy import Connection

from app.catalogue import records
from app.ingest.pages.source import FOLDER
from app.storage.object_store import ObjectStore

#: Read at a time when only hashing, bytes.
_BLOCK: Final = 1 << 20


def remove(connection: Connection, store: ObjectStore, key: str) -> None:
    """Remove what a dataset had in the raw layer; pages stay while another dataset is made of them, too."""
    if not key.endswith(FOLDER):
        store.remove([key])
    elif not records.prefixes_known(connection, [key]):
        store.remove_below(key)


class RawSource:
    """The bytes of a dataset, and their SHA-256 once somebody has read them to the end.

    Args:
        name: the file's own name, for messages.
        opened: gives a stream from the first byte on.
        kept: returns when the bytes are in the raw layer for good; raises ObjectStoreUnavailable when they are not.

    Attributes:
        read_bytes: of the latest stream, so far.
    """

    def __init__(self, name: str, opened: Callable[[], Any], *, kept: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.read_bytes = 0
        self._opened = opened
        self._kept = kept
        self._sha256: str | None = None

    @classmethod
    def in_store(cls, store: ObjectStore, key: str, *, name: str) -> "RawSource":
        """A file in the raw layer."""
        return cls(name, partial(store.read, key))

    def open(self) -> BinaryIO:
        """A stream from the first byte on. Raises what opening does, and so do its reads."""
        self.read_bytes = 0
        return cast(BinaryIO, _Hashed(self, self._opened()))

    def sha256(self) -> str:
        """SHA-256 of all bytes, hexadecimal; reads them if that has not been done."""
        if self._sha256 is None:
            with self.open() as stream:
                while stream.read(_BLOCK):
                    pass
        assert self._sha256 is not None  # noqa: S101 - set at the end of the stream; this tells the type checker
        return self._sha256

    def note(self, size_bytes: int) -> None:
        """Count bytes that were read."""
        self.read_bytes += size_bytes

    def end(self, sha256: str) -> None:
        """All bytes have been read. Waits here until they are stored: later, the load holds the lock of the merge."""
        self._kept()
        self._sha256 = sha256


class _Hashed(io.RawIOBase):
    """A stream that reports to its source what was read."""

    def __init__(self, source: RawSource, stream: Any) -> None:
        self._source = source
        self._stream = stream
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._stream.read(size)
        if block:
            self._digest.update(block)
            self._source.note(len(block))
        elif size:
            self._source.end(self._digest.hexdigest())
        return block

    def close(self) -> None:
        self._stream.close()
        super().close()
