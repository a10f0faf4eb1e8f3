"""Reading the raw layer, which stores every file unchanged."""

import hashlib
import io
from typing import Any, BinaryIO, Final, cast

from app.storage.object_store import ObjectStore

#: Read at a time when only hashing, bytes.
_BLOCK: Final = 1 << 20


class RawSource:
    """The bytes of a dataset from the raw layer, and their SHA-256 once they have been read to the end.

    Attributes:
        name: the file's own name, for messages.
        read_bytes: of the latest stream, so far.
    """

    def __init__(self, store: ObjectStore, key: str, *, name: str) -> None:
        self.name = name
        self.read_bytes = 0
        self._store = store
        self._key = key
        self._sha256: str | None = None

    def open(self) -> BinaryIO:
        """A stream from the first byte. Raises ObjectStoreUnavailable, and so do its reads."""
        self.read_bytes = 0
        return cast(BinaryIO, _Hashed(self, self._store.read(self._key)))

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
        """Record that all bytes were read."""
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
