"""What may have come before: everything that has, and little else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.bloom import BITS, BloomFilter
from tests.strategies import examples

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(-(2**62), 2**62) | st.integers(0, 5)), max_size=20)


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([first for first, _ in pairs], np.int64), np.array([second for _, second in pairs], np.int64)


@settings(max_examples=examples(100))
@given(st.lists(PAIRS, max_size=5), st.sampled_from([64, 1024, BITS]))
def test_of_each_pair_all_but_the_first_are_seen(blocks: list[list[tuple[int, int]]], bits: int) -> None:
    found, before = BloomFilter(bits), set()
    for block in blocks:
        suspected = found.seen(*columns(block)).tolist()
        for pair, is_suspected in zip(block, suspected, strict=True):
            assert is_suspected or pair not in before
            before.add(pair)


def test_of_a_hundred_thousand_pairs_few_are_suspected_for_nothing() -> None:
    entity, at = np.divmod(np.arange(100_000), 100)
    suspected = BloomFilter().seen(entity, 1_700_000_000_000_000 + at * 300_000_000)
    assert suspected.sum() < 400  # one in 1,300 is to be expected, and the pair that it is taken for
