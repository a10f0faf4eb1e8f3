"""Made-up pull requests: what real ones have is in them, in the shares that are meant."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from app.demo_data.pull_requests import BLOCK, HEADER, pull_request_lines
from app.demo_data.teams import ZONES, hours_lines, team_names
from tests.reference.pull_requests import DEFAULT_HOURS, working_seconds
from tests.reference.uptime import Window

COUNT, TEAMS, DAYS, END = 20_000, 8, 365, date(2024, 11, 10)
AS_OF = datetime(2024, 11, 10, tzinfo=UTC)
COLUMNS = HEADER.strip().split(",")
INSTANTS = COLUMNS[4:]

Row = dict[str, datetime | None]


def lines(seed: int = 3, count: int = COUNT, teams: int = TEAMS, days: int = DAYS) -> str:
    return "".join(pull_request_lines(seed, count=count, teams=teams, days=days, end=END))


@pytest.fixture(scope="module")
def texts() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in csv.reader(lines().splitlines())]


@pytest.fixture(scope="module")
def rows(texts: list[dict[str, str]]) -> list[Row]:
    """The instants of each, None where there is none."""
    return [{name: datetime.fromisoformat(row[name]) if row[name] else None for name in INSTANTS} for row in texts]


def share(rows: list[Row], condition: object) -> float:
    return sum(map(condition, rows)) / len(rows)  # type: ignore[arg-type]


def is_open(row: Row) -> bool:
    return row["merged_at"] is None and row["closed_at"] is None


def is_merged(row: Row) -> bool:
    return row["merged_at"] is not None


def is_old(row: Row) -> bool:
    """Created so long before the end that every step that would be taken has been."""
    return AS_OF - row["created_at"] > timedelta(days=60)


def test_the_same_arguments_give_the_same_lines_and_another_seed_gives_others() -> None:
    assert lines(count=500) == lines(count=500)
    assert not set(lines(count=500).splitlines()) & set(lines(seed=4, count=500).splitlines())


@pytest.mark.parametrize("count", [1, BLOCK, BLOCK + 1])
def test_there_are_as_many_as_were_asked_for(count: int) -> None:
    assert lines(count=count).count("\n") == count


def test_instants_are_iso_8601_in_utc(texts: list[dict[str, str]]) -> None:
    for row in texts[::100]:
        for name in INSTANTS:
            if row[name]:
                assert row[name] == f"{datetime.fromisoformat(row[name]):%Y-%m-%dT%H:%M:%SZ}"


def test_nothing_happens_after_the_end_and_all_are_created_on_its_days(rows: list[Row]) -> None:
    created = [row["created_at"] for row in rows]
    assert created == sorted(created)
    assert AS_OF - timedelta(days=DAYS) <= created[0] < AS_OF - timedelta(days=DAYS - 3)
    assert AS_OF - timedelta(days=3) < created[-1]
    assert all(at is None or at < AS_OF for row in rows for at in row.values())


def test_numbers_grow_in_each_repository_which_is_one_teams(texts: list[dict[str, str]]) -> None:
    numbers, teams = defaultdict(list), defaultdict(set)
    for row in texts:
        numbers[row["repo"]].append(int(row["number"]))
        teams[row["repo"]].add(row["team"])
    assert all(one < other for of_repository in numbers.values() for one, other in pairwise(of_repository))
    assert all(len(of_repository) == 1 for of_repository in teams.values())
    assert {team for (team,) in teams.values()} == set(team_names(TEAMS))


def test_most_are_created_in_the_working_hours_of_their_team(texts: list[dict[str, str]], rows: list[Row]) -> None:
    hours = defaultdict(list)
    for team, day, opens, closes in csv.reader("".join(hours_lines(team_names(TEAMS))).splitlines()):
        hours[team].append(Window(team, int(day), opens, closes))
    zones = dict(zip(team_names(TEAMS), ZONES, strict=True))
    during = 0
    for text, row in list(zip(texts, rows, strict=True))[::20]:
        (team, at) = text["team"], row["created_at"]
        during += working_seconds(at, at + timedelta(seconds=1), hours[team] or DEFAULT_HOURS, zones[team]) > 0
    assert 0.9 < during / len(rows[::20]) < 0.98  # 92 of 100, and some of those at any hour


def test_about_a_tenth_is_still_open(rows: list[Row]) -> None:
    assert 0.08 < share(rows, is_open) < 0.12
    assert 0.07 < share(list(filter(is_old, rows)), is_open) < 0.09
    still_open = list(filter(is_open, rows))
    assert {(row["first_review_at"] is None, row["approved_at"] is None) for row in still_open} >= {
        (True, True),
        (False, True),
        (False, False),
    }


def test_what_is_merged_is_closed_and_some_are_closed_unmerged(rows: list[Row]) -> None:
    assert all(row["closed_at"] == row["merged_at"] for row in rows if is_merged(row))
    assert 0.04 < share(rows, lambda row: row["closed_at"] is not None and not is_merged(row)) < 0.06


def test_some_are_drafts_at_first(rows: list[Row]) -> None:
    assert 0.07 < share(rows, lambda row: row["ready_at"] is not None) < 0.09
    assert all(row["ready_at"] is None or row["ready_at"] > row["created_at"] for row in rows)


def test_some_are_merged_without_review_or_without_approval(rows: list[Row]) -> None:
    old = list(filter(is_old, rows))
    assert 0.05 < share(old, lambda row: is_merged(row) and row["first_review_at"] is None) < 0.07
    assert (
        0.02
        < share(old, lambda row: is_merged(row) and row["first_review_at"] is not None and row["approved_at"] is None)
        < 0.04
    )


def test_some_have_no_ci_and_some_no_known_commit(rows: list[Row]) -> None:
    assert 0.02 < share(rows, lambda row: row["ci_finished_at"] is None) < 0.04
    assert 0.05 < share(rows, lambda row: row["first_commit_at"] is None) < 0.07


def test_a_few_are_in_a_wrong_order(rows: list[Row]) -> None:
    def is_wrong(row: Row, start: str, end: str) -> bool:
        return row[start] is not None and row[end] is not None and row[end] < row[start]

    assert 0.003 < share(rows, lambda row: is_wrong(row, "first_review_at", "approved_at")) < 0.015
    assert 0.003 < share(rows, lambda row: is_wrong(row, "first_commit_at", "created_at")) < 0.012
    for start, end in (("created_at", "first_review_at"), ("approved_at", "merged_at"), ("created_at", "closed_at")):
        assert not any(is_wrong(row, start, end) for row in rows)


def test_reviews_take_hours_and_some_go_over_a_weekend(rows: list[Row]) -> None:
    waits = sorted(
        row["first_review_at"] - (row["ready_at"] or row["created_at"])
        for row in rows
        if row["first_review_at"] is not None
    )
    assert timedelta(hours=1) < waits[len(waits) // 2] < timedelta(hours=20)
    assert waits[len(waits) // 20] < timedelta(minutes=45)
    assert sum(wait > timedelta(days=3) for wait in waits) > len(waits) / 50


@pytest.mark.parametrize("end", [date(2024, 11, 4), date(2024, 11, 3), date(2024, 3, 11)])
def test_a_day_on_which_nobody_works_has_pull_requests_too(end: date) -> None:
    found = "".join(pull_request_lines(1, count=50, teams=2, days=1, end=end))
    midnight = datetime(end.year, end.month, end.day, tzinfo=UTC)
    created = [datetime.fromisoformat(row[4]) for row in csv.reader(found.splitlines())]
    assert len(created) == 50
    assert all(midnight - timedelta(days=1) <= at < midnight for at in created)


def test_teams_take_the_zones_in_turn() -> None:
    def hours_of_day(zone: str) -> set[int]:
        found = "".join(pull_request_lines(1, count=400, teams=1, days=100, end=END, zones=[zone]))
        hours = [datetime.fromisoformat(row[4]).hour for row in csv.reader(found.splitlines())]
        return {hour for hour in hours if hours.count(hour) > 20}

    assert hours_of_day("Asia/Tokyo") == set(range(8))  # 09:00-17:00 is 00:00Z-08:00Z all the year
