"""The tails that this replica stored lately: the part that begins with them need not read them back.

A tail never changes and no two have the same key, so what is kept here is what S3 has, or has lost.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

#: Bytes that a replica keeps: the tails of a few uploads.
MOST_BYTES: Final = 32 << 20


class RecentTails:
    """Tails by key; the oldest are given up when there are too many. For all requests of a replica."""

    def __init__(self) -> None:
        self._tails: OrderedDict[str, bytes | bytearray] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | bytearray | None:
        """The bytes of a tail; None if they must be read."""
        with self._lock:
            return self._tails.get(key)

    def put(self, key: str, tail: bytes | bytearray) -> None:
        """Keep a tail, which nobody changes any more."""
        with self._lock:
            self._tails[key] = tail
            self._bytes += len(tail)
            while self._bytes > MOST_BYTES:
                self._bytes -= len(self._tails.popitem(last=False)[1])

    def forget(self, keys: Iterable[str]) -> None:
        """Give up tails that are in a part now."""
        with self._lock:
            for key in keys:
                self._bytes -= len(self._tails.pop(key, b""))
