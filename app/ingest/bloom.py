"""A Bloom filter (Bloom, CACM 1970) with one bit for each item: which items may have come before."""

from typing import Final

import numpy as np
import numpy.typing as npt

#: Bits of a filter, 8 MB: of two million items one in seventy is suspected for nothing, of twenty million one in eight.
BITS: Final = 1 << 26

_FACTORS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))


class BloomFilter:
    """Pairs of whole numbers that have been seen; it forgets none, and takes some for seen that are not."""

    def __init__(self, bits: int = BITS) -> None:
        """``bits``: a power of two, at least 64."""
        self._words = np.zeros(bits // 64, np.uint64)
        self._mask = np.uint64(bits - 1)

    def seen(self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each pair may have come before, or comes twice in this block; from now on all of them have."""
        place = self._places(first, second)
        word, bit = (place >> np.uint64(6)).astype(np.int64), np.uint64(1) << (place & np.uint64(63))
        found: npt.NDArray[np.bool_] = (self._words[word] & bit) != 0
        np.bitwise_or.at(self._words, word, bit)
        in_order = np.sort(place)
        twice = in_order[1:][in_order[1:] == in_order[:-1]]
        return found | np.isin(place, twice) if len(twice) else found

    def _places(self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
        """The bit of each pair: its numbers multiplied and folded, as splitmix64 does."""
        mixed = first.astype(np.uint64) + second.astype(np.uint64) * _FACTORS[0]
        mixed ^= mixed >> np.uint64(30)
        mixed *= _FACTORS[1]
        mixed ^= mixed >> np.uint64(31)
        return mixed & self._mask
