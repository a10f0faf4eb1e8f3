"""The SHA-256 of files and streams."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

#: Bytes of a file that are hashed at a time.
_BLOCK: Final = 1 << 20


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes: ...


def sha256_of(path: Path, *, read: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file, hexadecimal; ``read`` is called with the number of bytes read so far."""
    with path.open("rb") as file:
        return sha256_of_stream(file, read=read)


def sha256_of_stream(stream: Readable, *, read: Callable[[int], None] = lambda _: None) -> str:
    """The same of what is left of a stream."""
    digest, done = hashlib.sha256(), 0
    while block := stream.read(_BLOCK):
        digest.update(block)
        done += len(block)
        read(done)
    return digest.hexdigest()
