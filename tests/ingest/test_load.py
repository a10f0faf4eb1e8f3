"""A file comes in whole or not at all, and what it says replaces what was there."""

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import DatabaseUnavailable, RejectedFile
from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, LoadText, load_file
from tests.ingest.checking import small_blocks

POLLS = "store_id,status,timestamp_utc\n"
HOURS = "store_id,day,start_time_local,end_time_local\n"
ZONES = "store_id,timezone_str\n"

#: Entities, with the zone that is known of each.
ENTITY_AND_ZONE = "entity LEFT JOIN (SELECT * FROM entity_zone WHERE superseded_at IS NULL) AS zone ON id = entity_id"

#: Whole tables, in an order of their own; of hours and zones what is known.
TABLES = {
    "entity": f"SELECT id, kind, key, zone.timezone FROM {ENTITY_AND_ZONE} ORDER BY id",
    "working_hours": "SELECT key, weekday, opens::text, closes::text FROM hours_window JOIN entity ON id = entity_id "
    "WHERE superseded_at IS NULL ORDER BY 1, 2, 3, 4",
    "poll": "SELECT poll.tableoid::regclass::text, key, at::text, active FROM poll JOIN entity ON id = entity_id "
    "ORDER BY at, key",
    "poll_week": "SELECT week::text, first_at::text, last_at::text FROM poll_week ORDER BY week",
    "tables": "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
    "ORDER BY 1",
}


def table(resources: Resources, name: str) -> list[tuple[Any, ...]]:
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(TABLES[name]))]


def everything(resources: Resources) -> dict[str, list[tuple[Any, ...]]]:
    return {name: table(resources, name) for name in TABLES}


def polls_of(rows: Iterable[tuple[str, str, str]]) -> str:
    return POLLS + "".join(f"{store},{status},{at}\n" for store, status, at in rows)


def statuses(resources: Resources) -> dict[tuple[str, str], bool | None]:
    return {(key, at): active for _, key, at, active in table(resources, "poll")}


def test_polls_go_into_the_partition_of_their_week(load_text: LoadText, resources: Resources) -> None:
    text = polls_of(
        [
            ("2", "active", "2023-01-30T00:00:00Z"),
            ("007", "inactive", "2023-01-29 23:59:59.999999 UTC"),
            ("2", "active", "2023-01-16T01:00:00+01:00"),
            ("007", "active", "2023-01-22 12:00:00 UTC"),
        ]
    )
    assert load_text("polls", text) == 4
    assert table(resources, "poll") == [
        ("poll_2023_01_16", "2", "2023-01-16 00:00:00+00", True),
        ("poll_2023_01_16", "007", "2023-01-22 12:00:00+00", True),
        ("poll_2023_01_23", "007", "2023-01-29 23:59:59.999999+00", False),
        ("poll_2023_01_30", "2", "2023-01-30 00:00:00+00", True),
    ]
    assert table(resources, "poll_week") == [
        ("2023-01-16", "2023-01-16 00:00:00+00", "2023-01-22 12:00:00+00"),
        ("2023-01-23", "2023-01-29 23:59:59.999999+00", "2023-01-29 23:59:59.999999+00"),
        ("2023-01-30", "2023-01-30 00:00:00+00", "2023-01-30 00:00:00+00"),
    ]


def test_late_polls_go_into_the_week_that_is_there(load_text: LoadText, resources: Resources) -> None:
    load_text("polls", polls_of([("1", "active", "2023-01-18T00:00:00Z"), ("1", "active", "2023-01-25T00:00:00Z")]))
    load_text("polls", polls_of([("2", "inactive", "2023-01-17T00:00:00Z")]))
    load_text("polls", polls_of([("1", "inactive", "2023-01-20T00:00:00Z"), ("1", "active", "2023-01-19T00:00:00Z")]))
    assert [row[:3] for row in table(resources, "poll")] == [
        ("poll_2023_01_16", "2", "2023-01-17 00:00:00+00"),
        ("poll_2023_01_16", "1", "2023-01-18 00:00:00+00"),
        ("poll_2023_01_16", "1", "2023-01-19 00:00:00+00"),
        ("poll_2023_01_16", "1", "2023-01-20 00:00:00+00"),
        ("poll_2023_01_23", "1", "2023-01-25 00:00:00+00"),
    ]
    assert table(resources, "poll_week") == [
        ("2023-01-16", "2023-01-17 00:00:00+00", "2023-01-20 00:00:00+00"),
        ("2023-01-23", "2023-01-25 00:00:00+00", "2023-01-25 00:00:00+00"),
    ]


@pytest.mark.parametrize("block_bytes", [100, 4 << 20])
def test_the_last_row_of_an_instant_counts(
    load_text: LoadText, resources: Resources, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    small_blocks(monkeypatch, block_bytes)
    noon, one, two = "2023-01-22 12:00:00 UTC", "2023-01-22 13:00:00 UTC", "2023-01-22 14:00:00 UTC"
    flips = [("1", status, noon) for status in ("active", "inactive") * 10]
    load_text("polls", polls_of([*flips, ("1", "inactive", one), ("2", "inactive", noon), ("1", "active", two)]))
    first = {
        ("1", "2023-01-22 12:00:00+00"): False,
        ("1", "2023-01-22 13:00:00+00"): False,
        ("1", "2023-01-22 14:00:00+00"): True,
        ("2", "2023-01-22 12:00:00+00"): False,
    }
    assert statuses(resources) == first
    load_text("polls", polls_of([*flips, ("1", "active", noon), ("1", "active", "2023-01-22T14:00:00+01:00")]))
    assert statuses(resources) == first | {
        ("1", "2023-01-22 12:00:00+00"): True,
        ("1", "2023-01-22 13:00:00+00"): True,
    }


def test_a_poll_that_says_unknown_replaces_another_and_is_replaced(load_text: LoadText, resources: Resources) -> None:
    stamps = [f"2023-01-22 {hour}:00:00+00" for hour in (12, 13, 14)]

    def load(*said: str) -> list[bool | None]:
        load_text("polls", polls_of(("1", status, at) for status, at in zip(said, stamps, strict=True)))
        found = statuses(resources)
        return [found["1", at] for at in stamps]

    assert load("unknown", "active", "inactive") == [None, True, False]
    assert load("unknown", "unknown", "unknown") == [None, None, None]
    assert load("active", "inactive", "unknown") == [True, False, None]


def test_a_week_that_the_version_before_has_made_takes_unknown_polls(load_text: LoadText, resources: Resources) -> None:
    monday, noon = "2023-01-16T00:00:00Z", "2023-01-16T12:00:00Z"
    load_text("polls", polls_of([("1", "active", monday)]))
    with resources.engine.begin() as connection:
        connection.execute(text("ALTER TABLE poll_2023_01_16 ALTER active SET NOT NULL"))
    load_text("polls", polls_of([("1", "unknown", noon)]))
    assert list(statuses(resources).values()) == [True, None]


def test_loading_the_same_files_again_changes_nothing(resources: Resources, tmp_path: Path) -> None:
    files = {name: SAMPLE_DATA / f"{name}.csv" for name in ("hours", "timezones", "polls")}
    rows = [load_file(resources, name, file).rows_read for name, file in files.items()]
    before = everything(resources)
    assert rows == [155, 25, 3601]
    assert len(before["poll"]) == 3593  # eight rows repeat a store and an instant
    for name, file in files.items():
        zipped = tmp_path / f"{name}.txt"  # the name says nothing, the content does
        zipped.write_bytes(gzip.compress(file.read_bytes()))
        assert load_file(resources, name, zipped).rows_read == rows.pop(0)
    assert everything(resources) == before


def test_an_hours_file_replaces_the_windows_of_the_stores_that_it_names(
    load_text: LoadText, resources: Resources
) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n1,1,09:00,17:00\n2,0,10:00,18:00\n")
    load_text("hours", HOURS + "3,6,22:00,02:00\n1,5,00:00,24:00\n1,5,00:00:00,24:00:00\n1,5,12:00,13:00\n")
    assert table(resources, "working_hours") == [
        ("1", 5, "00:00:00", "24:00:00"),
        ("1", 5, "12:00:00", "13:00:00"),
        ("2", 0, "10:00:00", "18:00:00"),
        ("3", 6, "22:00:00", "02:00:00"),
    ]


def test_a_timezones_file_replaces_the_zones_of_the_stores_that_it_names(
    load_text: LoadText, resources: Resources
) -> None:
    load_text("timezones", ZONES + "1,Asia/Tokyo\n2,Asia/Tokyo\n")
    load_text("hours", HOURS + "4,0,09:00,17:00\n")
    load_text("timezones", ZONES + "3,Asia/Tokyo\n1,UTC\n3,Europe/Oslo\n")
    assert {key: zone for _, _, key, zone in table(resources, "entity")} == {
        "1": "UTC",
        "2": "Asia/Tokyo",
        "3": "Europe/Oslo",
        "4": None,
    }


def test_keys_stay_text(load_text: LoadText, resources: Resources) -> None:
    keys = ["007", "7", "NULL", "NA", "1e5", "a'b", r"\N", "%s", "é", "{x}"]
    load_text("polls", polls_of((key, "active", "2023-01-22T12:00:00Z") for key in keys))
    assert sorted(row[1] for row in table(resources, "poll")) == sorted(keys)


def test_a_header_alone_loads_nothing(load_text: LoadText, resources: Resources) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n")
    before = everything(resources)
    assert [load_text(kind, header) for kind, header in (("polls", POLLS), ("hours", HOURS), ("timezones", ZONES))] == [
        0,
        0,
        0,
    ]
    assert everything(resources) == before


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (
            "polls",
            polls_of([*(("9", "active", f"2024-05-{day:02}T00:00:00Z") for day in range(1, 31)), ("9", "?", "")]),
        ),
        ("polls", polls_of([("", "active", "2024-05-01T00:00:00Z"), ("9", "active", "2024-05-01T00:00:00Z")])),
        ("hours", HOURS + "1,5,09:00,17:00\n9,0,09:00,17:00\n" * 20 + "9,7,09:00,17:00\n"),
        ("timezones", ZONES + "1,UTC\n9,UTC\n" * 20 + "9,Mars\n"),
        ("timezones", ZONES + "1,UTC\n9,UTC\n" * 20 + "9\n"),
        ("timezones", ZONES + "1,UTC\n9,UTC\n" * 20 + '"9,UTC\n' * 99),
    ],
)
def test_a_file_that_is_not_accepted_leaves_nothing(
    load_text: LoadText, resources: Resources, monkeypatch: pytest.MonkeyPatch, kind: str, content: str
) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n")
    load_text("timezones", ZONES + "1,Asia/Tokyo\n")
    before = everything(resources)
    small_blocks(monkeypatch, 100)  # good blocks come first
    with pytest.raises(RejectedFile):
        load_text(kind, content)
    assert everything(resources) == before


def interrupted(resources: Resources, *, by: Callable[[int], None]) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv", progress=by)


def test_a_load_that_fails_half_way_leaves_nothing(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 20_000)
    before = everything(resources)
    seen: list[int] = []

    def stumble(rows: int) -> None:
        seen.append(rows)
        if rows > 1000:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted(resources, by=stumble)
    assert 1000 < seen[-1] < 3601
    assert seen == sorted(set(seen))
    assert everything(resources) == before
    assert resources.engine.pool.checkedout() == 0


def test_a_load_that_loses_its_connection_says_so_and_leaves_nothing(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch, 20_000)
    before = everything(resources)

    def cut(rows: int) -> None:
        if rows > 1000:
            with resources.engine.connect() as connection:
                others = "datname = current_database() AND state = 'idle in transaction'"
                connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    with pytest.raises(DatabaseUnavailable):
        interrupted(resources, by=cut)
    assert everything(resources) == before
    interrupted(resources, by=lambda _: None)
    assert len(table(resources, "poll")) == 3593
