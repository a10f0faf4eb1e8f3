"""Items in states hour by hour, against asking of every minute which state it is in."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import HOUR, MISSING
from app.timeline.states import counts, hours_of_states, monotone

MINUTE = HOUR // 60
STATES = 4

#: Minutes after the epoch of each state's beginning; the last one is always known.
BEGINS = st.lists(
    st.tuples(*[st.none() | st.integers(0, 400)] * (STATES - 1), st.integers(0, 400)), min_size=1, max_size=6
)


def state_at(minute: int, begins: tuple[int | None, ...]) -> int:
    """The last state whose beginning has been reached, -1 before any."""
    return max((state for state, at in enumerate(begins) if at is not None and at <= minute), default=-1)


def state_of_hour(hour: int, begins: tuple[int | None, ...], until: int) -> int:
    lasts = Counter(state_at(minute, begins) for minute in range(hour * 60, min(hour * 60 + 60, until)))
    return min(lasts, key=lambda state: (-lasts[state], state))


def array(begins: list[tuple[int | None, ...]]) -> np.ndarray:
    return np.array([[MISSING if at is None else at * MINUTE for at in item] for item in begins], np.int64)


@given(begins=BEGINS, data=st.data())
def test_counts_agree_with_asking_every_minute(begins: list[tuple[int | None, ...]], data: st.DataObject) -> None:
    group = data.draw(st.lists(st.integers(0, 1), min_size=len(begins), max_size=len(begins)))
    until = data.draw(st.integers(max(at for item in begins for at in item if at is not None), 480))
    hours = hours_of_states(monotone(array(begins)), until=until * MINUTE)
    got = counts(np.array(group), hours, groups=2, first=0, last=8)
    assert got.shape == (STATES - 1, 2, 8)
    for hour in range(-(-until // 60)):
        for number in range(2):
            ours = [item for item, of in zip(begins, group, strict=True) if of == number]
            found = Counter(state_of_hour(hour, item, until) for item in ours)
            assert got[:, number, hour].tolist() == [found[state] for state in range(STATES - 1)]


@given(begins=BEGINS)
def test_a_state_is_over_when_a_later_one_begins(begins: list[tuple[int | None, ...]]) -> None:
    got = monotone(array(begins)) // MINUTE
    for item, reached in zip(begins, got.tolist(), strict=True):
        assert all(earlier <= later for earlier, later in pairwise(reached))
        assert reached == [min(at for at in item[state:] if at is not None) for state in range(STATES)]
