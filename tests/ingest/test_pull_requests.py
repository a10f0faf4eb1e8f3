"""Files of pull requests: what a row may hold, which row counts, and what is taken out again."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import RejectedFile
from app.ingest.policy import OnError, Policy
from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, LoadText, load_file
from tests.ingest.checking import HEADERS, check, refused, small_blocks
from tests.ingest.test_unload import Files, files

__all__ = ["files"]

FULL = HEADERS["pull_requests"]
SHORT = "repo,number,created_at\n"

LATER = ("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at")

#: What else may be said of a pull request.
DETAILS = (
    *("is_draft", "draft_seconds", "author_is_bot", "labels", "additions", "deletions", "changed_files", "head_sha"),
    *("changes_requested_at", "reverts", "merge_sha", "author_id"),
)

NO_TIMESTAMP = "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00"
OUT_OF_RANGE = "is not between 1970 and 2100"
NO_NUMBER = "is not a whole number from 1 to 2,147,483,647"


def pull_requests(resources: Resources) -> list[tuple[Any, ...]]:
    """All of them: repository, number, team, author, created, first review, merge."""
    query = (
        "SELECT repo.key, number, team.key, author, created_at::text, first_review_at::text, merged_at::text "
        "FROM pull_request JOIN entity repo ON repo.id = repo_id LEFT JOIN entity team ON team.id = team_id "
        "WHERE repo.kind = 'repository' AND coalesce(team.kind, 'team') = 'team' ORDER BY 1, 2"
    )
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def dump(resources: Resources) -> list[tuple[Any, ...]]:
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM pull_request ORDER BY 1, 2"))]


def test_a_row_is_stored_with_every_instant_and_nothing_where_it_is_empty(
    load_text: LoadText, resources: Resources
) -> None:
    created, review = "2024-11-01T16:00:00.25-04:00", "2024-11-04 14:30:00 UTC"
    assert load_text("pull_requests", FULL + f"a/b,7,Core,ada,{created},,,{review},,2024-11-05T00:00:00Z,,\n") == 1
    assert pull_requests(resources) == [
        ("a/b", 7, "Core", "ada", "2024-11-01 20:00:00.25+00", "2024-11-04 14:30:00+00", "2024-11-05 00:00:00+00")
    ]
    with resources.engine.connect() as connection:
        rest = "first_commit_at, ready_at, approved_at, closed_at, ci_finished_at"
        assert tuple(connection.execute(text(f"SELECT {rest} FROM pull_request")).one()) == (None,) * 5
        assert connection.scalar(text("SELECT last_at::text FROM pull_request")) == "2024-11-05 00:00:00+00"


def test_optional_columns_may_be_missing_from_the_header(load_text: LoadText, resources: Resources) -> None:
    load_text("pull_requests", "created_at,NUMBER,repo\n2024-11-01T20:00:00Z,1,r\n2024-11-02T20:00:00Z,2,r\n")
    assert pull_requests(resources) == [
        ("r", 1, None, None, "2024-11-01 20:00:00+00", None, None),
        ("r", 2, None, None, "2024-11-02 20:00:00+00", None, None),
    ]


@pytest.mark.parametrize("block_bytes", [100, 4 << 20])
def test_optional_columns_may_be_empty_here_and_there(
    load_text: LoadText, resources: Resources, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    small_blocks(monkeypatch, block_bytes)
    created, review = "2024-11-01T20:00:00Z", "2024-11-04T14:30:00Z"
    rows = ["r,1,Core,,{c},\n", "r,2,,ada,{c},{r}\n", "r,3,,,{c},\n", "r,4,Core,ada,{c},{r}\n"]
    content = "repo,number,team,author,created_at,first_review_at\n" + "".join(rows).format(c=created, r=review)
    load_text("pull_requests", content)
    at, then = "2024-11-01 20:00:00+00", "2024-11-04 14:30:00+00"
    assert pull_requests(resources) == [
        ("r", 1, "Core", None, at, None, None),
        ("r", 2, None, "ada", at, then, None),
        ("r", 3, None, None, at, None, None),
        ("r", 4, "Core", "ada", at, then, None),
    ]


def test_loading_the_same_file_again_changes_nothing(resources: Resources) -> None:
    path = SAMPLE_DATA / "pull_requests.csv"
    first = load_file(resources, "pull_requests", path)
    before = dump(resources)
    assert (first.rows_read, first.rows_accepted, len(before)) == (300, 300, 300)
    assert load_file(resources, "pull_requests", path) == first
    assert dump(resources) == before


@pytest.mark.parametrize("block_bytes", [60, 4 << 20])
def test_the_later_row_replaces_the_whole_earlier_one(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    small_blocks(monkeypatch, block_bytes)
    path = tmp_path / "pulls.csv"
    path.write_text(
        "repo,number,team,author,created_at,merged_at\n"
        "r,1,Core,ada,2024-11-01T20:00:00Z,2024-11-02T20:00:00Z\n"
        "s,1,Core,ada,2024-11-01T21:00:00Z,\n"
        "r,1,,bob,2024-11-01T22:00:00Z,\n"
    )
    loaded = load_file(resources, "pull_requests", path)
    assert (loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate) == (3, 2, 0, 1)
    assert [str(at) for at in (loaded.first_at, loaded.last_at)] == [
        "2024-11-01 20:00:00+00:00",
        "2024-11-01 22:00:00+00:00",
    ]
    assert pull_requests(resources) == [
        ("r", 1, None, "bob", "2024-11-01 22:00:00+00", None, None),
        ("s", 1, "Core", "ada", "2024-11-01 21:00:00+00", None, None),
    ]


def test_what_a_later_file_has_no_column_for_stays_and_what_it_leaves_empty_is_empty(
    load_text: LoadText, resources: Resources
) -> None:
    load_text("pull_requests", FULL + "r,1,Core,ada,2024-11-01T20:00:00Z,,,2024-11-02T20:00:00Z,,,,\n" * 2)
    load_text("pull_requests", FULL + "r,2,Core,ada,2024-11-01T20:00:00Z,,,2024-11-02T20:00:00Z,,,,\n")
    load_text("pull_requests", SHORT + "r,1,2024-11-01T21:00:00Z\n")
    load_text("pull_requests", "repo,number,created_at,team,first_review_at\nr,2,2024-11-01T20:00:00Z,,\n")
    assert pull_requests(resources) == [
        ("r", 1, "Core", "ada", "2024-11-01 21:00:00+00", "2024-11-02 20:00:00+00", None),
        ("r", 2, None, "ada", "2024-11-01 20:00:00+00", None, None),
    ]


def test_every_detail_is_stored_and_may_be_spelt_as_json_spells_it(load_text: LoadText, resources: Resources) -> None:
    header = "repo,number,createdAt,isDraft,draftSeconds,authorIsBot,labels,additions,deletions,changedFiles,headSha,"
    labels = r'"[""a, b"", ""c\\\""d""]"'
    row = f"r,1,2024-11-01T20:00:00Z,true,90.5,false,{labels},120,0,7,5f1d7e7b,2024-11-02T20:00:00Z,12,9c1f0e2d,"
    header += "changesRequestedAt,reverts,mergeSha,authorId\n"
    load_text("pull_requests", header + f"{row}9007199254740993\n" + "r,2,2024-11-01T20:00:00Z" + "," * 12 + "\n")
    with resources.engine.connect() as connection:
        columns = ", ".join(DETAILS).replace("changes_requested_at", "changes_requested_at::text")
        query = text(f"SELECT {columns} FROM pull_request ORDER BY number")
        found = [tuple(row) for row in connection.execute(query)]
    details = (True, 90.5, False, ["a, b", 'c\\"d'], 120, 0, 7, "5f1d7e7b", "2024-11-02 20:00:00+00", 12, "9c1f0e2d")
    details += (9007199254740993,)
    assert found == [details, (None,) * 12]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("bug", ["bug"]),
        ("bug; good first issue ;;bug", ["bug", "good first issue"]),
        ('"a,b"', ["a", "b"]),
        ("[]", []),
        ("ünï 🎉", ["ünï 🎉"]),
    ],
)
def test_labels_are_a_list_of_names(load_text: LoadText, resources: Resources, written: str, names: list[str]) -> None:
    load_text("pull_requests", f"repo,number,created_at,labels\nr,1,2024-11-01T20:00:00Z,{written}\n")
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT labels FROM pull_request")) == names


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("is_draft", "yes", "not_allowed"),
        ("author_is_bot", "True", "not_allowed"),
        ("draft_seconds", "-1", "negative"),
        ("labels", '"[""a"", 1]"', "bad_names"),
        ("labels", "[a]", "bad_names"),
        ("labels", r'"[""a\u0000""]"', "invisible_characters"),
        ("additions", "-1", "bad_number"),
        ("changed_files", "2147483648", "bad_number"),
        ("changes_requested_at", "2024-11-05", "bad_timestamp"),
    ],
)
def test_a_detail_that_is_wrong_is_rejected(column: str, value: str, code: str) -> None:
    checked = check(f"repo,number,created_at,{column}\nr,1,2024-11-01T20:00:00Z,{value}\n", "pull_requests")
    assert [(one.line, one.column, one.code) for one in checked.rejections] == [(2, column, code)]


@pytest.mark.parametrize("column", ["first_review_at", "merged_at", "closed_at"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_an_end_before_there_were_pull_requests_stands_for_none_and_is_rejected(column: str, quote: str) -> None:
    at = f"{quote}1970-01-01T00:00:00Z{quote}"
    rows = f"r,1,2024-11-01T20:00:00Z,{at}\nr,2,2004-12-31T23:59:59Z,{at}\nr,3,2024-11-01T20:00:00Z,\n"
    last = "r,4,2024-11-01T20:00:00Z,2005-01-01T00:00:00Z\n"
    checked = check(f"repo,number,created_at,{column}\n{rows}{last}", "pull_requests")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.code) == (2, column, "out_of_range")
    assert rejection.reason == (
        "is before 2005, although created_at is not; leave the field empty if there is no such instant"
    )
    assert [row[1] for row in checked.rows] == [2, 3, 4]


def test_every_end_that_is_too_early_is_told() -> None:
    epoch = "1970-01-01T00:00:00Z"
    content = f"repo,number,created_at,merged_at,closed_at\nr,1,2024-11-01T20:00:00Z,{epoch},{epoch}\n"
    assert [one.column for one in check(content, "pull_requests").rejections] == ["merged_at", "closed_at"]


def test_a_first_commit_of_more_than_a_year_before_is_told_and_taken(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "pulls.csv"
    path.write_text(
        "repo,number,created_at,first_commit_at\n"
        "r,1,2024-11-01T20:00:00Z,2023-11-02T20:00:00Z\n"  # 365 days
        "r,2,2024-11-01T20:00:00Z,2023-11-02T19:59:59Z\n"
        "r,3,2024-11-01T20:00:00Z,1970-01-01T00:00:00Z\n"
        "r,3,2024-11-01T20:00:00Z,1970-01-02T00:00:00Z\n"
        "r,4,2024-11-01T20:00:00Z,1970-01-01T00:00:00Z\n"
        "r,4,2024-11-01T20:00:00Z,\n"
    )
    (told,) = load_file(resources, "pull_requests", path).warnings
    assert (told.code, told.count, told.examples) == ("long_coding_time", 2, ("r#2", "r#3"))


def test_pull_requests_go_where_they_still_are_as_the_file_set_them(files: Files) -> None:
    row = "{},{},Core,ada,2024-11-01T20:00:00Z,,,{},,,,\n"
    content = FULL + row.format("r", 1, "") + row.format("r", 2, "") + row.format("s", 1, "2024-11-02T20:00:00Z")
    files.load("pull_requests", content)
    files.load("pull_requests", FULL + row.format("r", 2, "2024-11-03T20:00:00Z") + row.format("t", 1, ""))
    assert files.unload("pull_requests", content) == 2
    assert [row[:2] for row in pull_requests(files.resources)] == [("r", 2), ("t", 1)]
    assert files.unload("pull_requests", content) == 0


def test_a_file_takes_out_what_it_said_and_leaves_what_another_said(files: Files) -> None:
    created = "2024-11-01T20:00:00Z"
    facts = f"repo,number,created_at,team,author\nr,1,{created},Core,ada\nr,2,{created},Core,ada\n"
    merges = f"repo,number,created_at,merged_at\nr,1,{created},2024-11-02T20:00:00Z\nr,3,{created},\n"
    at, merged = "2024-11-01 20:00:00+00", "2024-11-02 20:00:00+00"
    files.load("pull_requests", facts)
    files.load("pull_requests", merges)
    assert files.unload("pull_requests", merges) == 2
    assert pull_requests(files.resources) == [
        ("r", 1, "Core", "ada", at, None, None),
        ("r", 2, "Core", "ada", at, None, None),
    ]
    assert files.unload("pull_requests", merges) == 0
    files.load("pull_requests", merges)
    assert files.unload("pull_requests", facts) == 2
    assert pull_requests(files.resources) == [
        ("r", 1, None, None, at, None, merged),
        ("r", 3, None, None, at, None, None),
    ]


def test_a_row_that_gave_way_within_the_file_takes_nothing_out(files: Files) -> None:
    first, second = "r,1,2024-11-01T20:00:00Z\n", "r,1,2024-11-02T20:00:00Z\n"
    files.load("pull_requests", SHORT + first)
    assert files.unload("pull_requests", SHORT + first + second) == 0
    assert files.unload("pull_requests", SHORT + second + first) == 1


@pytest.mark.parametrize(
    ("row", "column", "value", "code", "reason"),
    [
        (",1,2024-11-01T20:00:00Z", "repo", "''", "empty", "is empty"),
        ("r,,2024-11-01T20:00:00Z", "number", "''", "bad_number", NO_NUMBER),
        ("r,0,2024-11-01T20:00:00Z", "number", "'0'", "bad_number", NO_NUMBER),
        ("r,-1,2024-11-01T20:00:00Z", "number", "'-1'", "bad_number", NO_NUMBER),
        ("r,1.5,2024-11-01T20:00:00Z", "number", "'1.5'", "bad_number", NO_NUMBER),
        ("r,2147483648,2024-11-01T20:00:00Z", "number", "'2147483648'", "bad_number", NO_NUMBER),
        ("r,1e3,2024-11-01T20:00:00Z", "number", "'1e3'", "bad_number", NO_NUMBER),
        ("r,٣,2024-11-01T20:00:00Z", "number", "'٣'", "bad_number", NO_NUMBER),
        ("r,1,", "created_at", "''", "bad_timestamp", NO_TIMESTAMP),
        ("r,1,2024-02-30T00:00:00Z", "created_at", "'2024-02-30T00:00:00Z'", "bad_timestamp", NO_TIMESTAMP),
        (
            "r,1,2024-11-01T20:00:00",
            "created_at",
            "'2024-11-01T20:00:00'",
            "no_zone",
            "is ambiguous: it has neither UTC, Z nor an offset such as +01:00",
        ),
        (
            "r,1,2025-01-02T00:00:01Z",
            "created_at",
            "'2025-01-02T00:00:01Z'",
            "in_future",
            "is in the future: later than 2025-01-02 00:00:00 UTC",
        ),
        (
            "r,1,1969-12-31T23:59:59Z",
            "created_at",
            "'1969-12-31T23:59:59Z'",
            "out_of_range",
            "is not between 1970 and 2100",
        ),
        (",0,", "repo", "''", "empty", "is empty"),
    ],
)
def test_a_wrong_row_is_told_with_its_place_and_reason(
    row: str, column: str, value: str, code: str, reason: str
) -> None:
    checked = check(SHORT + f"r,1,2024-11-01T20:00:00Z\n\n{row}\nr,2,2025-01-02T00:00:00Z\n", "pull_requests")
    rejection = checked.rejections[0]
    assert (rejection.line, rejection.column, rejection.value) == (4, column, value)
    assert (rejection.code, rejection.reason) == (code, reason)
    assert [row[1] for row in checked.rows] == [1, 2]


def test_the_highest_number_is_taken(load_text: LoadText, resources: Resources) -> None:
    load_text("pull_requests", SHORT + "r,2147483647,2024-11-01T20:00:00Z\nr,0001,2024-11-01T20:00:00Z\n")
    assert [row[1] for row in pull_requests(resources)] == [1, 2147483647]


@pytest.mark.parametrize("column", LATER)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2024-02-30T00:00:00Z", "bad_timestamp"),
        ("2099-01-01T00:00:00Z", "in_future"),
        ("2024-11-05T00:00:00", "no_zone"),
        ("2024-11-05", "bad_timestamp"),
        ("2101-01-01T00:00:00Z", "out_of_range"),
        (" ", "bad_timestamp"),
        ("null", "bad_timestamp"),
    ],
)
def test_an_optional_instant_that_is_wrong_is_rejected_too(column: str, value: str, code: str) -> None:
    good = "r,1,2024-11-01T20:00:00Z,\nr,2,2024-11-01T20:00:00Z,2024-11-05T00:00:00Z\n"
    checked = check(f"repo,number,created_at,{column}\n{good}r,3,2024-11-01T20:00:00Z,{value}\n", "pull_requests")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.value, rejection.code) == (4, column, repr(value), code)
    assert [row[1] for row in checked.rows] == [1, 2]


@pytest.mark.parametrize("column", ["team", "author"])
def test_an_optional_key_that_cannot_be_seen_is_rejected(column: str) -> None:
    checked = check(f"repo,number,created_at,{column}\nr,1,2024-11-01T20:00:00Z,a\u200bb\n", "pull_requests")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.value) == (2, column, r"'a\u200bb'")
    assert rejection.code == "invisible_characters"


def test_a_header_that_lacks_a_column_is_refused_with_the_names_of_all() -> None:
    assert refused("repo,created_at,size\nr,2024-11-01T20:00:00Z,3\n", "pull_requests").message == (
        "file.csv, line 1: the header lacks number and has unknown column 'size'; a pull_requests file has these "
        "columns, in any order: repo, number, created_at. It may also have team, author, "
        f"{', '.join((*LATER, *DETAILS))}."
    )


def test_every_row_is_accounted_for_when_wrong_ones_are_skipped(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "pulls.csv"
    path.write_text(
        SHORT
        + "r,1,2024-11-01T20:00:00Z\nr,0,2024-11-01T20:00:00Z\nr,1,2024-11-02T20:00:00Z\n"
        + "r,2\nr,3,2024-11-03T20:00:00Z\n"
    )
    with pytest.raises(RejectedFile, match="2 of 5 rows are invalid"):
        load_file(resources, "pull_requests", path)
    assert pull_requests(resources) == []
    loaded = load_file(resources, "pull_requests", path, policy=Policy(OnError.SKIP_ROWS))
    assert (loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate) == (5, 2, 2, 1)
    assert [(one.line, one.column, one.code) for one in loaded.rejections] == [
        (3, "number", "bad_number"),
        (5, "row", "wrong_width"),
    ]
    assert [row[:2] + row[4:5] for row in pull_requests(resources)] == [
        ("r", 1, "2024-11-02 20:00:00+00"),
        ("r", 3, "2024-11-03 20:00:00+00"),
    ]
