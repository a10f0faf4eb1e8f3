"""The words are those of splitmix64, each by itself."""

import numpy as np
import pytest

from app.demo_data.dice import bits, draw, happens, lognormal, roll, state

#: The first outputs of splitmix64 from this seed, as published with implementations in many languages.
SEED = 1234567
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_the_words_are_those_of_splitmix64() -> None:
    assert roll(np.array([SEED], np.uint64), np.arange(1, 6)).tolist() == PUBLISHED


def test_a_word_depends_on_its_state_and_number_alone() -> None:
    states = np.array([SEED, SEED + 1, SEED], np.uint64)
    assert roll(states, np.array([4, 4, 2])).tolist()[0::2] == [PUBLISHED[3], PUBLISHED[1]]


def test_negative_numbers_come_before_the_first() -> None:
    later = roll(np.array([SEED], np.uint64), np.arange(-3, 3))
    assert later.tolist()[4:] == PUBLISHED[:2]
    assert len(set(later.tolist())) == 6


def test_every_seed_and_purpose_has_a_sequence_of_its_own() -> None:
    states = {int(state(seed, purpose)[0]) for seed in (0, 1, -1, 10, 2**70) for purpose in ("ids", "zones", "")}
    assert len(states) == 15


@pytest.mark.parametrize(
    ("first", "count", "expected"), [(0, 4, 0xF), (4, 8, 0xDE), (60, 4, 0x1), (32, 32, 0x12345678)]
)
def test_bits_are_cut_out_of_a_word(first: int, count: int, expected: int) -> None:
    assert bits(np.array([0x123456789ABCDDEF], np.uint64), first, count).tolist() == [expected]


def test_what_happens_so_often_does() -> None:
    words = roll(np.array([SEED], np.uint64), np.arange(100_000))
    assert 0.009 < happens(words, 16, 1).mean() < 0.011
    assert not happens(words, 0, 0).any()
    assert happens(words, 48, 100).all()


def test_drawn_values_have_the_median_and_the_spread_of_the_distribution() -> None:
    words = roll(np.array([SEED], np.uint64), np.arange(100_000))
    drawn = draw(words, 32, lognormal(1000, 0.5))
    # Of a normal distribution 15.9 % lie below one deviation from the middle: 1000 x e^-0.5 and 1000 x e^0.5.
    low, middle, high = np.percentile(drawn, [15.87, 50, 84.13]).tolist()
    assert (round(low / 10), round(middle / 10), round(high / 10)) == pytest.approx((61, 100, 165), abs=2)
    assert drawn.min() > 200
