"""Made-up review times: a row for each team and day, many of them zero."""

import csv
from datetime import date, timedelta

from app.demo_data.review_times import review_time_lines
from app.demo_data.teams import team_names

END, DAYS, TEAMS = date(2024, 11, 10), 364, team_names(3)


def rows_of(seed: int) -> list[tuple[int, str, date, int]]:
    text = "".join(review_time_lines(seed, TEAMS, days=DAYS, end=END))
    return [
        (int(review), team, date.fromisoformat(on), int(merge)) for review, team, on, merge in csv.reader(text.split())
    ]


ROWS = rows_of(1)


def test_each_team_has_a_row_for_each_day_before_the_end() -> None:
    dates = [END - timedelta(days=back) for back in range(DAYS, 0, -1)]
    assert [(team, on) for _, team, on, _ in ROWS] == [(team, on) for team in TEAMS for on in dates]


def test_the_seed_decides() -> None:
    assert rows_of(1) == ROWS
    assert rows_of(2) != ROWS


def test_days_off_are_mostly_without_reviews_and_working_days_mostly_with() -> None:
    weekend = [row for row in ROWS if row[2].weekday() >= 5]
    working = [row for row in ROWS if row[2].weekday() < 4]  # one team has Fridays off
    assert 0.85 < sum(review == merge == 0 for review, _, _, merge in weekend) / len(weekend) < 0.98
    assert 0.2 < sum(review == 0 for review, *_ in working) / len(working) < 0.3
    assert 0.1 < sum(merge == 0 for *_, merge in working) / len(working) < 0.2


def test_reviews_are_spread_from_a_minute_to_a_day() -> None:
    reviews = sorted(review for review, *_ in ROWS if review)
    assert reviews[len(reviews) // 20] < 300
    assert 1200 < reviews[len(reviews) // 2] < 4800
    assert 86_400 < reviews[-1] < 30 * 86_400
