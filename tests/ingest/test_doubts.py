"""What a load tells of a file that passes every check."""

from dataclasses import asdict
from pathlib import Path

import pytest

from app.ingest.load import Loaded
from app.storage.resources import Resources
from tests.conftest import load_file
from tests.ingest.checking import small_blocks

HEADERS = {
    "polls": "store_id,status,timestamp_utc\n",
    "hours": "store_id,day,start_time_local,end_time_local\n",
    "timezones": "store_id,timezone_str\n",
}

NOON = "2023-01-22 12:00:00 UTC"


@pytest.fixture
def loaded(resources: Resources, tmp_path: Path):  # noqa: ANN201
    def load(kind: str, rows: str, *, header: str | None = None) -> Loaded:
        path = tmp_path / "file.csv"
        path.write_text((header or HEADERS[kind]) + rows)
        return load_file(resources, kind, path)

    return load


def told(result: Loaded) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(one.code, one.count, one.examples) for one in result.warnings]


@pytest.mark.parametrize("block_bytes", [60, 4 << 20])
def test_keys_that_a_spreadsheet_has_damaged_are_told_once_each(
    loaded,  # noqa: ANN001
    monkeypatch: pytest.MonkeyPatch,
    block_bytes: int,
) -> None:
    small_blocks(monkeypatch, block_bytes)
    damaged = ["1.05E+18", "257000000000000.0", "2.57e14", "7.0", "1050565545391670000", "#REF!", "########"]
    sound = ["1050000000000000000", "1.5", "E+18", "store 1.05E+18", "1e", "v2.0.0", "#12", "#SHOP"]
    rows = "".join(f"{key},active,2023-01-22 {hour:02}:00:00 UTC\n" for hour in range(3) for key in damaged + sound)
    ((code, count, examples),) = told(loaded("polls", rows))
    assert (code, count, len(examples)) == ("damaged_keys", len(damaged), 5)
    assert set(examples) <= set(damaged)


def test_a_decimal_comma_damages_a_key_as_well(loaded) -> None:  # noqa: ANN001
    keys = ["1,05E+18", "257000000000000,0"]
    ((code, count, examples),) = told(loaded("timezones", "".join(f'"{key}",Asia/Tokyo\n' for key in (*keys, "7,0"))))
    assert (code, count, sorted(examples)) == ("damaged_keys", 2, sorted(keys))


def test_examples_are_five_at_most(loaded) -> None:  # noqa: ANN001
    ((_, count, examples),) = told(loaded("timezones", "".join(f"{n}.0,Asia/Tokyo\n" for n in range(9))))
    assert (count, examples) == (9, ("0.0", "1.0", "2.0", "3.0", "4.0"))


def test_zones_without_summer_time_are_told_with_cities_and_utc_is_not(loaded) -> None:  # noqa: ANN001
    rows = "1,EST\n2,Etc/GMT+5\n3,UTC\n4,Europe/Berlin\n5,EST\n6,Etc/UTC\n7,EST5EDT\n"
    ((code, count, examples),) = told(loaded("timezones", rows))
    assert (code, count) == ("fixed_offset_zones", 3)
    assert "Etc/GMT+5" in examples
    (est,) = [one for one in examples if one.startswith("EST, rather than ")]
    assert "America/New_York" in est


@pytest.mark.parametrize("run_polls", [1, 3, 1 << 20])
@pytest.mark.parametrize("block_bytes", [40, 4 << 20])
def test_contradicting_polls_are_counted_apart_and_repeats_are_not(
    loaded,  # noqa: ANN001
    monkeypatch: pytest.MonkeyPatch,
    block_bytes: int,
    run_polls: int,
) -> None:
    small_blocks(monkeypatch, block_bytes)
    monkeypatch.setattr("app.series.poll_sorting.RUN_POLLS", run_polls)
    one = "2023-01-22 13:00:00 UTC"
    rows = f"a,active,{NOON}\na,inactive,{NOON}\nb,active,{NOON}\nb,active,{NOON}\n"
    rows += f"a,active,{NOON}\na,active,{one}\na,unknown,{one}\na,inactive,{one}\na,unknown,{one}\nc,active,{one}\n"
    result = loaded("polls", rows)
    # Of a at noon 'inactive'; of a at one 'active' and 'inactive', as unknown came last.
    assert (result.rows_duplicate, result.rows_contradicting) == (6, 3)
    assert told(result) == [
        ("contradicting_polls", 3, ("a at 2023-01-22 12:00:00 UTC", "a at 2023-01-22 13:00:00 UTC"))
    ]


def test_repeated_rows_alone_contradict_nothing(loaded) -> None:  # noqa: ANN001
    result = loaded("polls", f"a,active,{NOON}\nb,inactive,{NOON}\na,active,{NOON}\n")
    assert (result.rows_duplicate, result.rows_contradicting, result.warnings) == (1, 0, ())


def test_other_kinds_know_no_contradictions(loaded) -> None:  # noqa: ANN001
    result = loaded("hours", "1,0,09:00,17:00\n1,0,10:00,17:00\n")
    assert (result.rows_contradicting, asdict(result)["warnings"]) == (None, ())


def test_hours_and_zones_are_compared_with_the_stores_that_have_polls(loaded) -> None:  # noqa: ANN001
    assert told(loaded("hours", "x,0,09:00,17:00\n")) == []  # nobody has polls yet
    loaded("polls", f"a,active,{NOON}\nb,active,{NOON}\nc,active,2022-01-01 00:00:00 UTC\n")
    spelt_apart = "".join(f"{key},0,09:00,17:00\n" for key in ("a", "A", "a", "B", "007"))
    assert told(loaded("hours", spelt_apart)) == [
        ("keys_without_polls", 3, ("007", "A", "B")),
        ("default_hours", 2, ("b", "c")),
    ]
    assert told(loaded("timezones", "a,UTC\nb,UTC\nc,UTC\n")) == []
    assert told(loaded("timezones", "x,UTC\n")) == [("keys_without_polls", 1, ("x",))]
    (gap,) = loaded("hours", "b,0,09:00,17:00\n").warnings
    assert gap.message == ("stores with polls but no hours: 1; they count as always open: load hours for them")


def test_a_file_of_teams_says_nothing_of_stores(loaded) -> None:  # noqa: ANN001
    loaded("polls", f"a,active,{NOON}\n")
    assert told(loaded("timezones", "a,UTC\nb,UTC\n", header="team,timezone_str\n")) == []
    mixed = loaded("timezones", "b,team,UTC\nb,store,UTC\n", header="entity,entity_kind,timezone_str\n")
    assert told(mixed) == [("keys_without_polls", 1, ("b",)), ("default_zone", 1, ("a",))]
    assert "the default zone of OPENHOURS_DEFAULT_TIMEZONE applies: load" in mixed.warnings[1].message
