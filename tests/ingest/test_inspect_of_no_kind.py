"""Which kind a file is of: what its columns tell counts before a zone or a team, and no kind is guessed at random."""

import pytest

from tests.ingest.test_inspect_as_written import look

NO_KIND = "The file fits no kind as it is."

#: Files that no mapping can read as they are: the nearest kind, and what is said that it needs.
FITS_NONE = {
    "durations in hours": (
        "review_time_hours,merge_time_hours,date,team\n1.5,4,2024-05-01,A\n",
        ("review_times", "a mapping cannot convert other units"),
    ),
    "durations in minutes": (
        "review_time (min);merge_time (min);date;team\n15;40;2024-05-01;A\n",
        ("review_times", "a mapping cannot convert other units"),
    ),
    "shares of time": (
        "store,month,availability\nA,May 2024,99.5%\n",
        ("polls", "such as an availability, are none"),
    ),
    "sums of minutes": ("store,uptime,downtime\nA,1400,40\n", ("polls", "such as an availability, are none")),
    "two instants of anything": (
        "Store,Alpha,Omega\nA,2024-05-01 10:00,2024-05-01 10:05\n",
        ("polls", "outages with a beginning and an end"),
    ),
    "a week of three days": (
        "Store,Mon,Tue,Wed\nA,09:00-17:00,09:00-17:00,09:00-17:00\n",
        ("hours", "a column for each of at least five weekdays"),
    ),
    "stores alone": ("Store,City,Owner\nA,Berlin,X\n", ("timezones", "A file of polls needs a store, a status")),
    "teams alone": ("team,lead\nA,X\n", ("timezones", "A file of polls needs a store, a status")),
}


@pytest.mark.parametrize("name", FITS_NONE)
def test_a_file_that_fits_no_kind_is_told_so_with_what_the_nearest_one_needs(name: str) -> None:
    content, (kind, needs) = FITS_NONE[name]
    found = look(content)
    assert found.proposal.kind == kind
    question, answer = found.proposal.questions[0]
    assert question.startswith(NO_KIND)
    assert needs in question
    assert not answer
    assert not found.may_be_accepted


def test_it_is_told_what_the_file_has() -> None:
    told = look("Store,Mon,Tue\nA,09:00-17:00,09:00-17:00\n").proposal.questions[0][0]
    assert "It has Store (store_id), Mon (opening hours), Tue (opening hours)." in told


def test_a_kind_that_is_named_is_not_doubted() -> None:
    found = look("Store,City\nA,Berlin\n", kind="timezones")
    assert found.proposal.missing == ("timezone_str",)
    assert not any(NO_KIND in asked for asked, _ in found.proposal.questions)


def test_polls_with_a_zone_are_polls() -> None:
    rows = "2024-05-01,10:00,Europe/Berlin,A,UP\n2024-05-01,10:05,Europe/Berlin,A,DOWN\n"
    found = look(f"Date,Time,TZ,Store,Status\n{rows}")
    assert found.proposal.kind == "polls"
    assert any("or of Europe/Berlin, which TZ has?" in asked for asked, _ in found.proposal.questions)
    assert not found.may_be_accepted


def test_outages_under_further_names_are_polls() -> None:
    found = look("Store,Down since,Up again\nA,2024-05-01T10:00Z,2024-05-01T10:05Z\n")
    assert [row["status"] for row in found.rows] == ["inactive", "active"]
    assert found.proposal.kind == "polls"


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("store_id,name,group,downtime\nA,Alpha,x,12\n", "downtime"),
        ("store_id,timezone,opens\nA,Europe/Berlin,09:00\n", "opens"),
    ],
)
def test_it_is_asked_before_columns_that_matter_are_left_out(content: str, left: str) -> None:
    found = look(content)
    assert any(asked.startswith(f"{left}: not read by kind") for asked, _ in found.proposal.questions)
    assert not found.may_be_accepted


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("store,Timezone\nA,Europe/Berlin\n", "timezones"),
        ("store_id,name,group,opened\nA,Alpha,x,2024-05-01\n", "entities"),
    ],
)
def test_lists_of_stores_are_read_without_a_question(content: str, kind: str) -> None:
    found = look(content)
    assert (found.proposal.kind, found.proposal.questions) == (kind, ())
    assert found.may_be_accepted
