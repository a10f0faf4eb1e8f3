"""Random words that depend on nothing but a seed and a number: splitmix64 (Steele, Lea, Flood: OOPSLA 2014)."""

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

#: 64 random bits each.
Words = npt.NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


def roll(states: Words, numbers: npt.NDArray[np.integer]) -> Words:
    """The word of each number in the sequence that begins at each state; the two are broadcast."""
    words: Words = states + numbers.astype(np.uint64) * _STEP
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words ^= words >> np.uint64(shift)
        words *= np.uint64(factor)
    words ^= words >> np.uint64(31)
    return words


def state(seed: int, purpose: str) -> Words:
    """Where the sequence for a purpose begins, uint64[1]; sequences of different purposes have nothing in common."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return np.frombuffer(digest, "<u8", 1).astype(np.uint64)


def bits(words: Words, first: int, count: int) -> npt.NDArray[np.int64]:
    """Some bits of each word as numbers: ``count`` from bit ``first`` on, fewer than 64."""
    return ((words >> np.uint64(first)) & np.uint64((1 << count) - 1)).astype(np.int64)
