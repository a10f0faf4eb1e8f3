"""Files as monitors, tools and people write them: what is proposed reads them right, or asks before it may be wrong."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from app.errors import RejectedFile
from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.inspection.layout import LOOKED_AT_BYTES
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from tests.ingest.checking import check

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def look(content: str | bytes, name: str = "file.csv", *, kind: str | None = None) -> Inspection:
    kinds = list(DATASET_KINDS.values()) if kind is None else [DATASET_KINDS[kind]]
    return inspect(content.encode() if isinstance(content, str) else content, name=name, kinds=kinds, now=NOW)


def polls(found: Inspection) -> list[tuple[str, str, str]]:
    assert found.proposal.kind == "polls"
    return [(row["store_id"], row["status"], row["timestamp_utc"]) for row in found.rows]


#: Each with the same two polls of a store A: up at 10:00, down at 10:05.
POLLS = {
    "date and time in columns of their own": "store,date,time,state\nA,2024-05-01,10:00,UP\nA,2024-05-01,10:05,DOWN\n",
    "the same, as in the United States": "store,date,time,ok\nA,05/01/2024,10:00 AM,yes\nA,05/13/2024,10:05 AM,no\n",
    "codes of HTTP": "url,http_status,checked_at\nA,200,2024-05-01T10:00:00Z\nA,503,2024-05-01T10:05:00Z\n",
    "no answer at all": "url,status_code,checked_at\nA,301,2024-05-01T10:00:00Z\nA,0,2024-05-01T10:05:00Z\n",
    "key": "key,success,timestamp\nA,true,2024-05-01T10:00:00Z\nA,false,2024-05-01T10:05:00Z\n",
    "French": "magasin;statut;date\nA;en ligne;2024-05-01 10:00\nA;hors ligne;2024-05-01 10:05\n",
    "Spanish": "tienda,estado,fecha\nA,activo,2024-05-01 10:00\nA,inactivo,2024-05-01 10:05\n",
    "German": "Filiale;Zustand;Zeitpunkt\nA;erreichbar;01.05.2024 10:00\nA;nicht erreichbar;01.05.2024 10:05\n",
    "name of the month": 'Test Name,State,Time\nA,Up,"May 1, 2024 10:00 AM"\nA,Down,"May 1, 2024 10:05 AM"\n',
    "nanoseconds": "host,ok,ts\nA,1,1714557600000000000\nA,0,1714557900000000000\n",
    "comments before the header": "# made by x\n#\nstore,status,ts\nA,up,2024-05-01T10:00Z\nA,down,2024-05-01T10:05Z\n",
}


@pytest.mark.parametrize("name", POLLS)
def test_polls_are_read_as_they_are_written(name: str) -> None:
    found = look(POLLS[name])
    day = "13" if name == "the same, as in the United States" else "01"
    assert polls(found) == [("A", "active", "2024-05-01T10:00:00Z"), ("A", "inactive", f"2024-05-{day}T10:05:00Z")]
    assert found.may_be_accepted


@pytest.mark.parametrize("name", ["Laden", "Haus", "unit"])
@pytest.mark.parametrize("numbers", ["111", "000", "101", "121", "122"])
@pytest.mark.parametrize(
    ("status", "words"),
    [("Erreichbar", "ja nein"), ("reachable", "y n"), ("Zustand", "oui non"), ("lage", "up down"), ("wert", "1 0")],
)
def test_words_rather_than_numbers_of_stores_are_the_status(name: str, numbers: str, status: str, words: str) -> None:
    up, down = words.split()
    rows = zip(numbers, (up, down, up), ("10:00", "10:05", "10:10"), strict=True)
    found = look(f"{name};{status};Zeit\n" + "".join(f"{one};{word};2024-05-01T{at}Z\n" for one, word, at in rows))
    assert (found.proposal.document or {})["columns"]["status"] == {
        "from": status,
        "words": {up: "active", down: "inactive"},
    }
    assert [row["status"] for row in found.rows] == ["active", "inactive", "active"]


def test_words_of_a_status_that_are_not_known_are_asked_for_before_numbers_are_taken_for_it() -> None:
    found = look("Haus;Zustand;Zeit\n1;gut;2024-05-01T10:00Z\n1;schlecht;2024-05-01T10:05Z\n")
    assert found.proposal.questions[0][0].startswith("Zustand: what does 'gut' mean")
    assert not found.may_be_accepted


def workbook(rows: list[list[Any]]) -> bytes:
    written, book = BytesIO(), Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(written)
    return written.getvalue()


TWO = [("A", "active", "2024-05-01T10:00:00Z"), ("A", "inactive", "2024-05-01T10:05:00Z")]


def test_titles_above_the_table_of_a_sheet_are_left_out() -> None:
    times = datetime(2024, 5, 1, 10), datetime(2024, 5, 1, 10, 5)  # noqa: DTZ001 - cells have no zone
    content = workbook([["Export"], [], ["Store", "State", "At"], ["A", "Up", times[0]], ["A", "Down (0)", times[1]]])
    found = look(content, "export.xlsx")
    assert polls(found) == TWO
    checked = check(content, "polls", mapping=read_mapping(dict(found.proposal.document or {})), now=NOW)
    assert (len(checked.rows), checked.rejections) == (2, [])


def test_an_array_within_objects_is_found() -> None:
    records = [{"store": "A", "status": up, "ts": at} for up, at in (("up", TWO[0][2]), ("down", TWO[1][2]))]
    found = look(json.dumps({"code": 200, "data": {"page": 1, "items": records}}), "polls.json")
    assert polls(found) == TWO
    assert (found.proposal.document or {})["records"] == "data.items"


def test_spaces_around_texts_are_cut_off() -> None:
    found = look("store , status , timestamp\n A , up , 2024-05-01T10:00Z \n A , down , 2024-05-01T10:05Z \n")
    assert polls(found) == TWO
    assert found.may_be_accepted


@pytest.mark.parametrize("name", ["is_down", "hasFailures", "error"])
def test_a_flag_of_a_fault_is_true_when_the_store_is_down(name: str) -> None:
    found = look(f"store,{name},ts\nA,false,2024-05-01T10:00Z\nA,true,2024-05-01T10:05Z\n")
    assert polls(found) == TWO


def test_hours_of_some_days_alone_are_not_those_of_all() -> None:
    found = look("store,Sat,Sun\nA,9:00-17:00,10:00-14:00\n", kind="hours")
    assert "day" in found.proposal.missing


def test_outages_are_read_by_the_names_that_monitors_use() -> None:
    found = look('Monitor,Started at,Resolved at,Cause\nA,"May 1, 2024 at 9:59am UTC","May 1, 2024 at 10:29am UTC",x\n')
    assert polls(found) == [("A", "inactive", "2024-05-01T09:59:00Z"), ("A", "active", "2024-05-01T10:29:00Z")]
    found = look("site,down_at,up_at\nA,2024-05-01T10:00Z,2024-05-01T10:30Z\nA,2024-05-02T10:00Z,\n")
    assert [status for _, status, _ in polls(found)] == ["inactive", "active", "inactive"]
    assert found.may_be_accepted


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (
            "store,timestamp,timezone,status\nA,2024-05-01 10:00,Europe/Berlin,1\n",
            "timestamp: are its times of UTC, or of Europe/Berlin, which timezone has? Set zone.",
        ),
        (
            "store,timestamp,tz,status\nA,2024-05-01 10:00,Europe/Berlin,1\nB,2024-05-01 10:00,Asia/Tokyo,1\n",
            (
                "timestamp: are its times of UTC, or of the 2 zones that tz has? In UTC set zone; otherwise "
                '"template": "{timestamp} {tz}" instead of from and zone.'
            ),
        ),
        (
            "site,start,duration\nA,2024-05-01T10:00Z,00:30:00\n",
            "duration: a mapping cannot add it to start; add a column that says when each outage ended.",
        ),
        (
            "Kasse,status,ts\n" + "".join(f"{name},up,2024-05-01T10:0{at}Z\n" for at, name in enumerate("abab")),
            (
                "No column names the store; which one is it? Answer with --set store_id=TEXT. Or does Kasse name it? "
                "Then say so in the mapping."
            ),
        ),
    ],
)
def test_what_would_give_wrong_figures_is_asked_first(content: str, asked: str) -> None:
    found = look(content, kind="polls")
    assert not found.may_be_accepted
    assert (asked, "") in found.proposal.questions


@pytest.mark.parametrize(
    ("header", "day", "times"),
    [
        ("Date,Time", "2024-05-01", ("10:00", "10:05")),
        ("Date,Duration,Time", "2024-05-01,00:00:30", ("10:00", "10:05")),
        ("Response time,Date,Time", "00:07,2024-05-01", ("10:00", "10:05")),
        ("Date,End,Start time", "2024-05-01,23:00", ("10:00", "10:05")),
        ("Date,Heure", "01/05/2024", ("10h00", "10h05")),
        ("Datum,Uhrzeit", "01.05.2024", ("10.00 Uhr", "10.05 Uhr")),
        ("Date,Time", "2024-05-01", ("1000", "1005")),
        ("Date,Time", "2024-05-01", ("10.00am", "10.05am")),
    ],
)
def test_a_date_and_the_time_of_day_beside_it_are_one_instant(header: str, day: str, times: tuple[str, str]) -> None:
    rows = [f"A,{word},{day},{time}" for word, time in zip(("up", "down"), times, strict=True)]
    found = look("\n".join([f"store,status,{header}", *rows, ""]))
    asked = [question for question, assumed in found.proposal.questions if not assumed]
    assert all("day or month first" in one for one in asked)
    assert [at[10:] for _, _, at in polls(found)] == [at[10:] for _, _, at in TWO]


@pytest.mark.parametrize("header", ["Date,Duration", "Date,Response time", "Date,End"])
def test_how_long_something_took_is_no_time_of_day(header: str) -> None:
    found = look(f"store,status,{header}\nA,up,2024-05-01,00:05:00\nA,down,2024-05-02,00:06:00\n")
    assert [at for _, _, at in polls(found)] == ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"]


@pytest.mark.parametrize("odd", ["noon", "25:10", ""])
def test_a_time_of_day_that_cannot_be_read_is_no_midnight(odd: str) -> None:
    content = f"store,status,Date,Time\nA,up,2024-05-01,10:00\nA,down,2024-05-01,{odd}\nA,up,2024-05-01,10:10\n"
    found = look(content)
    assert not found.may_be_accepted
    assert any(question.startswith("Time: ") and "at 00:00" in question for question, _ in found.proposal.questions)


def test_an_instant_of_a_template_needs_all_its_parts() -> None:
    columns = {"store_id": {"from": "store"}, "status": {"value": "active"}}
    at = {"template": "{Date} {Time}", "date": "iso", "zone": "UTC"}
    mapping = read_mapping({"kind": "polls", "columns": {**columns, "timestamp_utc": at}})
    content = "store,Date,Time\nA,2024-05-01,10:00\nA,2024-05-01,\nA,,\n"
    checked = check(content.encode(), "polls", mapping=mapping, now=NOW)
    assert [(one.line, one.value) for one in checked.rejections] == [(3, "'2024-05-01 (empty)'"), (4, "''")]


def test_an_optional_instant_of_a_template_may_be_empty() -> None:
    columns = {name: {"from": name} for name in ("repo", "number", "created_at")}
    at = {"template": "{merged} {zone}", "date": "iso"}
    mapping = read_mapping({"kind": "pull_requests", "columns": {**columns, "merged_at": at}})
    rows = "a/b,1,2024-05-01T10:00Z,2024-05-02 12:00,Europe/Berlin\na/b,2,2024-05-01T10:00Z,,Europe/Berlin\n"
    content = f"repo,number,created_at,merged,zone\n{rows}"
    checked = check(content.encode(), "pull_requests", mapping=mapping, now=NOW)
    place = checked.columns.index("merged_at")
    assert [row[place] for row in checked.rows] == [1714644000000000, None]


@pytest.mark.parametrize(
    "name", ["Time (UTC+2)", "Time UTC+02:00", "timestamp_utc+2", "Time (not UTC!)", "Time (CET)", "Time (GMT-5)"]
)
def test_a_name_that_says_another_zone_than_utc_is_asked_about(name: str) -> None:
    found = look(f"store,status,{name}\nA,up,2024-05-01 10:00\nA,down,2024-05-01 10:05\n")
    asked = f"{name}: which zone are times such as '2024-05-01 10:00' of?"
    assert found.proposal.questions == ((f"{asked} By the name of the column it is not UTC: set zone.", ""),)


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("Time (UTC)", ()),
        ("timestampUtc", ()),
        ("utc_time", ()),
        ("Time (UTC+00:00)", ()),
        ("Outcome time", (("Outcome time: which zone are times such as '2024-05-01 10:00' of?", "UTC"),)),
        ("Dutch time", (("Dutch time: which zone are times such as '2024-05-01 10:00' of?", "UTC"),)),
    ],
)
def test_a_name_says_utc_only_as_a_word(name: str, questions: tuple[tuple[str, str], ...]) -> None:
    found = look(f"store,status,{name}\nA,up,2024-05-01 10:00\nA,down,2024-05-01 10:05\n")
    assert (polls(found), found.proposal.questions) == (TWO, questions)


def test_a_name_may_say_the_zone_itself() -> None:
    found = look("store,status,Time (Europe/Berlin)\nA,up,2024-05-01 12:00\nA,down,2024-05-01 12:05\n")
    assert polls(found) == TWO
    assert [assumed for _, assumed in found.proposal.questions] == ["Europe/Berlin"]


def test_digits_that_a_cell_has_lost_are_not_made_up() -> None:
    rows = [["store", "status", "ts"], [1481966498820158979, "up", TWO[0][2]], [2**53 - 1, "up", TWO[1][2]]]
    found = look(workbook(rows), "export.xlsx")
    assert [key for key, _, _ in polls(found)] == ["1.481966498820159e+18", str(2**53 - 1)]


def test_a_word_that_no_language_has_is_asked_for() -> None:
    found = look("store,state,ts\nA,green,2024-05-01T10:00Z\nA,red,2024-05-01T10:05Z\n")
    asked = "state: what does {!r} mean, active, inactive or unknown? Add it to words."
    assert found.proposal.questions == ((asked.format("green"), ""), (asked.format("red"), ""))


HOUR = 3_600_000_000


def hours(found: Inspection, content: str) -> list[tuple[str, int, float, float]]:
    """The windows that a load would have by the proposal, with hours after midnight."""
    assert found.may_be_accepted, (found.proposal, found.rejections)
    checked = check(content.encode(), "hours", mapping=read_mapping(dict(found.proposal.document or {})), now=NOW)
    assert checked.rejections == []
    return sorted((row[0], row[1], row[2] / HOUR, row[3] / HOUR) for row in checked.rows)


#: Each says of a store A: Mondays from 9 to 17, Sundays from 10 to 14, and of other days that it is closed, or nothing.
WEEKS = {
    "a column for each day": (
        "Store,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday\n"
        "A,9:00 AM - 5:00 PM,Closed,closed,,-,Closed,10:00-14:00\n"
    ),
    "columns for the beginning and the end of each day": (
        "store,mon_open,mon_close,tue_open,tue_close,wed_open,wed_close,thu_open,thu_close,fri_open,fri_close,"
        "sat_open,sat_close,sun_open,sun_close\nA,09:00,17:00,,,closed,closed,,,,,,,10:00,14:00\n"
    ),
    "as Google and Yext call them": (
        "Store,Sunday hours,Hours > Monday,Tuesday hours,Wednesday hours,Hours > Thursday,Friday hours,Saturday hours\n"
        "A,10:00-14:00,09:00-17:00,Closed,Closed,Closed,Closed,Closed\n"
    ),
    "German columns": "Filiale;Montag;Dienstag;Mittwoch;Donnerstag;Freitag;Samstag;Sonntag\n"
    "A;9.00 - 17.00 Uhr;geschlossen;geschlossen;geschlossen;geschlossen;Ruhetag;10-14 Uhr\n",
    "in words": "store,weekday,opens,closes\nA,Mondays,9am,5pm\nA,Sun.,10:00 a.m.,2 p.m.\n",
    "German": "Filiale;Wochentag;von;bis\nA;Montag;09:00 Uhr;17.00 Uhr\nA;Sonntag;10;14\n",
    "French": "magasin;jour;ouverture;fermeture\nA;lundi;9h00;17h\nA;dimanche;10h;14h\n",
    "Italian": "negozio;giorno;apertura;chiusura\nA;lunedì;9.00;17.00\nA;domenica;10.00;14.00\n",
    "Portuguese": "loja;dia;abre;fecha\nA;segunda-feira;09:00;17:00\nA;domingo;10:00;14:00\n",
    "text": "name,opening_hours\nA,Mo 09:00-17:00; Su 10:00-14:00\n",
}


@pytest.mark.parametrize("name", WEEKS)
def test_hours_are_read_as_they_are_written(name: str) -> None:
    found = look(WEEKS[name], kind="hours")
    assert hours(found, WEEKS[name]) == [("A", 0, 9, 17), ("A", 6, 10, 14)]


def test_hours_of_schema_org_are_read() -> None:
    week = [("https://schema.org/Monday", "09:00", "17:00"), ("https://schema.org/Sunday", "10:00", "14:00")]
    content = json.dumps([{"store": "A", "dayOfWeek": day, "opens": opens, "closes": to} for day, opens, to in week])
    found = look(content, "hours.json", kind="hours")
    assert hours(found, content) == [("A", 0, 9, 17), ("A", 6, 10, 14)]


def test_columns_of_days_that_have_several_spans_otherwise_parted_are_asked_for() -> None:
    content = "Store,Monday,Tuesday,Wednesday,Thursday,Friday\nA,9-12; 13-17,9-17,9-17,9-17,9-17\n"
    found = look(content, kind="hours")
    assert not found.may_be_accepted
    asked = "Monday: hours of one day are parted by other signs than commas; write 09:00-12:00, 13:00-17:00."
    assert (asked, "") in found.proposal.questions


def test_what_most_texts_are_is_proposed_and_the_others_are_told() -> None:
    found = look("name,opening_hours\nA,Mo-Fr 9:00-17:00; PH off\nB,24/7\nC,Mo 9:00-17:00\n", kind="hours")
    (mistake,) = found.rejections
    assert "has 'PH off', which is not weekly: leave it out, and load holidays as a calendar" in str(mistake)
    assert {row["store_id"] for row in found.rows} == {"B"}, "the first five rows"


def test_numbers_of_weekdays_are_asked_for_where_the_column_is_named_otherwise() -> None:
    found = look("store,dow,open,close\nA,0,10:00,14:00\nA,6,09:00,17:00\n", kind="hours")
    assert found.proposal.questions == (
        ("dow: is 0 Monday and 6 Sunday? If not, say with words what each number stands for.", "yes"),
    )


def test_holidays_without_a_calendar_get_one_and_dates_of_stores_do_not() -> None:
    found = look("Datum;Feiertag\n25.12.2024;Weihnachten\n", "bayern.csv", kind="holidays")
    assert [(row["calendar"], row["name"]) for row in found.rows] == [("bayern", "Weihnachten")]
    assert found.proposal.questions == (
        ("No column names the calendar; which one is it? Answer with --set calendar=NAME.", "bayern"),
    )
    assert look("store_id,date\nA,2024-12-25\n", kind="holidays").proposal.missing == ("calendar",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<!DOCTYPE html><html><body>Log in</body></html>", "is a web page: it may be the answer of a login"),
        ('<?xml version="1.0"?><a/>', "is XML, which is not read here. Export it as CSV, JSON or an Excel workbook"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "Read the holidays in it with openhours calendar import"),
        ("%PDF-1.7\n", "is a PDF, which is not read here"),
        (b"\x89PNG\r\n\x1a\n1234", "is not text, JSON or a workbook"),
        ("store,time\n".encode("utf-16-le"), "seems to be UTF-16 without a mark at its beginning that says so"),
        ("store,status,status,ts\nA,up,up,2024-05-01T10:00Z\n", "The header has 'status' more than once"),
    ],
)
def test_what_is_no_table_is_told(content: str | bytes, told: str) -> None:
    with pytest.raises(RejectedFile) as caught:
        look(content)
    assert told in str(caught.value)


def test_a_log_whose_lines_begin_with_a_bracket_is_no_json() -> None:
    found = look("[1714557600] ALERT: shop;HTTP;CRITICAL\n[1714557660] ALERT: shop;HTTP;OK\n", "nagios.log")
    assert found.layout.document["delimiter"] == ";"


UP, DOWN = (json.dumps({"store": "A", "status": up, "ts": at}) for _, up, at in TWO)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (UP + DOWN, f"line 1, character {len(UP) + 1}: a JSON object has ended, and behind it stands another JSON"),
        (f"{UP},\n{DOWN}", f"line 1, character {len(UP) + 1}: a JSON object has ended, and behind a comma stands"),
        (f"{UP} end", f"line 1, character {len(UP) + 2}: a JSON object has ended, and behind it stands something else"),
        (f"{UP}\n{DOWN[:-9]}", "line 2, character 44: this is not JSON"),
        (f"{UP}\n{DOWN[:-9]}\n{UP}\n", "line 2, character 44: this is not JSON"),
        (
            UP[:-1] + "\n",
            (
                "line 2, character 1: this is not JSON: a comma or a closing bracket is missing. Was all of the file "
                "written?"
            ),
        ),
        (f'store,status,ts\nA,up,{TWO[0][2]}\nA,"down,{TWO[1][2]}\n', "line 3: a quotation mark opens a field here"),
    ],
)
def test_a_whole_file_that_is_cut_or_wrong_is_refused_with_the_place(content: str, told: str) -> None:
    with pytest.raises(RejectedFile) as caught:
        look(content, "file.json")
    assert told in str(caught.value)


def test_a_row_that_is_cut_where_no_more_is_looked_at_is_left_out() -> None:
    lines = f"{UP}\n{DOWN}\n" * (1 + LOOKED_AT_BYTES // len(UP + DOWN))
    for content in (lines, "[" + ",\n".join(lines.splitlines())):
        assert polls(look(content[:LOOKED_AT_BYTES], "file.json"))[:2] == TWO
