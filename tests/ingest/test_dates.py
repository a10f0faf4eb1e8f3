"""Files of exceptions, holidays, calendars, and of hours and zones that count from a date on."""

from datetime import date

import pytest
from sqlalchemy import text

from app.errors import InvalidParameters, RejectedFile
from app.ingest.policy import Policy
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.ingest.test_unload import Files, files

__all__ = ["files"]

EXCEPTIONS = "store_id,date,what,start_time_local,end_time_local,name\n"
HOLIDAYS = "calendar,date,what,start_time_local,end_time_local,name\n"
HOURS = "store_id,day,start_time_local,end_time_local,valid_from,valid_to\n"

#: What is known, by table.
KNOWN = {
    "exceptions": "SELECT key, on_date::text, what, opens::text, closes::text, name FROM hours_exception "
    "JOIN entity ON id = entity_id WHERE superseded_at IS NULL ORDER BY 1, 2, 3, 4",
    "days": "SELECT calendar, on_date::text, what, opens::text, name FROM calendar_day WHERE superseded_at IS NULL "
    "ORDER BY 1, 2",
    "uses": "SELECT key, place, calendar, valid_from::text FROM calendar_use JOIN entity ON id = entity_id "
    "WHERE superseded_at IS NULL ORDER BY 1, 2",
    "hours": "SELECT key, opens::text, valid_from::text, valid_to::text FROM hours_window "
    "JOIN entity ON id = entity_id WHERE superseded_at IS NULL ORDER BY 1, 2",
    "zones": "SELECT key, valid_from::text, zone.timezone FROM entity_zone AS zone JOIN entity ON id = entity_id "
    "WHERE superseded_at IS NULL ORDER BY 1, 2",
}


def known(resources: Resources, name: str) -> list[tuple[object, ...]]:
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(KNOWN[name]))]


def test_exceptions_replace_those_of_the_same_dates_of_the_same_stores(
    load_text: LoadText, resources: Resources
) -> None:
    load_text("exceptions", EXCEPTIONS + "1,2026-12-24,closed,,,\n1,2026-12-31,closed,,,\n2,2026-12-24,closed,,,\n")
    rows = "1,2026-12-24,hours,09:00,12:00,Eve\n1,2026-12-24,hours,13:00,14:00,Eve\n1,2026-12-24,minus,10:00,10:30,\n"
    assert load_text("exceptions", EXCEPTIONS + rows) == 3
    assert known(resources, "exceptions") == [
        ("1", "2026-12-24", "hours", "09:00:00", "12:00:00", "Eve"),
        ("1", "2026-12-24", "hours", "13:00:00", "14:00:00", "Eve"),
        ("1", "2026-12-24", "minus", "10:00:00", "10:30:00", ""),
        ("1", "2026-12-31", "closed", "00:00:00", "00:00:00", ""),
        ("2", "2026-12-24", "closed", "00:00:00", "00:00:00", ""),
    ]


def test_an_exception_may_name_the_dates_from_one_to_another(load_text: LoadText, resources: Resources) -> None:
    load_text("exceptions", "team,date_from,date_to,what\nWeb,2026-12-30,2027-01-01,usual\nWeb,2027-02-01,,closed\n")
    assert [row[1:3] for row in known(resources, "exceptions")] == [
        ("2026-12-30", "usual"),
        ("2026-12-31", "usual"),
        ("2027-01-01", "usual"),
        ("2027-02-01", "closed"),
    ]


def test_holidays_replace_whole_calendars(files: Files) -> None:
    old = HOLIDAYS + "a,2026-12-24,,,,Eve\na,2026-12-25,closed,,,\nb,2026-12-25,closed,,,\n"
    files.load("holidays", old)
    files.load("holidays", HOLIDAYS + "a,2026-12-25,hours,10:00,12:00,Christmas\n")
    assert known(files.resources, "days") == [
        ("a", "2026-12-25", "hours", "10:00:00", "Christmas"),
        ("b", "2026-12-25", "closed", "00:00:00", ""),
    ]
    assert files.unload("holidays", old) == 1
    assert [row[0] for row in known(files.resources, "days")] == ["a"]


def test_calendars_count_in_the_order_of_their_lines(load_text: LoadText, resources: Resources) -> None:
    load_text("calendars", "store_id,calendar,valid_from\n1,b,2026-01-01\n1,a,\n2,b,\n")
    load_text("calendars", "store_id,calendar\n2,c\n2,a\n")
    assert known(resources, "uses") == [
        ("1", 1, "b", "2026-01-01"),
        ("1", 2, "a", "-infinity"),
        ("2", 1, "c", "-infinity"),
        ("2", 2, "a", "-infinity"),
    ]


def test_hours_replace_those_of_the_same_dates_of_validity(files: Files) -> None:
    files.load("hours", "store_id,day,start_time_local,end_time_local\n1,0,09:00,17:00\n")
    summer = HOURS + "1,0,10:00,17:00,2026-06-01,2026-08-31\n"
    files.load("hours", summer)
    files.load("hours", HOURS + "1,0,11:00,17:00,2026-06-01,2026-08-31\n")
    files.load("hours", summer)
    files.load("hours", HOURS + "1,0,12:00,17:00,2027-01-01,\n")
    assert known(files.resources, "hours") == [
        ("1", "09:00:00", "-infinity", "infinity"),
        ("1", "10:00:00", "2026-06-01", "2026-08-31"),
        ("1", "12:00:00", "2027-01-01", "infinity"),
    ]
    assert files.unload("hours", summer) == 1
    assert [row[1] for row in known(files.resources, "hours")] == ["09:00:00", "12:00:00"]


def test_a_zones_file_replaces_the_whole_history_of_a_store(load_text: LoadText, resources: Resources) -> None:
    header = "store_id,timezone_str,valid_from\n"
    load_text("timezones", header + "1,Asia/Tokyo,\n1,Europe/Oslo,2026-07-01\n2,UTC,\n")
    assert len(known(resources, "zones")) == 3
    load_text("timezones", header + "1,Europe/Rome,\n")
    assert known(resources, "zones") == [("1", "-infinity", "Europe/Rome"), ("2", "-infinity", "UTC")]


def test_zones_with_dates_only_keep_the_history_before_them(load_text: LoadText, resources: Resources) -> None:
    header = "store_id,timezone_str,valid_from\n"
    load_text("timezones", header + "1,Asia/Tokyo,\n1,Europe/Oslo,2026-07-01\n1,UTC,2026-09-01\n2,UTC,\n")
    load_text("timezones", header + "1,Europe/Rome,2026-08-01\n")
    assert known(resources, "zones") == [
        ("1", "-infinity", "Asia/Tokyo"),
        ("1", "2026-07-01", "Europe/Oslo"),
        ("1", "2026-08-01", "Europe/Rome"),
        ("2", "-infinity", "UTC"),
    ]


def test_a_whole_file_may_hold_from_a_date_on(files: Files) -> None:
    plain = "store_id,day,start_time_local,end_time_local\n"
    files.load("hours", plain + "1,0,09:00,17:00\n")
    files.load("timezones", "store_id,timezone_str\n1,UTC\n")
    since = Policy(valid_from=(date(2026, 7, 1) - date(1970, 1, 1)).days)
    files.load("hours", plain + "1,0,10:00,18:00\n", policy=since)
    files.load("timezones", "store_id,timezone_str\n1,Europe/Oslo\n", policy=since)
    assert known(files.resources, "hours") == [
        ("1", "09:00:00", "-infinity", "infinity"),
        ("1", "10:00:00", "2026-07-01", "infinity"),
    ]
    assert known(files.resources, "zones") == [("1", "-infinity", "UTC"), ("1", "2026-07-01", "Europe/Oslo")]
    assert files.unload("hours", plain + "1,0,10:00,18:00\n", policy=since) == 1
    assert known(files.resources, "hours") == [("1", "09:00:00", "-infinity", "infinity")]


def test_a_file_that_has_dates_or_cannot_have_them_is_refused_one_for_all(files: Files) -> None:
    since = Policy(valid_from=20_000)
    with pytest.raises(RejectedFile, match="has a column valid_from, and the load also got valid_from"):
        files.load("hours", HOURS + "1,0,09:00,17:00,2026-07-01,\n", policy=since)
    with pytest.raises(InvalidParameters, match="files of kind holidays do not apply from a date; allowed for hours"):
        files.load("holidays", HOLIDAYS + "a,2026-12-24,,,,\n", policy=since)


CONTRADICTIONS = {
    "closed beside hours": (
        "exceptions",
        EXCEPTIONS + "1,2026-12-24,closed,,,\n1,2026-12-24,hours,09:00,12:00,\n",
        "lines 2 and 3: store 1, 2026-12-24: closed beside hours; keep one of them",
    ),
    "hours without times": (
        "exceptions",
        EXCEPTIONS + "1,2026-12-24,hours,09:00,,\n",
        "store 1, 2026-12-24: hours needs start_time_local and end_time_local",
    ),
    "minus past midnight": (
        "exceptions",
        EXCEPTIONS + "1,2026-12-24,minus,22:00,02:00,\n",
        "line 2: store 1, 2026-12-24: minus may not run past midnight",
    ),
    "dates backwards": (
        "exceptions",
        "store_id,date_from,date_to,what\n1,2026-12-24,2026-12-23,closed\n",
        "store 1, 2026-12-24: date_to is before the date",
    ),
    "holiday closed beside hours": (
        "holidays",
        HOLIDAYS + "a,2026-12-24,closed,,,\na,2026-12-24,hours,09:00,12:00,\n",
        "lines 2 and 3: a, 2026-12-24: closed beside hours; keep one of them",
    ),
    "hours that overlap": (
        "hours",
        HOURS + "1,0,09:00,17:00,2026-01-01,2026-06-30\n1,0,09:00,17:00,2026-06-30,2026-12-31\n",
        (
            "lines 2 and 3: store 1: its hours from 2026-01-01 to 2026-06-30 and those from 2026-06-30 to 2026-12-31 "
            "overlap"
        ),
    ),
    "hours without limits that overlap": (
        "hours",
        HOURS + "\n2,0,09:00,17:00,,\n1,0,09:00,17:00,2026-06-30,\n\n1,0,09:00,17:00,,2026-06-30\n",
        "lines 4 and 6: store 1: its hours until 2026-06-30 and those from 2026-06-30 on overlap",
    ),
    "closed beside hours among quoted names and blank lines": (
        "exceptions",
        EXCEPTIONS + '1,2026-12-24,closed,,,"Eve"\n\n1,2026-12-25,closed,,,\n1,2026-12-24,hours,09:00,12:00,"x"\n',
        "lines 2 and 5: store 1, 2026-12-24: closed beside hours",
    ),
    "hours backwards": (
        "hours",
        HOURS + "1,0,09:00,17:00,2026-07-01,2026-06-30\n",
        "store 1: valid_to 2026-06-30 is before valid_from 2026-07-01",
    ),
    "use backwards": (
        "calendars",
        "store_id,calendar,valid_from,valid_to\n1,a,2026-07-01,2026-06-30\n",
        "line 2: store 1, a: valid_to 2026-06-30 is before valid_from 2026-07-01",
    ),
}


@pytest.mark.parametrize(("kind", "content", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_file_that_contradicts_itself_is_refused_whole(
    load_text: LoadText, resources: Resources, kind: str, content: str, said: str
) -> None:
    with pytest.raises(RejectedFile) as caught:
        load_text(kind, content)
    assert caught.value.details["reason"] == "contradiction"
    assert said in caught.value.message
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM entity")) == 0
    assert [known(resources, name) for name in KNOWN] == [[]] * len(KNOWN)


def test_hours_within_others_and_beside_others_are_taken(load_text: LoadText, resources: Resources) -> None:
    spans = [",", "2026-06-01,2026-08-31", "2026-07-01,2026-07-31", "2026-09-01,"]
    assert load_text("hours", HOURS + "".join(f"1,0,09:00,17:00,{span}\n" for span in spans)) == 4
    assert len(known(resources, "hours")) == 4


def test_an_exception_needs_a_date(load_text: LoadText) -> None:
    with pytest.raises(RejectedFile, match="the header lacks date or date_from"):
        load_text("exceptions", "store_id,what\n1,closed\n")
    with pytest.raises(RejectedFile, match="line 2, date: '' is not a date"):
        load_text("exceptions", "store_id,date,what\n1,,closed\n")
