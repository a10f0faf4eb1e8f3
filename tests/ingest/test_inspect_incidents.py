"""Lists of incidents and of changes as programs for those on call have them."""

import pytest

from tests.ingest.proposed import rows_as_proposed
from tests.ingest.test_inspect_as_written import look

AT = 1_714_557_600_000_000  # 2024-05-01T10:00:00Z
MINUTE = 60_000_000

#: Each says of a store A that it was down from 10:00 to 10:05 UTC.
INCIDENTS = {
    "PagerDuty": (
        "incident_number,description,service_name,created_on,resolved_on,urgency\n"
        "1,x,A,2024-05-01T03:00:00-07:00,2024-05-01T03:05:00-07:00,high\n"
    ),
    "ServiceNow": "Number,Service,Opened,Resolved,Severity\nINC1,A,2024-05-01 10:00:00,2024-05-01 10:05:00,1\n",
    "Site24x7": 'Monitor,Down Time,Up Time,Reason\nA,"May 1, 2024 10:00:00 AM","May 1, 2024 10:05:00 AM",Timeout\n',
}


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_is_an_outage(name: str) -> None:
    rows = [row[:3] for row in rows_as_proposed(INCIDENTS[name], "incidents.csv", "polls")]
    assert rows == [("A", 0, AT), ("A", 1, AT + 5 * MINUTE)]
    assert (look(INCIDENTS[name]).proposal.document or {})["holds"] == "until_changed"


def test_incidents_of_several_degrees_are_asked_about() -> None:
    found = look(INCIDENTS["PagerDuty"] + "2,x,A,2024-05-01T13:00:00Z,2024-05-01T13:05:00Z,low\n")
    assert any("down while it has any of 'high', 'low'" in asked for asked, _ in found.proposal.questions)
    assert not found.may_be_accepted


def test_issues_that_are_created_and_resolved_are_no_outages() -> None:
    found = look(
        "Issue key,Summary,Component,Created,Resolved\nX-1,x,web,2024-05-01 10:00,2024-05-02 10:00\n", "jira.csv"
    )
    assert "rows" not in (found.proposal.document or {})


@pytest.mark.parametrize(
    ("states", "member"), [("down up down up", {"holds"}), ("down up up down up", set()), ("up down", set())]
)
def test_rows_that_all_differ_from_the_one_before_are_changes(states: str, member: set[str]) -> None:
    rows = [f"2024-05-01T10:{minute:02}:00Z,{state}\n" for minute, state in enumerate(states.split())]
    found = look("time,event\n" + "".join(rows), "shop.csv").proposal
    assert {"holds"} & (found.document or {}).keys() == member
    assert sum("is this a list of changes" in asked for asked, _ in found.questions) == len(member)


def test_a_rounded_instant_is_told_with_what_to_do() -> None:
    found = look("host,ts,up\nA,1.71456E+12,1\n")
    assert found.rejections[0].reason.endswith(
        "a spreadsheet has rounded it; export it again with all digits, as a number without decimals"
    )


def test_an_outage_that_goes_on_has_no_end() -> None:
    content = "Site,Start,End\nA,2024-05-01 10:00,2024-05-01 10:05\nA,2024-05-01 11:00,ongoing\n"
    rows = [row[:3] for row in rows_as_proposed(content, "outages.csv", "polls")]
    assert rows == [("A", 0, AT), ("A", 1, AT + 5 * MINUTE), ("A", 0, AT + 60 * MINUTE)]


#: Rows that would be outages by mistake, and a part of the question that must be answered first.
NO_OUTAGES = {
    "an end before the beginning": (
        "Site,Start,End\nA,2024-05-01 10:05,2024-05-01 10:00\n",
        "End: '2024-05-01 10:00' is before '2024-05-01 10:05'",
    ),
    "holidays": ("Name,Start,End\nChristmas,2024-12-24,2024-12-26\n", "is each row an outage?"),
    "incidents of a status page": (
        (
            "name,component,created_at,resolved_at,impact\n"
            "x,API,2024-05-01T10:00:00Z,2024-05-01T10:05:00Z,minor\n"
            "y,API,2024-05-01T12:00:00Z,2024-05-01T13:05:00Z,maintenance\n"
        ),
        "down while it has any of 'minor', 'maintenance'",
    ),
}


@pytest.mark.parametrize("name", NO_OUTAGES)
def test_what_may_be_no_outage_is_asked_about(name: str) -> None:
    content, asked = NO_OUTAGES[name]
    found = look(content, "list.csv")
    assert any(asked in question and not answer for question, answer in found.proposal.questions)
