"""Which classes may begin another job, by the default shares."""

import pytest

from app.jobs.kind import JobClass
from app.jobs.shares import Shares
from app.settings import SLOT_SHARES

REPORT, LOAD, SMALL = JobClass.REPORT, JobClass.LOAD, JobClass.SMALL_LOAD


@pytest.mark.parametrize(
    ("slots", "busy", "open_ones", "full_ones"),
    [
        (1, {}, {REPORT, LOAD, SMALL}, set()),
        (1, {LOAD: 1}, set(), {REPORT, LOAD, SMALL}),
        (2, {LOAD: 1}, {REPORT, SMALL}, {LOAD}),
        (2, {SMALL: 1}, {REPORT}, {LOAD, SMALL}),
        (2, {REPORT: 1}, {REPORT, LOAD, SMALL}, set()),
        (8, {LOAD: 4}, {REPORT, SMALL}, {LOAD}),
        (8, {LOAD: 4, SMALL: 2}, {REPORT}, {LOAD, SMALL}),
        (8, {SMALL: 2}, {REPORT, LOAD}, {SMALL}),
        (8, {LOAD: 4, REPORT: 4}, set(), {REPORT, LOAD, SMALL}),
    ],
)
def test_small_loads_have_a_most_and_may_use_what_is_kept_for_reports(
    slots: int, busy: dict[JobClass, int], open_ones: set[JobClass], full_ones: set[JobClass]
) -> None:
    found = Shares(slots, SLOT_SHARES).open(busy)
    assert open_ones <= found
    assert not full_ones & found
