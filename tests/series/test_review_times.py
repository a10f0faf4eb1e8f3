"""Samples of review times in Postgres: each is its own, and is read in the order of its file."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from app.flow.review_times import ReviewTimes
from app.series import review_times
from app.series.entities import TEAM
from app.storage.postgres import database_now
from app.storage.resources import Resources
from app.timeline import MISSING
from tests.series.made import ensure_entities

ONE, TWO = "1" * 32, "2" * 32

#: Line, seconds until the review and from there to the merge, date, team.
Row = tuple[int, float | None, float | None, date | None, int | None]


def day(number: int) -> date:
    return date(2023, 1, number)


def replaced(engine: Engine, dataset_id: str, rows: Sequence[Row]) -> int:
    insert = (
        f"INSERT INTO {review_times.STAGED} (dataset_id, line, review_seconds, merge_seconds, observed_on, team_id) "
        "VALUES (:dataset, :line, :review, :merge, :day, :team)"
    )
    names = ("line", "review", "merge", "day", "team")
    with engine.begin() as connection:
        review_times.stage(connection)
        for row in rows:
            connection.execute(text(insert), {"dataset": dataset_id, **dict(zip(names, row, strict=True))})
        return review_times.replace(connection, dataset_id)


def read(engine: Engine, dataset_id: str = ONE, **options: Any) -> ReviewTimes:
    with engine.connect() as connection:
        return review_times.read(connection, dataset_id, **options)


def test_a_sample_replaces_itself_and_no_other(resources: Resources) -> None:
    same = (1, 1.0, 2.0, day(14), None)
    assert replaced(resources.engine, ONE, [same, (2, 1.0, 2.0, day(14), None)]) == 2
    assert replaced(resources.engine, TWO, [same]) == 1
    assert replaced(resources.engine, ONE, [(5, 3.0, 4.0, None, None)]) == 1
    assert read(resources.engine).review_seconds.tolist() == [3.0]
    assert read(resources.engine, TWO).review_seconds.tolist() == [1.0]
    with resources.engine.begin() as connection:
        assert review_times.remove(connection, ONE) == 1
        assert review_times.remove(connection, ONE) == 0
    assert len(read(resources.engine, TWO)) == 1


def test_rows_come_in_the_order_of_their_lines_with_a_mark_where_there_is_nothing(resources: Resources) -> None:
    rows: list[Row] = [(10, 3.0, None, None, None), (9, None, 2.0, day(14), None), (100, 0.0, 0.5, day(13), None)]
    replaced(resources.engine, ONE, rows)
    found = read(resources.engine)
    np.testing.assert_array_equal(found.review_seconds, [np.nan, 3, 0])
    np.testing.assert_array_equal(found.merge_seconds, [2, np.nan, 0.5])
    epoch = date(1970, 1, 1)
    assert found.day.tolist() == [(day(14) - epoch).days, MISSING, (day(13) - epoch).days]
    assert found.team_id.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({}, [1, 2, 3, 4]),
        ({"since": day(15)}, [2, 3]),
        ({"until": day(15)}, [1]),
        ({"since": day(14), "until": day(16)}, [1, 2]),
        ({"since": day(17)}, []),
    ],
)
def test_the_first_date_is_chosen_and_the_last_is_not_nor_is_what_has_none(
    resources: Resources, options: dict[str, Any], lines: list[int]
) -> None:
    days = {1: day(14), 2: day(15), 3: day(16), 4: None}
    replaced(resources.engine, ONE, [(line, float(line), None, of, None) for line, of in days.items()])
    assert read(resources.engine, **options).review_seconds.tolist() == lines


def test_teams_choose_and_are_named_by_code_points(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        ids = ensure_entities(connection, TEAM, ["web", "Web", "Älter", "other"])
    teams = [ids["web"], ids["Älter"], None, ids["Web"], ids["web"]]
    replaced(resources.engine, ONE, [(line, float(line), None, None, team) for line, team in enumerate(teams)])
    assert read(resources.engine, team_ids=[ids["web"]]).review_seconds.tolist() == [0, 4]
    assert len(read(resources.engine, team_ids=[])) == 0
    with resources.engine.connect() as connection:
        assert review_times.team_names(connection, ONE) == ["Web", "web", "Älter"]
        assert review_times.team_names(connection, TWO) == []


def test_a_sample_speaks_for_the_end_of_its_own_last_day_and_without_dates_for_now(resources: Resources) -> None:
    replaced(resources.engine, ONE, [(1, None, None, day(14), None), (2, None, None, None, None)])
    replaced(resources.engine, TWO, [(1, None, None, None, None)])
    with resources.engine.connect() as connection:
        assert review_times.as_of(connection, ONE) == datetime(2023, 1, 15, tzinfo=UTC)
        assert review_times.as_of(connection, TWO) == database_now(connection)
        assert [review_times.is_sample(connection, one) for one in (ONE, TWO, "3" * 32)] == [True, True, False]
