"""What a sample comes to before anybody counts it."""

from datetime import date

import numpy as np

from app.flow.review_times import ReviewTimes
from app.flow.samples import observe
from app.timeline import MISSING
from tests.engine import array

NAN = float("nan")

DAY = (date(2023, 1, 14) - date(1970, 1, 1)).days

NAMES = {1: "web", 2: "=Data", 3: "nobody"}


def sample(*rows: tuple[float, float, int, int]) -> ReviewTimes:
    review, merge, day, team = zip(*rows, strict=True) if rows else ((), (), (), ())
    return ReviewTimes(np.array(review, float), np.array(merge, float), array(day), array(team))


def test_a_total_is_known_where_both_of_its_parts_are() -> None:
    found = observe(sample((1, 2, DAY, 1), (NAN, 2, DAY, 1), (1, NAN, DAY, 1), (0, 0, DAY, 1)), NAMES)
    np.testing.assert_array_equal(found.durations["total_time"], [3, NAN, NAN, 0])
    assert found.table["total_time"].to_pylist() == [3, None, None, 0]


def test_what_took_no_time_or_is_not_known_is_an_outlier() -> None:
    found = observe(sample((1, 2, DAY, 1), (0, 2, DAY, 1), (1, 0, DAY, 1), (NAN, 2, DAY, 1), (1, NAN, DAY, 1)), NAMES)
    assert found.ordinary.tolist() == [True, False, False, False, False]
    assert (found.without_review, found.without_ci) == (1, 1)
    assert found.missing == {"review_time": 1, "merge_time": 1, "date": 0, "team": 0}


def test_teams_are_those_that_have_rows_by_name_and_are_marked_in_the_table_alone() -> None:
    found = observe(sample((1, 2, DAY, 1), (1, 2, MISSING, 0), (1, 2, DAY + 1, 2)), NAMES)
    assert found.teams == ["=Data", "web"]
    assert found.team.tolist() == [1, -1, 0]
    assert found.table["team"].to_pylist() == ["web", None, "'=Data"]
    assert found.table["date"].to_pylist() == [date(2023, 1, 14), None, date(2023, 1, 15)]
    assert (found.begin, found.end) == ("2023-01-14T00:00:00", "2023-01-15T00:00:00")


def test_a_sample_may_have_no_dates_and_no_rows() -> None:
    undated = observe(sample((1, 2, MISSING, 1)), NAMES)
    assert (undated.begin, undated.end, undated.missing["date"]) == (None, None, 1)
    empty = observe(sample(), NAMES)
    assert (len(empty), empty.teams, empty.begin) == (0, [], None)
