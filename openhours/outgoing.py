"""A file on its way to the server: its SHA-256, what the server is told of it, its bytes block by block."""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openhours.errors import InvalidInput

#: A file is hashed in blocks of this size, bytes.
_HASHED_BYTES: Final = 1 << 20

#: A file is sent in blocks of this size, bytes.
BLOCK_BYTES: Final = 1 << 18

#: Called with the number of bytes that are done.
Sent = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file to send.

    Attributes:
        sha256: of its bytes, hexadecimal.
        metadata: what the server is told of it.
    """

    path: Path
    size_bytes: int
    sha256: str
    metadata: Mapping[str, str]

    def fingerprint(self, server: str) -> str:
        """What an upload of these bytes with these options to that server is remembered by."""
        told = {name: value for name, value in self.metadata.items() if name != "filename"} | {"server": server}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def header(self) -> str:
        """``Upload-Metadata``: names and values in Base64, separated by commas."""
        return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in self.metadata.items())

    def blocks(self, offset: int, *, sent: Sent) -> Iterator[bytes]:
        """The bytes from an offset on.

        Raises:
            InvalidInput: there are fewer than there were.
        """
        with self.path.open("rb") as source:
            source.seek(offset)
            left = self.size_bytes - offset
            while left:
                block = source.read(min(BLOCK_BYTES, left))
                if not block:
                    raise InvalidInput(f"{self.path} has become shorter while it was sent; start again.")
                left -= len(block)
                yield block
                sent(self.size_bytes - left)


def outgoing(path: Path, *, kind: str, options: Mapping[str, str], read: Sent, shown_as: str | None = None) -> Outgoing:
    """Look at a file before it is sent.

    Args:
        path: where it is.
        kind: dataset kind.
        options: how it is to be checked, as text: ``on_error``, ``max_errors``, ``columns``, ``force``.
        read: called with the number of bytes that have been looked at.
        shown_as: what the server is to call it, when it is not the name of the file.
    """
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_HASHED_BYTES):
            digest.update(block)
            size_bytes += len(block)
            read(size_bytes)
    sha256 = digest.hexdigest()
    told = {"filename": shown_as or _shown_name(path), "kind": kind, "sha256": sha256, **options}
    return Outgoing(path, size_bytes, sha256, told)


def _shown_name(path: Path) -> str:
    """The name of a file as it can be shown: it may have bytes that are no text, and characters that cannot be seen."""
    text = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
