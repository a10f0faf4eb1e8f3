"""Polls in the order of their table: as a dictionary gives them, whatever runs they are sorted in."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.series import poll_sorting
from app.series.poll_sorting import POLL, PollSorter, counting, week_of
from app.timeline import DAY
from tests.engine import array
from tests.strategies import examples

MONDAY = 1_673_827_200_000_000  # 2023-01-16
WEEK = 7 * DAY

#: Instants of which many fall together, or into the same 128 microseconds.
INSTANTS = st.integers(0, 3).map(lambda n: MONDAY + n) | st.integers(-WEEK, 2 * WEEK).map(lambda n: MONDAY + n)
POLLS = st.lists(
    st.tuples(INSTANTS, st.integers(1, 4) | st.integers(2**31 - 2, 2**31 - 1), st.integers(0, 2)), max_size=30
)

Poll = tuple[int, int, int]


@contextmanager
def sorted_in(run_polls: int, read_polls: int, blocks: list[list[Poll]]) -> Iterator[PollSorter]:
    with pytest.MonkeyPatch.context() as patch, closing(PollSorter()) as sorter:
        patch.setattr(poll_sorting, "RUN_POLLS", run_polls)
        patch.setattr(poll_sorting, "READ_POLLS", read_polls)
        for block in blocks:
            if block:
                at, entity_id, status = (array(column) for column in zip(*block, strict=True))
                sorter.add(at, entity_id, status)
        yield sorter


def given_by(sorter: PollSorter) -> dict[int, list[tuple[Poll, bool]]]:
    """Each poll of a week, and whether it counts."""
    given: dict[int, list[tuple[Poll, bool]]] = {}
    for monday in sorter.weeks():
        given[monday] = []
        for polls in sorter.of_week(monday):
            assert polls.dtype == POLL
            given[monday] += zip(polls.tolist(), counting(polls).tolist(), strict=True)
    return given


def expected(polls: list[Poll]) -> dict[int, list[tuple[Poll, bool]]]:
    """The same from a dictionary that remembers when each status was said last."""
    said: dict[tuple[int, int], list[int]] = {}
    for at, entity_id, status in polls:
        others = [other for other in said.get((entity_id, at), []) if other != status]
        said[entity_id, at] = [*others, status]
    weeks: dict[int, list[tuple[Poll, bool]]] = {}
    for (entity_id, at), statuses in sorted(said.items()):
        monday = MONDAY + (at - MONDAY) // WEEK * WEEK
        weeks.setdefault(monday, [])
        weeks[monday] += [((at, entity_id, status), status == statuses[-1]) for status in statuses]
    return dict(sorted(weeks.items()))


@settings(max_examples=examples(300))
@given(st.lists(POLLS, max_size=4), st.sampled_from([1, 2, 7, 1000]), st.sampled_from([1, 3, 100]))
@example([[(MONDAY, 1, 0)] * 9, [(MONDAY, 1, 1)] * 9, [(MONDAY, 1, 0), (MONDAY + 1, 1, 0)]], 1, 1)
@example([[(MONDAY + 127, 1, 0), (MONDAY, 1, 1)], [(MONDAY + 1, 1, 0), (MONDAY + 128, 1, 2)]], 1, 1)
@example([], 1, 1)
def test_polls_come_sorted_with_the_last_of_each_instant_behind_what_it_contradicts(
    blocks: list[list[Poll]], run_polls: int, read_polls: int
) -> None:
    polls = [poll for block in blocks for poll in block]
    with sorted_in(run_polls, read_polls, blocks) as sorter:
        assert given_by(sorter) == expected(polls)
        assert given_by(sorter) == expected(polls)  # a second time, too
        assert sorter.entity_ids().tolist() == sorted({entity_id for _, entity_id, _ in polls})
        for monday, (first, last) in sorter.weeks().items():
            here = [at for at, _, _ in polls if monday <= at < monday + WEEK]
            assert (first, last) == (min(here), max(here))


@settings(max_examples=examples(100))
@given(st.lists(POLLS, max_size=3), st.sampled_from([1, 5, 1000]))
def test_polls_of_entities_that_get_another_id_are_the_same_else(blocks: list[list[Poll]], run_polls: int) -> None:
    ids = {1: 30, 4: 2**31 - 3}
    polls = [(at, ids.get(entity_id, entity_id), status) for block in blocks for at, entity_id, status in block]
    with sorted_in(run_polls, 2, blocks) as sorter, closing(sorter.replaced(ids)) as replaced:
        assert given_by(replaced) == expected(polls)


def test_instants_are_of_the_week_that_begins_on_a_monday_at_midnight() -> None:
    at = array([MONDAY, MONDAY - 1, MONDAY + WEEK - 1, 0, 4 * DAY])
    assert week_of(at).tolist() == [MONDAY, MONDAY - WEEK, MONDAY, -3 * DAY, 4 * DAY]


def test_no_more_than_a_run_is_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll_sorting, "RUN_POLLS", 100)
    monkeypatch.setattr(poll_sorting, "READ_POLLS", 10)
    with closing(PollSorter()) as sorter:
        for number in range(20):
            at = MONDAY + np.random.default_rng(number).permutation(100) * 20 + number
            sorter.add(at, np.full(100, 7), np.ones(100, np.int8))
        blocks = list(sorter.of_week(*sorter.weeks()))
    assert sum(map(len, blocks)) == 2000
    assert max(map(len, blocks)) <= 20 * 2 * 10
