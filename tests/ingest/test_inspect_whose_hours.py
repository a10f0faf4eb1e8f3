"""Hours that would be those of one store by mistake, and hours of days that are told in other ways."""

import json

import pytest

from tests.ingest.test_inspect_as_written import look
from tests.ingest.test_inspect_hours import Windows, loaded

#: Two stores that a column of ids tells apart, one of them open until 20 and one until 21.
TWO = {
    "a week in a text, without a name": "id;opening_hours\n1;Mo-Sa 07:00-20:00\n2;Mo-Sa 07:00-21:00\n",
    "one name": "osm_id,name,opening_hours\n1,Lidl,Mo-Sa 07:00-20:00\n2,Lidl,Mo-Sa 07:00-21:00\n",
    "a column of each day": (f"id,name,Mo,Tu,We,Th,Fr,Sa\n1,Lidl{',07:00-20:00' * 6}\n2,Lidl{',07:00-21:00' * 6}\n"),
    "an answer of Overpass": json.dumps(
        {
            "elements": [
                {"id": number, "tags": {"name": "Lidl", "opening_hours": f"Mo-Sa 07:00-{number + 19}:00"}}
                for number in (1, 2)
            ]
        }
    ),
}


@pytest.mark.parametrize("name", TWO)
def test_stores_of_one_name_are_told_apart_by_their_ids(name: str) -> None:
    content = TWO[name]
    expected = [(str(store), day, 7, store + 19) for store in (1, 2) for day in range(6)]
    assert loaded(content, "stores.json" if content[0] == "{" else "stores.csv") == expected


@pytest.mark.parametrize(
    "content",
    [
        "name,opening_hours\nLidl,Mo-Sa 07:00-21:00\nLidl,Mo-Sa 07:00-20:00\n",
        "district,day,open,close\n7,Mon,09:00,17:00\n8,Mon,10:00,18:00\n",
    ],
)
def test_it_is_asked_which_column_tells_stores_apart_that_contradict_each_other(content: str) -> None:
    found = look(content, kind="hours")
    assert not found.may_be_accepted
    assert "which column tells the stores apart?" in found.proposal.questions[-1][0]


@pytest.mark.parametrize(
    ("content", "windows"),
    [
        ("id,name,hours\n1,A,Mon 9:00-17:00\n2,A,Tue 9:00-18:00\n", [("A", 0, 9, 17), ("A", 1, 9, 18)]),
        ("id,store,day,open,close\n1,A,Mon,09:00,17:00\n2,A,Mon,16:00,18:00\n", [("A", 0, 9, 17), ("A", 0, 16, 18)]),
        ("id,name,hours\n1,A,Mon 9:00-12:00\n2,A,Mon 13:00-17:00\n", [("A", 0, 9, 12), ("A", 0, 13, 17)]),
    ],
)
def test_rows_of_one_store_stay_together(content: str, windows: Windows) -> None:
    assert loaded(content, "hours.csv") == windows


@pytest.mark.parametrize(
    "content",
    [
        'Entity ID,Hours\nA,"2:9:00:17:00,1:10:00:14:00"\n',
        'Store code,Hours\nA,"1:10:00 AM:2:00 PM,2:9:00 AM:5:00 PM"\n',
        "Store,Day,Hours\nA,Mon,09:00-17:00\nA,Sat,-\nA,Sun,10:00-14:00\n",
        "Store,Day,Hours\nA,Mon,09:00-17:00\nA,Sat,Closed\nA,Tue,closed\nA,Sun,10:00-14:00\n",
        "Store,Day,Open,Close\nA,Mon,9:00 AM,17:00\nA,Sun,10:00 AM,2:00 PM\n",
        json.dumps(
            {
                "schedules": [
                    {
                        "id": 1,
                        "name": "A",
                        "time_zone": "Berlin",
                        "intervals": [{"start_time": 1980, "end_time": 2460}, {"start_time": 600, "end_time": 840}],
                    }
                ]
            }
        ),
    ],
)
def test_hours_are_read_as_other_programs_have_them(content: str) -> None:
    assert loaded(content, "hours.json" if content[0] == "{" else "hours.csv") == [("A", 0, 9, 17), ("A", 6, 10, 14)]


def test_a_time_without_a_half_beside_others_is_rejected() -> None:
    found = look("store,day,open,close\nA,Mon,9:00 AM,5:00\nA,Tue,9:00 AM,5:00 PM\n")
    assert [one.reason for one in found.rejections] == [
        "has neither AM nor PM: it may be in the morning or the evening"
    ]


def test_a_poll_without_a_half_beside_others_is_asked_about() -> None:
    found = look("store,time,state\nA,5/13/2024 10:00 AM,up\nA,5/13/2024 2:30,down\nA,5/13/2024 13:30,up\n")
    assert not found.may_be_accepted
    assert any("is '5/13/2024 2:30' in the morning or the evening?" in asked for asked, _ in found.proposal.questions)
    assert look("store,time,state\nA,5/13/2024 10:00 AM,up\nA,5/13/2024 13:30,down\n").may_be_accepted
