"""Which column has the instants of a file, and how they are written."""

import json

import pytest

from tests.ingest.test_inspect_as_written import look, polls

UP = ("A", "active", "2024-05-01T10:00:00Z")


@pytest.mark.parametrize(
    "content",
    [
        "store;time;state\nA;01.05.2024, 10:00 Uhr;up\n",
        "store,time_local,time_utc,state\nA,2024-05-01 12:00,2024-05-01 10:00,up\n",
    ],
)
def test_instants_are_read_as_they_are_written(content: str) -> None:
    found = look(content)
    assert (polls(found), found.may_be_accepted) == ([UP], True)


@pytest.mark.parametrize(
    ("dates", "asks"),
    [
        ("24-05-01 24-05-13", 1),
        ("24/05/01 24/05/02", 1),
        ("13/05/24 12/06/24", 0),
        ("05/13/24 05/14/24", 0),
        ("31-12-23 01-01-24", 0),
    ],
)
def test_dates_that_would_be_long_ago_are_asked_about(dates: str, asks: int) -> None:
    found = look("store,time,state\n" + "".join(f"A,{date} 10:00,up\n" for date in dates.split()))
    assert sum("does the year stand first" in asked for asked, _ in found.proposal.questions) == asks
    assert found.may_be_accepted is not bool(asks)


def test_lists_of_the_same_records_are_asked_about() -> None:
    one = [{"ts": 1714557600, "up": True}]
    found = look(json.dumps({"A": one, "B": one, "users": [{"name": "x"}]}), "file.json")
    assert not found.may_be_accepted
    assert found.proposal.questions[0][0].startswith("B: not read, although the records are like those of the list")


@pytest.mark.parametrize(("day", "clock", "braced"), [("date{utc}", "time", "date{utc}"), ("date", "time}", "time}")])
def test_a_column_that_no_template_can_name_is_not_joined(day: str, clock: str, braced: str) -> None:
    rows = "".join(f"{store},2024-01-0{store},1{store}:30:00,up\n" for store in range(1, 9))
    found = look(f"store,{day},{clock},status\n{rows}")
    asked = [question for question, _ in found.proposal.questions]
    assert (found.may_be_accepted, "template" in str(found.proposal.document)) == (False, False)
    assert any(one.startswith(f"{braced}: a column with a brace in its name cannot be joined") for one in asked)
