"""The checksum that a client sends with some bytes, and the bytes until it is verified."""

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.errors import ChecksumMismatch, InvalidUpload, UploadRefused
from app.storage.resources import Resources
from app.uploads import keys
from app.uploads.incoming import Block
from app.uploads.records import Upload
from app.uploads.threads import in_thread

#: Algorithms of Upload-Checksum, with the length of their digests, bytes.
ALGORITHMS: Final = {"sha256": 32, "sha1": 20}


@dataclass(frozen=True, slots=True)
class Checksum:
    """The checksum that the bytes of a request must have."""

    algorithm: str
    digest: bytes

    @classmethod
    def of(cls, header: str) -> "Checksum":
        """Upload-Checksum: the algorithm, a space, the digest in base64.

        Raises:
            UploadRefused: another algorithm.
            InvalidUpload: anything else.
        """
        algorithm, _, encoded = header.partition(" ")
        if algorithm not in ALGORITHMS:
            raise UploadRefused(
                f"Upload-Checksum: the algorithm is {algorithm!r}; allowed are {', '.join(ALGORITHMS)}.",
                allowed=list(ALGORITHMS),
            )
        try:
            digest = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if len(digest) != ALGORITHMS[algorithm]:
            raise InvalidUpload(
                f"Upload-Checksum: {encoded!r} is not {ALGORITHMS[algorithm]} bytes in base64, as {algorithm} has."
            )
        return cls(algorithm, digest)


class Staged:
    """Bytes that are not part of their upload yet: those that do not fit into memory wait in separate objects.

    A part of a multipart upload cannot be taken back: rclone writes it at once.
    """

    def __init__(self, resources: Resources, held: Upload, checksum: Checksum | None) -> None:
        self._store = resources.object_store
        self._held = held
        self._checksum = checksum
        self._digest = hashlib.new(checksum.algorithm) if checksum else None
        self._keys: list[str] = []
        self._block = bytearray()
        self.bytes = 0

    async def take(self, chunk: Block) -> None:
        """The next bytes."""
        self.bytes += len(chunk)
        if self._digest is not None:
            self._digest.update(chunk)
        self._block += chunk
        if len(self._block) >= self._held.part_bytes:
            key = keys.staged_key(self._held.id, self._held.fence, len(self._keys) + 1)
            block, self._block = self._block, bytearray()
            self._keys.append(key)
            await in_thread(partial(self._store.put_bytes, block, key, media_type=keys.BYTES_TYPE))

    def verify(self) -> None:
        """Raise ChecksumMismatch unless the checksum matches."""
        if self._checksum is None or self._digest is None or self._digest.digest() == self._checksum.digest:
            return
        received = base64.b64encode(self._digest.digest()).decode()
        raise ChecksumMismatch(
            f"The {self._checksum.algorithm} of the {self.bytes} bytes received is {received}; none of them was kept. "
            "Send them again."
        )

    async def blocks(self) -> AsyncIterator[Block]:
        """All of them, in order."""
        for key in self._keys:
            yield await in_thread(partial(self._store.get_bytes, key))
        yield self._block

    async def remove(self) -> None:
        """Delete the waiting objects."""
        if self._keys:
            await in_thread(partial(self._store.remove, self._keys))
