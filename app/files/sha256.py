"""The SHA-256 of files."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

#: Bytes of a file that are hashed at a time.
_BLOCK: Final = 1 << 20


def sha256_of(path: Path, *, read: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file, hexadecimal; ``read`` is called with the number of bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            read(done)
    return digest.hexdigest()
