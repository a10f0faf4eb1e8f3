"""Real installs and real commits, counted by plain Python beside the service."""

import csv
import gzip
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.flow import activity as figures
from app.flow.activity import MonthState
from app.ids import new_id
from app.series import activity
from app.series.activity import Activity
from app.series.entities import PROJECT, REPOSITORY
from app.storage.resources import Resources
from tests.conftest import NOW, load_file

REAL = Path(__file__).parents[1] / "cases" / "activity" / "real"

AS_OF = datetime(2026, 11, 26, tzinfo=UTC)


def read(resources: Resources, kind: str, key: str, *, by: str = "authored_at", as_of: datetime = AS_OF) -> Activity:
    with resources.engine.connect() as connection:
        subject = activity.find(connection, kind, key)
        assert subject is not None
        return activity.read(connection, subject, as_of=as_of, by=by)


def test_the_real_daily_counts_of_2018_sum_to_what_they_do_however_often_they_come(
    resources: Resources, tmp_path: Path
) -> None:
    with (REAL / "downloads-2018.csv").open() as file:
        rows = [(date.fromisoformat(row["date"]), int(row["downloads"])) for row in csv.DictReader(file)]
    path = tmp_path / "installs.csv"
    months = {first: [row for row in rows if row[0].month == first.month] for first in sorted(months_of(rows))}
    for number, (_, some) in enumerate([*months.items(), (None, rows), *reversed(months.items())]):
        path.write_text("project,date,count\n" + "".join(f"real,{day},{count}\n" for day, count in some))
        load_file(resources, "installs", path, dataset_id=new_id(NOW.replace(minute=number)))
    counted = read(resources, PROJECT, "real").counted
    assert figures.total(counted) == {"unknown_ci": 9_355_317}
    found = figures.timeline(counted, [date(2018, month, 1) for month in range(3, 11)])
    assert [(one.state, one.days_covered) for one in found] == [
        (MonthState.BEFORE_FIRST, 0),
        (MonthState.PARTIAL, 15),
        (MonthState.COMPLETE, 31),
        (MonthState.COMPLETE, 30),
        (MonthState.COMPLETE, 31),
        (MonthState.COMPLETE, 31),
        (MonthState.PARTIAL, 23),
        (MonthState.NO_DATA, 0),
    ]
    sums = [sum(count for _, count in some) for some in months.values()]
    assert [one.counts["unknown_ci"] for one in found if one.counts is not None] == sums
    recent = figures.recent(counted)
    assert recent is not None
    assert (recent.first, recent.last, recent.days_covered) == (date(2018, 8, 25), date(2018, 9, 23), 30)
    assert recent.counts == {"unknown_ci": sum(count for day, count in rows if day >= date(2018, 8, 25))}


def months_of(rows: list[tuple[date, int]]) -> set[date]:
    return {day.replace(day=1) for day, _ in rows}


@pytest.fixture
def commits(resources: Resources) -> list[dict[str, str]]:
    """The rows of the file, which is loaded."""
    path = REAL / "commits.csv.gz"
    assert load_file(resources, "commits", path, now=AS_OF, dataset_id=new_id(AS_OF)).rows_accepted == 2_587
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def month(text: str) -> date:
    """The first day of the month of an instant, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).date().replace(day=1)


def test_the_real_commits_count_in_the_month_in_utc_of_either_of_their_dates(
    resources: Resources, commits: list[dict[str, str]]
) -> None:
    assert sum(month(row["authored_at"]) != month(row["committed_at"]) for row in commits) == 12
    local = [datetime.fromisoformat(row["authored_at"]) for row in commits]
    assert sum(one.date() != one.astimezone(UTC).date() for one in local) == 302
    for repo in {row["repo"] for row in commits}:
        for by in ("authored_at", "committed_at"):
            found = read(resources, REPOSITORY, repo, by=by).counted.months
            expected = Counter(month(row[by]) for row in commits if row["repo"] == repo)
            assert {first: counts["commits"] for first, counts in found.items()} == expected


def test_the_latest_of_the_real_commits_is_the_greatest_date_that_is_not_after_as_of(
    resources: Resources, commits: list[dict[str, str]]
) -> None:
    for as_of in (datetime(2021, 6, 15, 12, tzinfo=UTC), AS_OF):
        instants = [datetime.fromisoformat(row["committed_at"]) for row in commits if row["repo"] == "ofek/pypinfo"]
        latest = max(one for one in instants if one <= as_of)
        assert read(resources, REPOSITORY, "ofek/pypinfo", as_of=as_of).latest_commit_at == latest
