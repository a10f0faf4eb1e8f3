"""A bounded cache of parsed texts: a file may have any number of them, of any length."""

from collections.abc import Mapping
from sys import getsizeof
from typing import Any, Final

#: Size of an entry in addition to its text: its slot in a dictionary that has just grown, and its value, bytes.
ENTRY_BYTES: Final = 140


class Memory:
    """A limit, in bytes, shared by dictionaries that only ``keep`` fills.

    Once it is full, nothing more is kept. Nothing is evicted: in a log, every store occurs again and again, and
    an evicted one would have to be looked up again.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._left_bytes = limit_bytes

    def keep(self, part: dict[str, Any], values: Mapping[str, Any]) -> bool:
        """Add new texts and their values to that dictionary, all of them or none; returns whether it did."""
        size_bytes = sum(map(getsizeof, values)) + ENTRY_BYTES * len(values)
        if size_bytes > self._left_bytes:
            return False
        part.update(values)
        self._left_bytes -= size_bytes
        return True
