"""Waiting for a first review: what came of it, and the median that does not forget who still waits."""

from fractions import Fraction
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow.clocks import CLOCKS
from app.flow.course import AGE, UNANSWERED
from app.flow.grouping import Grouping
from app.flow.groups import groups_of
from app.flow.open_ones import WAITING_FOR, open_ones
from app.flow.waits import kaplan_meier_medians
from tests.engine import micros
from tests.flow.cases import REPOS, FlowCase, course_of, flow_case, zone_of
from tests.reference import pull_request_phases as reference
from tests.reference import pull_request_states as states
from tests.strategies import examples

#: Few different times, so that reviews and ends tie.
WAITS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=12)


def median(waits: list[tuple[int, bool]]) -> float | None:
    seconds = np.array([time for time, _ in waits], float)
    came = np.array([came for _, came in waits], bool)
    found = float(kaplan_meier_medians(seconds, came, np.zeros(len(waits), np.int64), groups=1)[0])
    return None if isnan(found) else found


@given(waits=WAITS)
@settings(max_examples=examples(300))
def test_the_median_agrees_with_the_definition(waits: list[tuple[int, bool]]) -> None:
    assert median(waits) == reference.kaplan_meier_median([(Fraction(time), came) for time, came in waits])


@pytest.mark.parametrize("count", [2, 3, 1_000, 1_001, 99_999])
def test_the_median_of_many_that_were_all_reviewed_is_the_one_in_the_middle(count: int) -> None:
    # The first by which half or more have been reviewed: of three the second, of two the first.
    assert median([(time, True) for time in range(1, count + 1)]) == -(-count // 2)


@given(case=flow_case())
@settings(max_examples=examples(60))
def test_how_long_each_waited_agrees_with_the_reference(case: FlowCase) -> None:
    course = course_of(case)
    found = course.first_review
    for row, pull in enumerate(case.pulls):
        wait = reference.wait_for_review(pull, case.windows_of(pull.team), zone_of(case, pull), case.as_of)
        came = bool(found.came[row])
        unanswered = bool(found.ended[row] or found.waits[row])
        assert (came or unanswered) == (wait is not None)
        if wait is not None:
            seconds = course.seconds["working"]["pickup_time" if came else UNANSWERED][row]
            assert (Fraction(round(seconds * 1_000_000), 1_000_000), came) == wait
            assert bool(found.waits[row]) == (not came and reference.end(pull) is None)


@given(case=flow_case())
@settings(max_examples=examples(40))
def test_the_figures_of_groups_agree_with_the_reference(case: FlowCase) -> None:
    course = course_of(case)
    number = np.arange(len(case.pulls)) % 3
    found = groups_of(course, Grouping(["a", "b", None], number))
    for group in range(3):
        own = [pull for row, pull in enumerate(case.pulls) if number[row] == group]
        waits = [
            wait
            for pull in own
            if (wait := reference.wait_for_review(pull, case.windows_of(pull.team), zone_of(case, pull), case.as_of))
        ]
        assert found.count[group] == len(own)
        assert found.without_review[group] == sum(reference.review(pull) is None for pull in own)
        assert found.without_ci[group] == sum(pull.ci_finished_at is None for pull in own)
        review = found.first_review
        assert review.reviewed[group] == sum(came for _, came in waits)
        assert review.ended[group] + review.waiting[group] == sum(not came for _, came in waits)
        expected = reference.kaplan_meier_median(waits)
        got = review.kaplan_meier_median["working"][group]
        assert isnan(got) if expected is None else got == pytest.approx(float(expected))


@given(case=flow_case())
@settings(max_examples=examples(60))
def test_what_open_ones_wait_for_agrees_with_the_reference(case: FlowCase) -> None:
    found = open_ones(course_of(case))
    expected = {(pull.repo, pull.number): pull for pull in case.pulls if reference.end(pull) is None}
    assert len(found) == len(expected)
    created = found.course.at.created.tolist()
    assert created == sorted(micros(pull.created_at) for pull in expected.values())
    pulls = found.course.pulls
    for row, key in enumerate(zip(pulls.repo_id.tolist(), pulls.number.tolist(), strict=True)):
        pull = expected[REPOS[key[0]], key[1]]
        waits_for = int(found.waiting_for[row])
        assert (None if waits_for < 0 else WAITING_FOR[waits_for]) == states.waiting_for(pull, case.as_of)
        ages = [found.course.seconds[clock][AGE][row] for clock in CLOCKS[::-1]]
        expected_ages = states.age(pull, case.windows_of(pull.team), zone_of(case, pull), case.as_of)
        assert tuple(Fraction(round(age * 1_000_000), 1_000_000) for age in ages) == expected_ages
