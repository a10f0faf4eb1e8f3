"""Hours and zones are of stores, of teams, or of what a column beside them says."""

from typing import Any

import pytest
from sqlalchemy import text

from app.errors import InvalidParameters
from app.ingest.policy import Policy
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.ingest.checking import check, refused
from tests.ingest.test_load import ENTITY_AND_ZONE
from tests.ingest.test_unload import Files, files

__all__ = ["files"]

WINDOW = "day,start_time_local,end_time_local"


def windows(resources: Resources) -> list[tuple[Any, ...]]:
    query = "SELECT kind, key, weekday, opens::text, closes::text FROM hours_window JOIN entity ON id = entity_id "
    query += "WHERE superseded_at IS NULL"
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"{query} ORDER BY 1, 2, 3, 4"))]


def zones(resources: Resources) -> dict[tuple[str, str], str | None]:
    with resources.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT kind, key, zone.timezone FROM {ENTITY_AND_ZONE}"))
        return {(row.kind, row.key): row.timezone for row in rows}


def test_hours_of_a_team_are_loaded_under_its_name(load_text: LoadText, resources: Resources) -> None:
    load_text("hours", f"team,{WINDOW}\nPlatform,0,09:00,17:00\n")
    load_text("hours", f"store_id,{WINDOW}\nPlatform,6,10:00,12:00\n")
    assert windows(resources) == [
        ("store", "Platform", 6, "10:00:00", "12:00:00"),
        ("team", "Platform", 0, "09:00:00", "17:00:00"),
    ]
    load_text("hours", f"team,{WINDOW}\nPlatform,1,08:00,16:00\n")
    assert windows(resources) == [
        ("store", "Platform", 6, "10:00:00", "12:00:00"),
        ("team", "Platform", 1, "08:00:00", "16:00:00"),
    ]


def test_a_zone_of_a_team_is_loaded_under_its_name(load_text: LoadText, resources: Resources) -> None:
    load_text("timezones", "timezone_str,TEAM\nEurope/Berlin,平台\n")
    load_text("timezones", "store_id,timezone_str\n平台,Asia/Tokyo\n")
    assert zones(resources) == {("team", "平台"): "Europe/Berlin", ("store", "平台"): "Asia/Tokyo"}


def test_an_entity_without_a_kind_is_a_store(load_text: LoadText, resources: Resources) -> None:
    load_text("hours", f"entity,{WINDOW}\n007,0,09:00,17:00\n")
    load_text("timezones", "entity,timezone_str\n007,UTC\n")
    assert windows(resources) == [("store", "007", 0, "09:00:00", "17:00:00")]
    assert zones(resources) == {("store", "007"): "UTC"}


def test_kinds_may_be_mixed_in_one_file(load_text: LoadText, resources: Resources) -> None:
    content = f"entity,entity_kind,{WINDOW}\na,team,0,09:00,17:00\na,store,1,09:00,17:00\na,,2,09:00,17:00\n"
    assert load_text("hours", content + "b,team,3,09:00,17:00\n") == 4
    assert windows(resources) == [
        ("store", "a", 1, "09:00:00", "17:00:00"),
        ("store", "a", 2, "09:00:00", "17:00:00"),
        ("team", "a", 0, "09:00:00", "17:00:00"),
        ("team", "b", 3, "09:00:00", "17:00:00"),
    ]
    load_text("timezones", "entity_kind,entity,timezone_str\nteam,a,UTC\n,a,Asia/Tokyo\nstore,a,Europe/Oslo\n")
    assert zones(resources) == {("team", "a"): "UTC", ("store", "a"): "Europe/Oslo", ("team", "b"): None}


def test_the_kind_beside_it_counts_more_than_the_name_of_the_column(load_text: LoadText, resources: Resources) -> None:
    load_text("timezones", "team,entity_kind,timezone_str\na,store,UTC\nb,,Asia/Tokyo\n")
    assert zones(resources) == {("store", "a"): "UTC", ("team", "b"): "Asia/Tokyo"}


def test_a_kind_of_nothing_but_empty_fields_says_nothing(load_text: LoadText, resources: Resources) -> None:
    load_text("timezones", "team,entity_kind,timezone_str\na,,UTC\nb,,UTC\n")
    assert zones(resources) == {("team", "a"): "UTC", ("team", "b"): "UTC"}


@pytest.mark.parametrize("kind", ["repository", "Team", "team ", "stores"])
def test_an_unknown_kind_of_entity_is_rejected(kind: str) -> None:
    checked = check(f"entity,entity_kind,timezone_str\na,team,UTC\nb,{kind},UTC\n", "timezones")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.value) == (3, "entity_kind", repr(kind))
    assert (rejection.code, rejection.reason) == ("not_allowed", "is not one of store, team")
    assert (checked.read, len(checked.rows), checked.rejected) == (2, 1, 1)


@pytest.mark.parametrize("name", ["store_id", "team", "entity"])
def test_a_wrong_key_is_told_by_the_name_of_its_column(name: str) -> None:
    assert check(f"{name},timezone_str\n,UTC\n", "timezones").places == [(2, name, "''")]


@pytest.mark.parametrize("names", ["store_id,team", "team,entity", "entity,store_id", "team,entity,store_id"])
def test_a_header_with_several_keys_is_refused(names: str) -> None:
    error = refused(f"{names},timezone_str\na,b,UTC\n", "timezones")
    assert error.details["reason"] == "wrong_header"
    assert error.message == (
        "file.csv, line 1: the header repeats store_id or team or entity; a timezones file has these columns, "
        "in any order: store_id or team or entity, timezone_str. It may also have entity_kind, "
        "valid_from."
    )


def test_a_header_without_a_key_is_refused_with_the_names_of_all() -> None:
    assert refused("timezone_str,entity_kind\nUTC,team\n", "timezones").message == (
        "file.csv, line 1: the header lacks store_id or team or entity; a timezones file has these columns, "
        "in any order: store_id or team or entity, timezone_str. It may also have entity_kind, "
        "valid_from."
    )
    assert refused("", "hours").message == (
        "file.csv is empty; an hours file must begin with the header store_id or team or entity, day or dayOfWeek, "
        "start_time_local, end_time_local."
    )


def test_names_that_stand_in_for_a_header_are_taken_the_same_way() -> None:
    assert check("UTC,a\n", "timezones", columns=("timezone_str", "team")).rows == [("a", "UTC")]
    assert check("a,team,UTC\n", "timezones", columns=("entity", "entity_kind", "timezone_str")).rows == [
        ("a", "team", "UTC")
    ]
    for names, problem in (
        (("team", "entity", "timezone_str"), "repeats store_id or team or entity"),
        (("timezone_str",), "lacks store_id or team or entity"),
    ):
        with pytest.raises(InvalidParameters, match=f"this {problem}; a timezones file has these columns"):
            check("a,b,UTC\n", "timezones", columns=names)


def test_hours_of_teams_are_taken_out_and_those_of_a_store_of_that_name_stay(files: Files) -> None:
    content = f"entity,entity_kind,{WINDOW}\na,team,0,09:00,17:00\na,,0,09:00,17:00\n"
    files.load("hours", content)
    files.load("hours", f"store_id,{WINDOW}\na,1,09:00,17:00\n")
    assert files.unload("hours", f"team,{WINDOW}\na,0,09:00,17:00\n") == 1
    assert windows(files.resources) == [("store", "a", 1, "09:00:00", "17:00:00")]
    assert files.unload("hours", content) == 0


def test_zones_of_teams_are_taken_out_and_those_of_a_store_of_that_name_stay(files: Files) -> None:
    files.load("timezones", "entity,entity_kind,timezone_str\na,team,UTC\na,,UTC\nb,team,UTC\n")
    files.load("timezones", "team,timezone_str\nb,Asia/Tokyo\n")
    assert files.unload("timezones", "timezone_str,team\nUTC,a\nUTC,b\n", policy=Policy()) == 1
    assert zones(files.resources) == {("team", "a"): None, ("store", "a"): "UTC", ("team", "b"): "Asia/Tokyo"}
