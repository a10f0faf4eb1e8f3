"""Cursors over lists that change while they are read: nothing is lost, whatever happens between two requests."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.cursors.place import Place
from app.sources.cursors.registry import next_step
from app.sources.stream import Stream, read_stream
from tests.sources.shifting import Branch, Reading, ShiftingList, lived_through
from tests.strategies import examples

SEEDS = st.integers(0, 2**32 - 1)


def stream(cursor: dict[str, Any], key: str = "id", **params: str) -> Stream:
    return read_stream(
        {
            "stream": "things",
            "request": {"path": "/repositories/{repo_id}/things", "params": params},
            "cursor": cursor,
            "key": key,
            "rows": [{"into": "things", "columns": {"rev": "rev"}}],
        }
    )


NEWEST_FIRST = stream({"kind": "newest_first", "field": "updated_at"}, sort="updated", direction="desc")
SINCE = stream({"kind": "since", "field": "updated_at"}, sort="updated", direction="asc")
WINDOWS = stream({"kind": "windows", "most": 40, "again_days": 400})
ALL = stream({"kind": "all"})
CHANGED = stream({"kind": "all", "changed": "updated_at"})
SNAPSHOT = stream({"kind": "snapshot", "every_hours": 1})
COMMITS = stream({"kind": "commits"}, key="sha")


def truth(model: ShiftingList) -> dict[int, int]:
    return {key: item["rev"] for key, item in model.items.items()}


@pytest.mark.parametrize("of", [NEWEST_FIRST, SINCE, WINDOWS, ALL, CHANGED], ids=lambda of: of.cursor.kind)
@given(seed=SEEDS)
@settings(max_examples=examples(60))
def test_after_two_quiet_syncs_everything_is_known_as_it_is(of: Stream, seed: int) -> None:
    random = Random(seed)
    model = ShiftingList(random, stays=True)
    assert lived_through(of, random, model).known == truth(model)


@pytest.mark.parametrize("of", [SINCE, WINDOWS, ALL, CHANGED], ids=lambda of: of.cursor.kind)
@given(seed=SEEDS)
@settings(max_examples=examples(60))
def test_what_leaves_a_list_takes_nothing_else_with_it(of: Stream, seed: int) -> None:
    random = Random(seed)
    model = ShiftingList(random, stays=False)
    known = lived_through(of, random, model).known
    assert {key: known.get(key) for key in model.items} == truth(model)


@given(seed=SEEDS)
@settings(max_examples=examples(150))
def test_of_a_branch_all_commits_are_known_and_none_that_a_force_push_has_dropped(seed: int) -> None:
    random = Random(seed)
    branch = Branch(random)
    known = lived_through(COMMITS, random, branch).known
    assert set(known) == set(branch.reached(branch.head))


@pytest.mark.parametrize("of", [NEWEST_FIRST, SINCE, WINDOWS, CHANGED, COMMITS], ids=lambda of: of.cursor.kind)
@given(seed=SEEDS)
@settings(max_examples=examples(15))
def test_a_quiet_sync_is_one_request_and_makes_no_record(of: Stream, seed: int) -> None:
    random = Random(seed)
    model: Any = Branch(random) if of is COMMITS else ShiftingList(random, stays=True)
    if not isinstance(model, Branch):
        model.items = dict(list(model.items.items())[:5])  # a page
        for item in model.items.values():
            item["status"] = "completed"
    reading = lived_through(of, random, model, syncs=0)
    step = next_step(of, reading.place, model, model.now)
    assert step.is_complete
    assert not step.taken


def test_since_never_asks_for_1970() -> None:
    asked: list[Any] = []

    class Spy(ShiftingList):
        def __call__(self, params: Any, **others: Any) -> Any:
            asked.append(dict(params))
            return super().__call__(params, **others)

    random = Random(1)
    lived_through(SINCE, random, Spy(random, stays=True))
    assert "since" not in asked[0]
    assert all(params["since"] > "2026" for params in asked if "since" in params)


def test_a_snapshot_is_taken_once_in_its_hours() -> None:
    random = Random(1)
    model = ShiftingList(random, stays=True)
    model.is_quiet = True
    reading = Reading(SNAPSHOT, model, random)
    reading.sync(is_cut=False)
    asked = model.requests
    assert reading.known == truth(model)
    reading.sync(is_cut=False)
    assert model.requests == asked


@pytest.mark.parametrize("tells_all", [True, False])
def test_a_list_is_read_again_although_it_is_unchanged_if_its_children_may_have_changed(*, tells_all: bool) -> None:
    random = Random(1)
    model = ShiftingList(random, stays=True)
    model.is_quiet = True
    model.items = dict(list(model.items.items())[:5])  # a page
    of = stream({"kind": "snapshot", "every_hours": 1, "etag": tells_all})
    place = next_step(of, Place(), model, model.now).place
    model.now += timedelta(hours=2)
    step = next_step(of, place, model, model.now)
    assert step.is_complete
    assert len(step.taken) == (0 if tells_all else len(model.items))


def test_a_backfill_goes_on_where_it_was_stopped() -> None:
    random = Random(5)
    model = ShiftingList(random, stays=True)
    model.is_quiet = True
    place, pages = Place(), 0
    while not (step := next_step(NEWEST_FIRST, place, model, model.now)).is_complete:
        place, pages = step.place, pages + 1
    assert pages + 1 == model.requests == -(-len(model.items) // 5)
    assert step.place.watermark == model.now
