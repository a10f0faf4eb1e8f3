"""Opening hours as programs and spreadsheets have them: what is proposed gives the right windows, or asks first."""

import json
from datetime import datetime, time
from typing import Any

import pytest

from tests.ingest.proposed import rows_as_proposed
from tests.ingest.test_inspect_as_written import HOUR, look, workbook

Windows = list[tuple[str, int, float, float]]


def loaded(content: str | bytes, name: str) -> Windows:
    """The windows of a load by the proposal, with hours after midnight."""
    return sorted((row[0], row[1], row[2] / HOUR, row[3] / HOUR) for row in rows_as_proposed(content, name, "hours"))


def of_google(open_day: int, begins: str, ends: str) -> dict[str, Any]:
    return {"open": {"day": open_day, "time": begins}, "close": {"day": open_day, "time": ends}}


#: Each says of a store A: Mondays from 9 to 17, Sundays from 10 to 14.
WEEKS: dict[str, tuple[str | bytes, str]] = {
    "Google's periods, of which 0 is Sunday": (
        json.dumps(
            [
                {
                    "place_id": "A",
                    "opening_hours": {"periods": [of_google(1, "0900", "1700"), of_google(0, "1000", "1400")]},
                }
            ]
        ),
        "google.json",
    ),
    "Google's newer periods": (
        json.dumps(
            {
                "places": [
                    {
                        "id": "A",
                        "regularOpeningHours": {
                            "periods": [
                                {
                                    "open": {"day": day, "hour": begins, "minute": 0},
                                    "close": {"day": day, "hour": ends, "minute": 0},
                                }
                                for day, begins, ends in ((1, 9, 17), (0, 10, 14))
                            ]
                        },
                    }
                ]
            }
        ),
        "google.json",
    ),
    "Google's texts": (
        json.dumps(
            [
                {
                    "name": "A",
                    "weekday_text": [
                        "Monday: 9:00 AM \u2013 5:00 PM",
                        "Tuesday: Closed",
                        "Sunday: 10:00 AM \u2013 2:00 PM",
                    ],
                }
            ]
        ),
        "google.json",
    ),
    "Yelp": (
        json.dumps({"business_id": "A", "hours": {"Monday": "9:0-17:0", "Sunday": "10:0-14:0"}}) + "\n",
        "yelp.jsonl",
    ),
    "schema.org, as a text": (
        json.dumps([{"@type": "Store", "name": "A", "openingHours": ["Mo 09:00-17:00", "Su 10:00-14:00"]}]),
        "store.json",
    ),
    "schema.org, as specifications": (
        json.dumps(
            [
                {
                    "name": "A",
                    "openingHoursSpecification": [
                        {"dayOfWeek": ["https://schema.org/Monday"], "opens": "09:00", "closes": "17:00"},
                        {"dayOfWeek": "https://schema.org/Sunday", "opens": "10:00", "closes": "14:00"},
                    ],
                }
            ]
        ),
        "store.json",
    ),
    "Yext": (
        json.dumps(
            [
                {
                    "id": "A",
                    "hours": {
                        "monday": {"openIntervals": [{"start": "09:00", "end": "17:00"}]},
                        "tuesday": {"isClosed": True},
                        "sunday": {"openIntervals": [{"start": "10:00", "end": "14:00"}]},
                    },
                }
            ]
        ),
        "yext.json",
    ),
    "Zammad, with a day that is not active": (
        json.dumps(
            [
                {
                    "name": "A",
                    "timezone": "Europe/Berlin",
                    "business_hours": {
                        "mon": {"active": True, "timeframes": [["09:00", "17:00"]]},
                        "sat": {"active": False, "timeframes": [["10:00", "14:00"]]},
                        "sun": {"active": True, "timeframes": [["10:00", "14:00"]]},
                    },
                }
            ]
        ),
        "zammad.json",
    ),
    "Freshdesk": (
        json.dumps(
            [
                {
                    "id": 1,
                    "name": "A",
                    "business_hours": {
                        "monday": {"start_time": "9:00 am", "end_time": "5:00 pm"},
                        "sunday": {"start_time": "10:00 am", "end_time": "2:00 pm"},
                    },
                }
            ]
        ),
        "freshdesk.json",
    ),
    "Jira, in milliseconds": (
        json.dumps(
            {
                "name": "9-5",
                "workingTimes": [
                    {"weekday": "MONDAY", "start": 32_400_000, "end": 61_200_000},
                    {"weekday": "SUNDAY", "start": 36_000_000, "end": 50_400_000},
                ],
            }
        ),
        "A.json",
    ),
    "a list of calendars of Jira": (
        json.dumps(
            [
                {
                    "id": 1,
                    "name": "A",
                    "workingTimes": [
                        {"weekday": "MONDAY", "start": 32_400_000, "end": 61_200_000},
                        {"weekday": "SUNDAY", "start": 36_000_000, "end": 50_400_000},
                    ],
                }
            ]
        ),
        "jira.json",
    ),
    "HERE, which says whether a place is open now": (
        json.dumps(
            {
                "items": [
                    {
                        "id": "A",
                        "openingHours": [{"text": ["Mon: 09:00 - 17:00", "Sun: 10:00 - 14:00"], "isOpen": False}],
                    }
                ]
            }
        ),
        "here.json",
    ),
    "a list of days": (
        json.dumps(
            [
                {
                    "id": "A",
                    "hours": [
                        {"day": "Monday", "open": "09:00", "close": "17:00"},
                        {"day": "Saturday", "open": "09:00", "close": "17:00", "closed": True},
                        {"day": "Sunday", "open": "10:00", "close": "14:00"},
                    ],
                }
            ]
        ),
        "hours.json",
    ),
    "the week of one store": (
        json.dumps({"monday": ["09:00-17:00"], "sunday": ["10:00-14:00"], "friday": []}),
        "A.json",
    ),
    "seconds": ("store,day,open,close\nA,Mon,32400,61200\nA,Sun,36000,50400\n", "file.csv"),
    "days of ISO 8601": ("store_id,iso_weekday,opens_at,closes_at\nA,1,09:00,17:00\nA,7,10:00,14:00\n", "file.csv"),
    "a flag of closed days": (
        "store,day,open,close,closed\nA,Mon,09:00,17:00,0\nA,Tue,00:00,00:00,1\nA,Sun,10:00,14:00,0\n",
        "file.csv",
    ),
    "a flag of open days": (
        "store,day,open,close,is_open\nA,Mon,09:00,17:00,true\nA,Tue,09:00,17:00,false\nA,Sun,10:00,14:00,true\n",
        "file.csv",
    ),
    "a flag of each weekday": (
        (
            "store,mon_open,mon_close,mon_closed,tue_open,tue_close,tue_closed,wed_open,wed_close,wed_closed,"
            "thu_open,thu_close,thu_closed,sun_open,sun_close,sun_closed\n"
            "A,09:00,17:00,0,00:00,00:00,1,00:00,00:00,1,09:00,17:00,1,10:00,14:00,0\n"
        ),
        "file.csv",
    ),
    "closed in the place of a time": (
        "store,day,open,close\nA,Mon,09:00,17:00\nA,Tue,closed,closed\nA,Sun,10:00,14:00\n",
        "file.csv",
    ),
    "days and hours in two columns": ("Shop,Days,Hours\nA,Mon,9:00 AM-5:00 PM\nA,Sun,10am-2pm\n", "file.csv"),
    "a sheet": (
        workbook([["Filiale", "Tag", "Von", "Bis"], ["A", "Mo", time(9), time(17)], ["A", "So", time(10), time(14)]]),
        "hours.xlsx",
    ),
    "Polish": ("sklep;dzień;od;do\nA;poniedziałek;09:00;17:00\nA;niedziela;10:00;14:00\n", "file.csv"),
    "Swedish": ("butik;dag;öppnar;stänger\nA;måndag;09.00;17.00\nA;söndag;10.00;14.00\n", "file.csv"),
}


@pytest.mark.parametrize("name", WEEKS)
def test_hours_are_read_as_programs_have_them(name: str) -> None:
    assert loaded(*WEEKS[name]) == [("A", 0, 9, 17), ("A", 6, 10, 14)]


SPLIT: Windows = [("A", 0, 9, 12), ("A", 0, 13, 17), ("A", 6, 10, 14)]


@pytest.mark.parametrize(
    "content",
    [
        "store_id,day,open1,close1,open2,close2\nA,Monday,09:00,12:00,13:00,17:00\nA,Sunday,10:00,14:00,,\n",
        (
            "store,day,morning_open,morning_close,afternoon_open,afternoon_close\n"
            "A,Mon,09:00,12:00,13:00,17:00\nA,Sun,10:00,14:00,,\n"
        ),
        "Filiale;Tage;Öffnungszeiten\nA;Mo.;09:00-12:00 und 13:00-17:00\nA;So;10-14 Uhr\n",
    ],
)
def test_a_day_may_have_several_spans(content: str) -> None:
    assert loaded(content, "file.csv") == SPLIT


def test_a_flag_of_whole_days_is_not_one_of_open_days() -> None:
    found = look("store,day,open,close,open_24_hours\nA,Mon,09:00,17:00,false\nA,Tue,,,true\n", kind="hours")
    assert [row["day"] for row in found.rows] == [0]
    assert {one.column for one in found.rejections} == {"start_time_local", "end_time_local"}


def test_hours_of_deliveries_are_not_those_of_the_store() -> None:
    rows = "store,day,open,close,delivery_open,delivery_close\nA,Mon,09:00,17:00,06:00,08:00\n"
    assert loaded(rows, "file.csv") == [("A", 0, 9, 17)]


def test_hours_that_end_at_midnight_of_a_sheet_are_whole() -> None:
    rows = [["A", "Sat", time(18), time(23)], ["B", "Sun", time(18), datetime(1900, 1, 1)]]  # noqa: DTZ001
    sheet = workbook([["Store", "Day", "Open", "Close"], *rows])
    assert loaded(sheet, "hours.xlsx") == [("A", 5, 18, 23), ("B", 6, 18, 24)]


#: What could be open or closed by mistake, and a part of the question that must be answered first.
DOUBTS = {
    "closed, or open all day": (
        "store,day,open,close\nA,Mon,09:00,17:00\nA,Tue,00:00,00:00\n",
        "is a store open all day, or closed, where it opens and closes at the same time ('00:00')",
    ),
    "the same of Yelp": (
        json.dumps([{"business_id": "A", "hours": {"Monday": "0:0-0:0", "Tuesday": "9:0-17:30"}}]),
        "is a store open all day, or closed",
    ),
    "minutes after midnight": (
        "store,day,open,close\nA,Mon,540,1020\n",
        "540 9:00, as minutes after midnight",
    ),
    "a week that begins with 1": (
        "store,dow,open,close\nA,1,09:00,17:00\nA,5,10:00,14:00\n",
        "dow: is 1 Monday, Tuesday or Sunday?",
    ),
    "a week that seems to begin with Sunday": (
        "store,dow,open,close\nA,0,10:00,14:00\n" + "".join(f"A,{day},09:00,17:00\n" for day in range(1, 6)),
        "dow: 1 to 5 have the same hours, and 0 has others: is 0 Sunday?",
    ),
    "six days of a week that seems to begin with Sunday": (
        "store,DayOfWeek,open,close\nA,1,10:00,14:00\n" + "".join(f"A,{day},09:00,17:00\n" for day in range(2, 7)),
        "DayOfWeek: 2 to 6 have the same hours, and 1 has others: is 1 Sunday?",
    ),
    "a week that begins with 1 in columns of the kind": (
        "store_id,day,start_time_local,end_time_local\n" + "".join(f"A,{day},09:00,17:00\n" for day in range(1, 6)),
        "day: is 1 Monday, Tuesday or Sunday?",
    ),
    "a week from Sunday in columns of the kind, without hours at its ends": (
        "store_id,day,start_time_local,end_time_local\nA,0,,\n"
        + "".join(f"A,{day},09:00,17:00\n" for day in range(1, 6))
        + "A,6,,\n",
        "day: 1 to 5 have the same hours, and 0 has others: is 0 Sunday?",
    ),
    "a week with a 7": ("store,dow,open,close\nA,1,09:00,17:00\nA,7,10:00,14:00\n", "dow: is 7 Sunday, or Saturday?"),
    "a table of Google": (
        "place_id,day,open,close\nA,1,0900,1700\nA,0,1000,1400\n",
        "is 0 Sunday, as Google has it?",
    ),
    "a place that is always open": (
        json.dumps(
            [
                {"place_id": "A", "periods": [of_google(1, "0900", "1700")]},
                {"place_id": "B", "periods": [{"open": {"day": 0, "time": "0000"}}]},
            ]
        ),
        "is missing where a place is always open",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_could_be_read_wrongly_is_asked_first(name: str) -> None:
    content, question = DOUBTS[name]
    found = look(content, "file.json" if content[0] in "{[" else "file.csv", kind="hours")
    assert any(question in asked and not answer for asked, answer in found.proposal.questions), found.proposal.questions
    assert not found.may_be_accepted


def test_weekdays_that_the_first_records_lack_are_told() -> None:
    rows = "".join(json.dumps({"business_id": str(one), "hours": {"Monday": "9:0-17:0"}}) + "\n" for one in range(30))
    questions = look(rows, "yelp.jsonl").proposal.questions
    assert any("no hours of Tuesday, Wednesday" in asked for asked, _ in questions)


@pytest.mark.parametrize(
    "content",
    [
        "Store,M-F Open,M-F Close,Sat Open,Sat Close\nA,9:00 AM,5:00 PM,10:00 AM,2:00 PM\n",
        "Store,Opens (M-F),Closes (M-F),Weekend Open,Weekend Close,Sun Open,Sun Close\nA,9:00,17:00,10:00,14:00,,\n",
        "Store,Weekdays Open,Weekdays Close,Open Sat,Close Sat\nA,9:00,17:00,10:00,14:00\n",
        'store_id,hours\nA,"M-F 9am-5pm; Sat 10am-2pm"\n',
        "store_id,hours\nA,Mon thru Fri 9:00-17:00; Saturday 10:00-14:00\n",
    ],
)
def test_days_that_have_the_same_hours_are_named_together(content: str) -> None:
    assert loaded(content, "hours.csv") == [*(("A", day, 9, 17) for day in range(5)), ("A", 5, 10, 14)]


def test_a_day_with_columns_of_its_own_has_its_own_hours() -> None:
    content = "Store,Mon-Fri Open,Mon-Fri Close,Fri Open,Fri Close\nA,9:00,17:00,9:00,15:00\n"
    assert loaded(content, "hours.csv") == [*(("A", day, 9, 17) for day in range(4)), ("A", 4, 9, 15)]
