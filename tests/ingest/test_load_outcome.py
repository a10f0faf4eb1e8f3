"""What a load says of itself: counts that add up, rejects.csv, policies, and what it does before it commits."""

import csv
import pickle
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.errors import InvalidParameters, RejectedFile
from app.ingest.load import Loaded
from app.ingest.policy import MOST_REJECTED, Limits, OnError, Policy
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.conftest import NOW, load_file
from tests.ingest.checking import HEADERS, small_blocks

SKIP = Policy(OnError.SKIP_ROWS)
NOON, LATER = "2023-01-22T12:00:00Z", "2023-01-30T12:00:00Z"

#: Four rows that stand, two that give way to later ones, three that are wrong.
MIXED = (
    f"1,active,{NOON}\n1,inactive,{NOON}\n1,active,{LATER}\n2,active,{NOON}\n2,up,{NOON}\n"
    f"3,active\n3,active,{NOON}\n1,active,{NOON}\n,active,{NOON}\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "polls.csv"


def counts(loaded: Loaded) -> tuple[int, int, int, int]:
    numbers = (loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate)
    assert numbers[0] == sum(numbers[1:])
    return numbers


def polls(resources: Resources) -> list[tuple[str, str, bool]]:
    query = "SELECT key, at::text, active FROM poll JOIN entity ON id = entity_id ORDER BY key, at"
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]  # type: ignore[misc]


@pytest.mark.parametrize("block_bytes", [50, 4 << 20])
def test_wrong_rows_are_left_out_where_the_policy_says_so(
    resources: Resources, path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    small_blocks(monkeypatch, block_bytes)
    path.write_text(HEADERS["polls"] + MIXED)
    rejects = path.with_name("rejects.csv")
    loaded = load_file(resources, "polls", path, policy=SKIP, rejects=rejects)
    assert counts(loaded) == (9, 4, 3, 2)
    assert [str(at) for at in (loaded.first_at, loaded.last_at)] == [
        "2023-01-22 12:00:00+00:00",
        "2023-01-30 12:00:00+00:00",
    ]
    assert [(one.line, one.code) for one in loaded.rejections] == [
        (6, "not_allowed"),
        (7, "wrong_width"),
        (10, "empty"),
    ]
    assert [row[:2] for row in polls(resources)] == [
        ("1", "2023-01-22 12:00:00+00"),
        ("1", "2023-01-30 12:00:00+00"),
        ("2", "2023-01-22 12:00:00+00"),
        ("3", "2023-01-22 12:00:00+00"),
    ]
    with rejects.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "column", "value", "code", "reason"],
            ["6", "status", "'up'", "not_allowed", "is not one of active, inactive, unknown"],
            ["7", "row", "'3,active'", "wrong_width", "has 2 fields instead of 3"],
            ["10", "store_id", "''", "empty", "is empty"],
        ]


def test_rows_that_an_earlier_file_brought_already_are_no_duplicates(resources: Resources, path: Path) -> None:
    path.write_text(HEADERS["polls"] + MIXED)
    for _ in range(2):
        assert counts(load_file(resources, "polls", path, policy=SKIP)) == (9, 4, 3, 2)


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        ("hours", "1,0,09:00,17:00\n1,0,09:00:00,17:00:00\n1,0,10:00,17:00\n2,0,09:00,17:00\n", (4, 3, 0, 1)),
        ("timezones", "1,UTC\n2,UTC\n1,Asia/Tokyo\n1,Asia/Tokyo\n", (4, 2, 0, 2)),
        ("polls", f"1,active,{NOON}\n1,active,2023-01-22T13:00:00+01:00\n", (2, 1, 0, 1)),
        ("polls", "", (0, 0, 0, 0)),
    ],
)
def test_rows_that_repeat_or_give_way_are_counted(
    resources: Resources, path: Path, kind: str, rows: str, expected: tuple[int, ...]
) -> None:
    path.write_text(HEADERS[kind] + rows)
    assert counts(load_file(resources, kind, path)) == expected


@pytest.mark.parametrize(
    ("policy", "beginning"),
    [
        (Policy(), "polls.csv was not loaded: 3 of 9 rows are invalid.\nline 6, status: 'up' is not one of"),
        (
            Policy(OnError.SKIP_ROWS, max_errors=2),
            "polls.csv was not loaded: 3 of 9 rows are invalid, more than the 2 allowed.\nline 6, status: ",
        ),
    ],
)
def test_a_rejected_file_says_what_it_would_have_come_to(
    resources: Resources, path: Path, policy: Policy, beginning: str
) -> None:
    path.write_text(HEADERS["polls"] + MIXED)
    rejects = path.with_name("rejects.csv")
    with pytest.raises(RejectedFile) as caught:
        load_file(resources, "polls", path, policy=policy, rejects=rejects)
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - as it comes through the pipe of a child
    assert error.message.startswith(beginning)
    assert counts(error.loaded) == (9, 6, 3, 0)
    assert {name: error.details[name] for name in ("reason", "rows_read", "rows_accepted", "rows_rejected")} == {
        "reason": "rejected_rows",
        "rows_read": 9,
        "rows_accepted": 6,
        "rows_rejected": 3,
    }
    assert error.details["rejections"][1] == {
        "line": 7,
        "column": "row",
        "value": "'3,active'",
        "code": "wrong_width",
        "reason": "has 2 fields instead of 3",
    }
    assert len(rejects.read_text().splitlines()) == 4
    assert polls(resources) == []


def test_as_many_errors_as_allowed_are_not_too_many(resources: Resources, path: Path) -> None:
    path.write_text(HEADERS["polls"] + MIXED)
    assert counts(load_file(resources, "polls", path, policy=Policy(OnError.SKIP_ROWS, max_errors=3)))[2] == 3


def test_more_than_twenty_rejected_rows_are_counted_in_the_message(resources: Resources, path: Path) -> None:
    path.write_text(HEADERS["polls"] + "1\n" * 1021)
    with pytest.raises(RejectedFile) as caught:
        load_file(resources, "polls", path, policy=SKIP)
    lines = caught.value.message.splitlines()
    assert lines[0] == "polls.csv was not loaded: 1,021 of 1,021 rows are invalid, more than the 1,000 allowed."
    assert lines[-1] == "… and 1,001 more errors"
    assert lines[1] == "row: '1' \u00d7 1,021 has 1 field instead of 3"
    assert len(lines) == 23


def test_a_file_that_is_refused_in_its_middle_has_counts_too(
    resources: Resources, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch, 50)
    path.write_bytes(HEADERS["polls"].encode() + MIXED.encode() + b"\xff\n")
    rejects = path.with_name("rejects.csv")
    with pytest.raises(RejectedFile) as caught:
        load_file(resources, "polls", path, policy=SKIP, rejects=rejects)
    assert caught.value.message == "polls.csv, line 11: byte 1 is not UTF-8; save the file as UTF-8."
    assert caught.value.details["reason"] == "not_utf8"
    read, accepted, rejected, duplicate = counts(caught.value.loaded)
    assert 0 < read <= 9
    assert (accepted, duplicate) == (read - rejected, 0)
    assert len(rejects.read_text().splitlines()) == rejected + 1
    assert polls(resources) == []


def test_what_cannot_be_opened_is_refused(resources: Resources, tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "none.csv", "none.csv cannot be read: No such file or directory."),
        (tmp_path, f"{tmp_path.name} cannot be read: Is a directory."),
    ):
        with pytest.raises(RejectedFile) as caught:
            load_file(resources, "polls", path)
        assert caught.value.message == message
        assert caught.value.details["reason"] == "unreadable"
        assert counts(caught.value.loaded) == (0, 0, 0, 0)
    assert FileSource(tmp_path / "a.csv", shown_as="x/a.csv").name == "x/a.csv"


def test_a_policy_has_its_bounds() -> None:
    for wrong in (-1, MOST_REJECTED + 1):
        with pytest.raises(InvalidParameters, match=f"max_errors is {wrong}; allowed: a whole number from 0 to 100000"):
            Policy(OnError.SKIP_ROWS, max_errors=wrong)
    assert Policy(OnError.SKIP_ROWS, max_errors=0).allowed == Policy(max_errors=5).allowed == 0


def test_limits_and_columns_are_those_that_are_given(resources: Resources, path: Path) -> None:
    path.write_text(f"active,{NOON},1\n")
    policy = Policy(columns=("status", "timestamp_utc", "store_id"))
    assert counts(load_file(resources, "polls", path, policy=policy)) == (1, 1, 0, 0)
    with pytest.raises(RejectedFile, match=r"line 1 is longer than 10 bytes"):
        load_file(resources, "polls", path, policy=policy, limits=Limits(max_row_bytes=10))
    with pytest.raises(InvalidParameters, match="this lacks status, timestamp_utc;"):
        load_file(resources, "polls", path, policy=Policy(columns=("store_id",)))


def test_stages_are_told_and_the_last_word_is_in_the_transaction(resources: Resources, path: Path) -> None:
    path.write_text(HEADERS["polls"] + MIXED)
    told: list[Any] = []

    def before_commit(connection: Connection, loaded: Loaded) -> None:
        told.append((connection.scalar(text("SELECT count(*) FROM poll")), counts(loaded), polls(resources)))

    load_file(resources, "polls", path, policy=SKIP, stage=told.append, before_commit=before_commit)
    assert told == ["checking", "loading", (4, (9, 4, 3, 2), [])]

    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    path.write_text(HEADERS["polls"] + f"9,active,{NOON}\n")
    with pytest.raises(ZeroDivisionError):
        load_file(resources, "polls", path, before_commit=refuse)
    assert len(polls(resources)) == 4


def test_what_is_in_the_future_depends_on_when_the_file_came(resources: Resources, path: Path) -> None:
    path.write_text(HEADERS["polls"] + "1,active,2025-06-01T00:00:00Z\n")
    with pytest.raises(RejectedFile, match="is in the future: later than 2025-01-02 00:00:00 UTC"):
        load_file(resources, "polls", path)
    assert load_file(resources, "polls", path, now=datetime(2025, 6, 1, tzinfo=NOW.tzinfo)).rows_accepted == 1
