"""Taking a file out again leaves what others have said."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.ingest.load import unload
from app.ingest.policy import OnError, Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series import polls
from app.storage.resources import Resources
from tests.conftest import NOW, SAMPLE_DATA, load_file
from tests.ingest.checking import HEADERS, small_blocks
from tests.ingest.test_load import everything, statuses, table

POLLS, HOURS, ZONES = (HEADERS[kind] for kind in ("polls", "hours", "timezones"))


class Files:
    """Files that are loaded and taken out by their content."""

    def __init__(self, resources: Resources, folder: Path) -> None:
        self.resources = resources
        self._path = folder / "file.csv"

    def load(self, kind: str, content: str, **options: Any) -> None:
        self._path.write_text(content)
        load_file(self.resources, kind, self._path, **options)

    def unload(self, kind: str, content: str, **options: Any) -> int:
        self._path.write_text(content)
        return unload(self.resources.engine, DATASET_KINDS[kind], FileSource(self._path), now=NOW, **options)


@pytest.fixture
def files(resources: Resources, tmp_path: Path) -> Files:
    return Files(resources, tmp_path)


def test_polls_go_where_they_still_are_as_the_file_set_them(files: Files) -> None:
    first = POLLS + "1,active,2023-01-16T00:00:00Z\n1,active,2023-01-17T00:00:00Z\n2,active,2023-01-18T00:00:00Z\n"
    files.load("polls", first)
    files.load("polls", POLLS + "1,inactive,2023-01-17T00:00:00Z\n3,active,2023-01-18T00:00:00Z\n")
    assert files.unload("polls", first) == 2
    assert statuses(files.resources) == {("1", "2023-01-17 00:00:00+00"): False, ("3", "2023-01-18 00:00:00+00"): True}
    assert files.unload("polls", first) == 0


def test_polls_that_say_unknown_go_like_others(files: Files) -> None:
    first = POLLS + "1,unknown,2023-01-16T00:00:00Z\n1,unknown,2023-01-17T00:00:00Z\n1,active,2023-01-18T00:00:00Z\n"
    files.load("polls", first)
    files.load("polls", POLLS + "1,inactive,2023-01-17T00:00:00Z\n1,unknown,2023-01-18T00:00:00Z\n")
    assert files.unload("polls", first) == 1
    assert statuses(files.resources) == {("1", "2023-01-17 00:00:00+00"): False, ("1", "2023-01-18 00:00:00+00"): None}


def test_a_row_that_gave_way_within_the_file_takes_nothing_out(files: Files) -> None:
    content = POLLS + "1,active,2023-01-16T00:00:00Z\n1,inactive,2023-01-16T00:00:00Z\n"
    files.load("polls", content)
    files.load("polls", POLLS + "1,active,2023-01-16T00:00:00Z\n")
    assert files.unload("polls", content) == 0
    assert statuses(files.resources) == {("1", "2023-01-16 00:00:00+00"): True}


def test_the_spans_of_weeks_shrink_and_an_empty_week_is_loaded_again(files: Files) -> None:
    monday, sunday, next_week = (f"1,active,2023-01-{day}T00:00:00Z\n" for day in (16, 22, 25))
    files.load("polls", POLLS + monday + sunday + next_week)
    assert files.unload("polls", POLLS + sunday + next_week) == 2
    assert table(files.resources, "poll_week") == [("2023-01-16", "2023-01-16 00:00:00+00", "2023-01-16 00:00:00+00")]
    with files.resources.engine.connect() as connection:
        assert polls.latest(connection) == datetime(2023, 1, 16, tzinfo=UTC)
    files.load("polls", POLLS + next_week)
    assert [row[:3] for row in table(files.resources, "poll")] == [
        ("poll_2023_01_16", "1", "2023-01-16 00:00:00+00"),
        ("poll_2023_01_23", "1", "2023-01-25 00:00:00+00"),
    ]
    assert table(files.resources, "poll_week")[1][1:] == ("2023-01-25 00:00:00+00", "2023-01-25 00:00:00+00")


def test_nothing_is_taken_out_of_weeks_that_are_not_there(files: Files) -> None:
    assert files.unload("polls", POLLS + "1,active,2023-01-16T00:00:00Z\n") == 0
    assert table(files.resources, "poll_week") == []


def test_windows_go_where_they_are_those_of_the_file(files: Files) -> None:
    files.load("hours", HOURS + "1,0,09:00,17:00\n2,0,09:00,17:00\n2,0,09:00,17:00\n3,0,08:00,12:00\n")
    files.load("hours", HOURS + "1,0,10:00,17:00\n")
    assert files.unload("hours", HOURS + "1,0,09:00,17:00\n2,0,09:00,17:00\n2,0,09:00,17:00\n") == 1
    assert table(files.resources, "working_hours") == [
        ("1", 0, "10:00:00", "17:00:00"),
        ("3", 0, "08:00:00", "12:00:00"),
    ]


def test_zones_go_back_to_none_where_they_are_those_of_the_file(files: Files) -> None:
    content = ZONES + "1,Asia/Tokyo\n2,UTC\n2,Asia/Tokyo\n3,UTC\n"
    files.load("timezones", content)
    files.load("timezones", ZONES + "1,Europe/Oslo\n")
    assert files.unload("timezones", content) == 2
    zones = {key: zone for _, _, key, zone in table(files.resources, "entity")}
    assert zones == {"1": "Europe/Oslo", "2": None, "3": None}


@pytest.mark.parametrize("block_bytes", [50, 4 << 20])
def test_wrong_rows_are_passed_over(files: Files, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    small_blocks(monkeypatch, block_bytes)
    files.load("polls", POLLS + "1,active,2023-01-16T00:00:00Z\n")
    content = POLLS + "1,up,2023-01-16T00:00:00Z\n" * 9 + "1\n" * 9 + "1,active,2023-01-16T00:00:00Z\n"
    assert files.unload("polls", content, policy=Policy(OnError.SKIP_ROWS)) == 1


def test_what_is_done_before_the_commit_is_in_the_transaction(files: Files) -> None:
    content = POLLS + "1,active,2023-01-16T00:00:00Z\n"
    files.load("polls", content)
    before = everything(files.resources)

    def refuse(connection: Connection) -> None:
        assert connection.scalar(text("SELECT count(*) FROM poll")) == 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        files.unload("polls", content, before_commit=refuse)
    assert everything(files.resources) == before
    assert files.resources.engine.pool.checkedout() == 0


def test_the_sample_data_goes_without_a_rest(files: Files) -> None:
    contents = {kind: (SAMPLE_DATA / f"{kind}.csv").read_text() for kind in ("hours", "timezones", "polls")}
    for kind, content in contents.items():
        files.load(kind, content)
    assert [files.unload(kind, content) for kind, content in contents.items()] == [155, 25, 3593]
    for name in ("working_hours", "poll", "poll_week"):
        assert table(files.resources, name) == []
