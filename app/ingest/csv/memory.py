"""What texts of a file mean, remembered from block to block: a file may have any number of them, of any length."""

from collections.abc import Mapping
from sys import getsizeof
from typing import Any, Final

#: What an entry takes beside its text: its place in a dictionary that has just grown, and its value, bytes.
ENTRY_BYTES: Final = 140


class Memory:
    """A bound, in bytes, that dictionaries share which are filled by ``keep`` alone.

    What has no room any more is not remembered. Room is never made: in a log every store comes again and again, and
    whatever was forgotten for the next would be looked up anew.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._left_bytes = limit_bytes

    def keep(self, part: dict[str, Any], values: Mapping[str, Any]) -> bool:
        """Remember in that dictionary the values of texts that are new there, all of them or none; returns which."""
        size_bytes = sum(map(getsizeof, values)) + ENTRY_BYTES * len(values)
        if size_bytes > self._left_bytes:
            return False
        part.update(values)
        self._left_bytes -= size_bytes
        return True
