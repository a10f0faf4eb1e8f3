"""Events of pull requests: rows of one pull request add up, within a file and from file to file."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.ingest.policy import Policy
from app.mapping.document import read_mapping
from app.mapping.shipped import example, shipped
from app.storage.resources import Resources
from tests.conftest import load_file
from tests.ingest.test_unload import Files, files

__all__ = ["files"]

EVENTS = Policy(mapping=shipped()["gharchive"])

#: Of the example: opened 13:00, a comment by a bot 13:02, a review by the author 13:03, a comment by another 13:20,
#: changes requested 13:30, approved 14:00, merged 15:00, approved again 16:00. Openings and closings know the size.
COLUMNS = "first_review_at, approved_at, changes_requested_at, merged_at, closed_at"
WHOLE = (
    *("2024-06-03 13:20:00+00", "2024-06-03 14:00:00+00", "2024-06-03 13:30:00+00"),
    *("2024-06-03 15:00:00+00", "2024-06-03 15:00:00+00"),
)


def stored(resources: Resources) -> list[tuple[Any, ...]]:
    instants = ", ".join(f"{name}::text" for name in COLUMNS.split(", "))
    others = "author, is_draft, author_is_bot, labels, additions, head_sha"
    query = f"SELECT {instants}, {others} FROM pull_request ORDER BY number"
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_reviews_and_comments_by_others_add_up_to_one_pull_request(resources: Resources) -> None:
    loaded = load_file(resources, "pull_requests", example("gharchive"), policy=EVENTS)
    assert (loaded.rows_read, loaded.rows_duplicate) == (8, 7)
    assert stored(resources) == [(*WHOLE, "dev1", False, False, ["bug"], 12, "a1")]


@pytest.mark.parametrize("cut", [1, 4, 6, 7])
def test_hours_of_events_add_up_in_their_order(resources: Resources, tmp_path: Path, cut: int) -> None:
    lines = example("gharchive").read_text(encoding="utf-8").splitlines(keepends=True)
    for name, some in (("0.json", lines[:cut]), ("1.json", lines[cut:])):
        (tmp_path / name).write_text("".join(some))
        load_file(resources, "pull_requests", tmp_path / name, policy=EVENTS)
    assert stored(resources) == [(*WHOLE, "dev1", False, False, ["bug"], 12, "a1")]


def test_events_are_taken_out_again(resources: Resources, files: Files) -> None:
    content = example("gharchive").read_text(encoding="utf-8")
    files.load("pull_requests", content, policy=EVENTS)
    assert files.unload("pull_requests", content, policy=EVENTS) == 1
    assert stored(resources) == []


def test_what_does_not_add_up_is_as_in_the_last_row(resources: Resources, tmp_path: Path) -> None:
    # It was closed and reopened: without a combination the last row counts, an empty field of it too.
    columns = {name: {"from": name} for name in ("repo", "number", "created_at", "closed_at", "approved_at", "author")}
    document = {"kind": "pull_requests", "columns": columns, "combine": {"approved_at": "latest", "author": "known"}}
    path = tmp_path / "events.csv"
    path.write_text(
        "repo,number,created_at,closed_at,approved_at,author\n"
        "r,1,2024-06-03T13:00:00Z,2024-06-03T14:00:00Z,2024-06-03T13:30:00Z,ada\n"
        "r,1,2024-06-03T13:00:00Z,,2024-06-03T13:10:00Z,\n"
    )
    load_file(resources, "pull_requests", path, policy=Policy(mapping=read_mapping(document)))
    assert [row[:6] for row in stored(resources)] == [(None, "2024-06-03 13:30:00+00", None, None, None, "ada")]


def test_what_no_record_of_json_has_stays_as_it_was(resources: Resources, tmp_path: Path) -> None:
    gh = Policy(mapping=shipped()["gh-pr-list"])
    load_file(resources, "pull_requests", example("gh-pr-list"), policy=gh)
    before = stored(resources)
    assert [row[:2] for row in before] == [("2024-06-03 13:30:00+00", "2024-06-03 14:00:00+00"), (None, None)]
    # A later list was asked for without reviews; it says that the second one was closed, and that the first has none.
    address, created = "https://github.com/example/app/pull", "2024-06-03T13:00:00Z"
    listed = [
        {"number": number, "url": f"{address}/{number}", "createdAt": created, "closedAt": closed}
        for number, closed in ((41, None), (42, "2024-06-05T09:00:00Z"))
    ]
    later = tmp_path / "later.json"
    later.write_text(json.dumps(listed))
    load_file(resources, "pull_requests", later, policy=gh)
    after = stored(resources)
    assert [row[:4] for row in after] == [row[:4] for row in before]
    assert [row[4] for row in after] == [None, "2024-06-05 09:00:00+00"]
    assert [row[5:] for row in after] == [row[5:] for row in before]
