"""Random words that depend on nothing but a seed and a number: splitmix64 (Steele, Lea, Flood: OOPSLA 2014)."""

import hashlib
from math import exp
from statistics import NormalDist
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


def happens(words: Words, first: int, percent: float) -> npt.NDArray[np.bool_]:
    """Whether what happens so often does, by the 16 bits of each word from bit ``first`` on."""
    return bits(words, first, 16) < round(percent * (1 << 16) / 100)


def lognormal(median: float, sigma: float) -> npt.NDArray[np.int64]:
    """Whole numbers, int64[257], between which ``draw`` draws: quantiles of a log-normal distribution.

    They are rounded, so that the last digit of a machine's exponential function does not matter.
    """
    normal = NormalDist(0, sigma)
    return np.array([round(median * exp(normal.inv_cdf((place + 0.5) / 257))) for place in range(257)], np.int64)


def draw(words: Words, first: int, quantiles: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A value of the distribution for each word, by its 16 bits from bit ``first`` on."""
    place, rest = np.divmod(bits(words, first, 16), 1 << 8)
    below = quantiles[place]
    drawn: npt.NDArray[np.int64] = below + ((quantiles[place + 1] - below) * rest >> 8)
    return drawn
