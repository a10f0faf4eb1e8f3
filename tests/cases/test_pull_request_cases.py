"""Pull requests that people reported, through files, the database and the report, against figures found by hand."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.storage.resources import Resources
from tests.conftest import load_file
from tests.reports.test_pull_requests import make, rows_of, summary_of

FOLDER = Path(__file__).parent / "pulls"

#: When the files came: after all that they tell.
ARRIVED = datetime(2026, 11, 27, 12, tzinfo=UTC)

PHASES = ("coding", "pickup", "review", "merge", "cycle", "draft")

#: Where the rules of today say something else than those before which these figures were worked out; seconds by hand.
REPAIRED: dict[str, dict[str, str]] = {
    # Ready on Tuesday 10:00: Monday 09:15 to 17:00 and an hour, 7:45 + 1:00.
    "case/a01-draft-gap": {"draft": "31500"},
    # Reviewed on Monday while it was a draft, which is early feedback: pickup is 0, the review begins on Tuesday at
    # 10:00 and ends with the approval at 15:00. 9 h of draft (8 + 1) + 0 + 5 + 1 = 15 h of cycle, as before.
    "case/a04-review-before-ready": {
        "draft": "32400",
        "pickup": "0",
        "review": "18000",
        "pickup_wall": "0",
        "inconsistent": "0",
    },
    # Reviewed and approved after the merge: nothing is inconsistent, nothing was reviewed.
    "case/a06-review-after-merge": {"inconsistent": "0"},
    # Never merged: what was its cycle is the time until it was closed.
    "case/a08-stale-closed": {"cycle": "", "closed_unmerged": "1267200"},
}


def load(resources: Resources, case: str, *files: tuple[str, str]) -> None:
    for kind, name in files:
        load_file(resources, kind, FOLDER / case / f"{name}.csv", now=ARRIVED)


def lines_of(case: str, name: str) -> list[dict[str, str]]:
    with (FOLDER / case / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def load_by_hand(resources: Resources) -> None:
    files = (("hours", "team_hours"), ("timezones", "team_timezones"), ("pull_requests", "prs"))
    load(resources, "a-hand", *files)


def test_every_phase_is_what_was_worked_out_by_hand(resources: Resources, tmp_path: Path) -> None:
    load_by_hand(resources)
    rows = {(row["repo"], row["number"]): row for row in rows_of(make(resources, tmp_path)["pull_requests.csv"])}
    expected = lines_of("a-hand", "expected_by_hand")
    assert len(rows) == len(expected) == 23
    for line in expected:
        key = line.pop("repo"), line.pop("number")
        wanted = {**line, "draft": "", "closed_unmerged": "", **REPAIRED.get(key[0], {})}
        row = rows[key]
        got = {name: row[f"{name}_time_working_seconds"] for name in PHASES}
        got |= {"closed_unmerged": row["closed_unmerged_working_seconds"], "inconsistent": row["inconsistent"]}
        got["pickup_wall"] = row["pickup_time_wall_seconds"]
        assert {name: _number(text) for name, text in got.items()} == {
            name: _number(text) for name, text in wanted.items()
        }, key


def _number(text: str) -> float | None:
    return float(text) if text else None


def test_what_a_manager_reads_of_them(resources: Resources, tmp_path: Path) -> None:
    load_by_hand(resources)
    summary = summary_of(make(resources, tmp_path, as_of="2024-12-01T00:00:00Z"))
    # Without a review before their end: a02 and a06; a13-2 and a14 had none either.
    assert summary.num_prs_without_review == 4
    assert summary.stats.counts["closed_unmerged"] == 1
    assert summary.num_inconsistent == {
        **dict.fromkeys(("pickup_time", "review_time", "merge_time", "cycle_time", "draft_time", "closed_unmerged"), 0),
        "coding_time": 1,  # a05, whose first commit came after its creation
    }


@pytest.mark.parametrize("file", ["workaround", "still_a_draft"])
def test_what_still_is_a_draft_waits_for_nobody(resources: Resources, tmp_path: Path, file: str) -> None:
    load(resources, "a-draft", ("pull_requests", "prs"))
    if file == "workaround":  # ready at an instant to come
        load(resources, "a-draft", ("pull_requests", file))
    else:
        path = tmp_path / "drafts.csv"
        path.write_text("repo,number,created_at,isDraft\nd/draft,1,2024-06-03T13:00:00Z,true\n")
        load_file(resources, "pull_requests", path, now=ARRIVED)
    files = make(resources, tmp_path / "report", as_of="2024-06-10T13:00:00Z", hourly=True)
    draft, reviewed = rows_of(files["pull_requests.csv"])
    assert (draft["is_draft"], draft["pickup_time_working_seconds"], draft["team"]) == ("true", "", "ny")
    assert (reviewed["is_draft"], reviewed["state"]) == ("false", "closed")
    # Chicago: 08:00 to 17:00 of Monday, and 08:00 of Tuesday, are 13:00Z; the first review was then: eight hours.
    assert float(reviewed["pickup_time_working_seconds"]) == 8 * 3600
    waiting = [int(row["awaiting_review"]) for row in rows_of(files["hourly.csv"])]
    assert sum(waiting) == 8  # of the other one alone
    (row,) = rows_of(files["open.csv"])
    assert (row["number"], row["state"], row["waiting_for"]) == ("1", "draft", "")
    review = summary_of(files).whole.first_review
    assert (review.reviewed, review.still_waiting, review.ended_without_review) == (1, 0, 0)


@pytest.mark.parametrize(
    "params",
    [
        {"merged_since": "2024-06-01", "merged_until": "2024-07-01"},
        {"merged_since": "2024-06-01T00:00:00Z", "merged_until": "2024-07-01T00:00:00Z"},
        {"period": "2024-06", "dated_by": "merged"},
    ],
)
def test_june_by_merge_date(resources: Resources, tmp_path: Path, params: dict[str, Any]) -> None:
    load(resources, "a-window", ("pull_requests", "prs"))
    files = make(resources, tmp_path, **params)
    assert _numbers(files) == ["1", "2"]
    # In Chicago: from Monday, 20 May, to Monday, 3 June, eleven days, of which Memorial Day is one; and Monday alone.
    hours = {row["number"]: row["cycle_time_working_seconds"] for row in rows_of(files["pull_requests.csv"])}
    assert {number: float(text) / 3600 for number, text in hours.items()} == {"1": 88, "2": 8}
    assert summary_of(files).stats.median["cycle_time"] == 48 * 3600


def test_june_by_creation(resources: Resources, tmp_path: Path) -> None:
    load(resources, "a-window", ("pull_requests", "prs"))
    assert _numbers(make(resources, tmp_path, period="2024-06")) == ["2", "3"]


def _numbers(files: Any) -> Sequence[str]:
    return [row["number"] for row in rows_of(files["pull_requests.csv"])]
