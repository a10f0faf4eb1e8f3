"""What texts of a file mean, remembered from block to block: a file may have any number of them, of any length."""

from collections.abc import Mapping
from sys import getsizeof
from typing import Any, Final

#: What is remembered at most, bytes: the keys of some 75,000 stores.
LIMIT_BYTES: Final = 16 << 20

#: What an entry takes beside its text: its place in a dictionary that has just grown, and its value, bytes.
ENTRY_BYTES: Final = 140


class Memory:
    """Dictionaries that share a bound; all of them are emptied before it is exceeded."""

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []
        self._bytes = 0

    def part(self) -> dict[str, Any]:
        """One more dictionary, empty; to be filled by ``keep`` alone."""
        part: dict[str, Any] = {}
        self._parts.append(part)
        return part

    def keep(self, part: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Remember values in that part by their texts, which are new there; more than the bound at once are not."""
        size = sum(map(getsizeof, values)) + ENTRY_BYTES * len(values)
        if self._bytes + size > LIMIT_BYTES:
            for one in self._parts:
                one.clear()
            self._bytes = 0
        if size <= LIMIT_BYTES:
            part.update(values)
            self._bytes += size
