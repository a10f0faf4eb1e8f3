"""Pull requests as people have them: exports, spreadsheets, words for nothing; read as proposed, or told why not.

Rows were worked out by hand from the files.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from app.timeline import from_micros
from tests.ingest.checking import check

FOLDER = Path(__file__).parent / "pulls"
FILES = Path(__file__).parent / "files"

NOW = datetime(2026, 12, 1, tzinfo=UTC)

#: Monday 2024-06-03.
THIRD = "2024-06-03T{}:00Z"


def pull(repo: str, number: int, **values: Any) -> dict[str, Any]:
    """A row: created at 13:00 on the third of June unless told, other instants given by their time of that day."""
    values = {"created_at": "13:00"} | values
    instants = {name: THIRD.format(at) if len(at) == 5 else at for name, at in values.items() if name.endswith("_at")}
    return {"repo": repo, "number": number} | values | instants


def at_six(day: str) -> str:
    return f"2024-06-{day}T13:00:00Z"


#: The rows of each file, as the proposed mapping reads them; columns without a value are left out.
ROWS: dict[str, list[dict[str, Any]]] = {
    "a-draft/prs.csv": [
        pull("d/draft", 1, team="ny"),
        pull("d/draft", 2, team="ny", first_review_at=at_six("04"), closed_at=at_six("07")),
    ],
    "a-draft/workaround.csv": [pull("d/draft", 1, team="ny", ready_at="2026-11-27T07:26:22Z")],
    "a-values/camel.csv": [pull("v/camel", 1, merged_at="15:00", closed_at="15:00")],
    # 1970-01-01T00:00:00Z and 0001-01-01T00:00:00Z are no merges.
    "a-values/epoch_null.csv": [pull("v/epoch", 1, team="ny", first_review_at="14:00")],
    "a-values/zero_time.csv": [pull("v/zero", 1, team="ny", first_review_at="14:00")],
    "a-values/formats.csv": [pull("v/ms", 1, team="ny", first_review_at="14:00", merged_at="15:00")],
    "a-values/gh_pr_list.json": [pull("gh_pr_list", 1, author="dev1")],
    "a-values/gharchive.json": [pull("a/b", 1)],
    "a-values/gitlab_mr.csv": [
        pull("gitlab.example/g/p", 42, author="dev1", merged_at="15:00", closed_at="15:00", is_draft=False)
    ],
    "a-values/isdraft.csv": [pull("v/draft", 1, is_draft=True)],
    "a-values/naive.csv": [pull("v/naive", 1, team="ny", first_review_at="14:00", merged_at="15:00")],
    "a-values/neg.csv": [pull("v/neg", 1, team="ny", first_review_at="12:00", merged_at="15:00")],
    "a-values/nulls.csv": [pull("v/na", 1, team="ny"), pull("v/na", 2, team="ny")],
    "a-values/number_forms.csv": [pull("v/hash", 42, team="ny")] * 3,
    "a-values/old_commit.csv": [
        pull("v/oldcommit", 1, team="ny", first_review_at="14:00", merged_at="15:00"),
        pull("v/oldcommit", 2, team="ny", first_commit_at="12:00", first_review_at="14:00", merged_at="15:00"),
        pull("v/oldcommit", 3, team="ny", first_commit_at="12:30", first_review_at="14:30", merged_at="15:30"),
    ],
    "a-values/semicolon.csv": [pull("v/semi", 1)],
    "a-values/tab.tsv": [pull("v/tab", 1)],
    # 1717419600 is 19,877 days of 86,400 s and 13 h.
    "a-values/unix_seconds.csv": [pull("v/epochsec", 1, team="ny", first_review_at="14:00", merged_at="15:00")],
    "a-window/prs.csv": [
        pull(
            *("w/window", 1),
            team="ny",
            created_at="2024-05-20T13:00:00Z",
            first_review_at=at_six("03"),
            merged_at=at_six("04"),
        ),
        pull("w/window", 2, team="ny", first_review_at="14:00", merged_at=at_six("04")),
        pull(
            *("w/window", 3),
            team="ny",
            created_at=at_six("28"),
            first_review_at="2024-07-12T13:00:00Z",
            merged_at="2024-07-15T13:00:00Z",
        ),
    ],
    "d-excel/prs_formula.csv": [
        pull("openhours/api", 1, team="ny", author="=cmd|A0", created_at="2024-03-06T13:00:00Z")
    ],
}

#: What is told of files whose values cannot be known.
TOLD = {
    "a-values/us_date.csv": [
        f"{name}: is '6/3/2024 {hour}:00' day or month first? Set date to dmy or mdy."
        for name, hour in (("created_at", 13), ("first_review_at", 14), ("merged_at", 15))
    ],
    "a-values/future_commit.csv": [
        "line 2, first_commit_at: '2035-01-01T00:00:00Z' is in the future: later than 2026-12-02 00:00:00 UTC"
    ],
}

#: What is asked although the file can be read, and what is assumed.
ASKED = {
    "a-values/epoch_null.csv": [("Does '1970-01-01T00:00:00Z' stand for no value?", "yes")],
    "a-values/zero_time.csv": [("Does '0001-01-01T00:00:00Z' stand for no value?", "yes")],
    "a-values/old_commit.csv": [("Does '1970-01-01T00:00:00Z' stand for no value?", "yes")],
    "a-values/gh_pr_list.json": [
        ("No column names the repository; which one is it? Answer with --set repo=owner/name.", "gh_pr_list")
    ],
    "a-values/naive.csv": [
        (f"{name}: which zone are times such as '2024-06-03 {hour}:00:00' of?", "UTC")
        for name, hour in (("created_at", 13), ("first_review_at", 14), ("merged_at", 15))
    ],
}

SHIPPED = {
    "a-values/gh_pr_list.json": "gh-pr-list",
    "a-values/gharchive.json": "gharchive",
    "a-values/gitlab_mr.csv": "gitlab-merge-requests",
}


def look(path: Path, **given: str) -> Inspection:
    return inspect(path.read_bytes(), name=path.name, kinds=list(DATASET_KINDS.values()), now=NOW, given=given)


def rows_of(path: Path, found: Inspection) -> list[dict[str, Any]]:
    """The whole file by the proposed mapping: every column that has a value, instants as texts."""
    mapping = read_mapping(dict(found.proposal.document or {}))
    checked = check(path.read_bytes(), "pull_requests", mapping=mapping, now=NOW)
    assert checked.rejections == []
    return [
        {name: _text(name, value) for name, value in zip(checked.columns, row, strict=True) if value is not None}
        for row in checked.rows
    ]


def _text(name: str, value: Any) -> Any:
    return f"{from_micros(value):%Y-%m-%dT%H:%M:%SZ}" if name.endswith("_at") else value


def test_every_file_is_read_or_told() -> None:
    both = {path.relative_to(FOLDER).as_posix() for folder in "avwd" for path in FOLDER.glob(f"{folder}-*/*")}
    own = {"d-excel/hours_rounded.csv", "d-excel/hours_saved_by_excel.csv"}
    assert {name for name in both if not name.startswith("a-hand/")} == ROWS.keys() | TOLD.keys() | own


@pytest.mark.parametrize("name", ROWS)
def test_a_file_gives_these_rows_by_the_proposed_mapping(name: str) -> None:
    found = look(FOLDER / name)
    assert (found.proposal.kind, found.may_be_accepted) == ("pull_requests", True)
    assert rows_of(FOLDER / name, found) == ROWS[name]
    assert (list(found.proposal.questions), found.proposal.shipped) == (ASKED.get(name, []), SHIPPED.get(name))


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_be_known_is_told_precisely(name: str) -> None:
    found = look(FOLDER / name)
    assert not found.may_be_accepted
    told = [text for text, assumed in found.proposal.questions if not assumed] or list(map(str, found.rejections))
    assert told == TOLD[name]


def test_the_repository_of_a_file_that_names_none_is_given() -> None:
    for path in (FOLDER / "a-values" / "gh_pr_list.json", FILES / "zephyr.csv"):
        found = look(path, repo="org/app")
        assert (found.proposal.questions, found.may_be_accepted) == ((), True)
        assert {row["repo"] for row in rows_of(path, found)} == {"org/app"}


def test_real_exports_give_these_rows() -> None:
    whole = {
        "langflow.csv": (
            2,
            pull("example/app", 10076, created_at="2025-10-01T20:04:39Z", merged_at="2025-10-01T20:34:28Z"),
        ),
        "zephyr.csv": (1, pull("zephyr", 56320, created_at="2023-03-29T10:46:13Z", closed_at="2023-03-29T13:46:20Z")),
        "grine4ka.csv": (
            0,
            pull("grine4ka", 2356, created_at="2023-07-05T09:37:15Z", closed_at="2023-07-05T10:49:09Z"),
        ),
        "bala.csv": (0, pull("1", 1, author="2", created_at="2024-01-06T10:00:00Z", merged_at="2024-01-08T15:00:00Z")),
        "prs_excel.csv": (0, pull("openhours/api", 1, team="ny", created_at="2024-03-06T13:00:00Z")),
        "prs_sep.csv": (0, pull("openhours/api", 1, team="ny", created_at="2024-03-06T13:00:00Z")),
        "prs_cp1252.csv": (0, pull("openhours/api", 1, team="ny", author="Jörg", created_at="2024-03-06T13:00:00Z")),
    }
    for name, (at, row) in whole.items():
        assert rows_of(FILES / name, look(FILES / name))[at] == row, name
    # Written by hand from the second one: its repository, and the names of the columns.
    fixed = FOLDER / "b3-zephyr" / "fixed1.csv"
    assert rows_of(fixed, look(fixed)) == rows_of(FILES / "zephyr.csv", look(FILES / "zephyr.csv"))


def test_a_pull_request_that_is_closed_at_no_known_time_is_asked_about() -> None:
    (asked,) = [one for one in look(FILES / "bala.csv").proposal.questions if "closed" in one[0]]
    told = "status: no column says when those were closed that are, 1 of the first rows. What are they?"
    assert asked == (told, "open")


def test_ids_that_a_spreadsheet_has_rounded_are_told() -> None:
    for name, count in (("hours_rounded.csv", 1), ("hours_saved_by_excel.csv", 2)):
        found = look(FOLDER / "d-excel" / name)
        assert [(one.code, one.count) for one in found.warnings] == [("damaged_keys", count)]


def test_an_array_of_json_may_be_longer_than_what_is_looked_at() -> None:
    record = (
        '{"number": %d, "url": "https://github.com/o/r/pull/%d", "createdAt": "2024-06-03T13:00:00Z", "reviews": []}'
    )
    text = "[" + ",".join(record % (number, number) for number in range(1, 1000)) + "]"
    found = inspect(text.encode()[: 64 << 10], name="prs.json", kinds=list(DATASET_KINDS.values()), now=NOW)
    assert (found.proposal.shipped, found.may_be_accepted, list(found.rejections)) == ("gh-pr-list", True, [])
    assert [row["number"] for row in found.rows] == [1, 2, 3, 4, 5]
