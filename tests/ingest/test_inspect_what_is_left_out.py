"""Columns that a proposal would leave out: what they say is read or asked for, as figures would be wrong without."""

import pytest

from app.mapping.document import read_mapping
from app.timeline import from_micros
from tests.ingest.checking import check
from tests.ingest.proposed import rows_as_proposed
from tests.ingest.test_inspect_as_written import NOW, look


def counted(*texts: str, name: str = "downloads") -> str:
    rows = (f'napari,2024-11-0{day},"{text}"\n' for day, text in enumerate(texts, 1))
    return f"project,date,{name}\n{''.join(rows)}"


@pytest.mark.parametrize("name", ["downloads", "count", "Anzahl", "Installs"])
def test_counts_with_commas_between_thousands_are_read(name: str) -> None:
    content = counted("1,234", "987", "1,234,567", name=name)
    assert (f"{name}: is '1,234' the whole number 1234? If not, change number.", "yes") in look(
        content
    ).proposal.questions
    assert [row[-1] for row in rows_as_proposed(content, "file.csv", "installs")] == [1234, 987, 1234567]


def test_points_between_thousands_are_asked_for_unless_there_are_two() -> None:
    found = look(counted("1.234", "987"))
    assert not found.may_be_accepted
    assert found.proposal.questions == (("downloads: is '1.234' the whole number 1234? If not, change number.", ""),)
    assert [row["count"] for row in found.rows] == [1234, 987]
    assert look(counted("1.234.567", "1.234")).may_be_accepted


@pytest.mark.parametrize("text", ["1 234", "1\u00a0234", "1\u202f234", "1.2k", "1,23,456", "12.34.5", "many"])
def test_counts_that_cannot_be_read_are_told(text: str) -> None:
    found = look(counted(text, "987"))
    assert not found.may_be_accepted
    ((asked, assumed),) = found.proposal.questions
    assert asked.startswith(f"downloads: is it count? Texts such as {text!r} cannot be read as a whole number.")
    assert assumed == ""


@pytest.mark.parametrize("text", ["", "-", "n/a", " "])
@pytest.mark.parametrize("others", [("987",), ()])
def test_rows_without_a_count_are_asked_for(text: str, others: tuple[str, ...]) -> None:
    found = look(counted(text, *others), kind="installs")
    assert not found.may_be_accepted
    asked = "downloads: 1 of the first rows have no number, and each would count as one. Leave them out with where, "
    assert (f"{asked}or write a number.", "") in found.proposal.questions


def test_a_row_for_each_download_needs_no_count() -> None:
    assert look("project,date\nnapari,2024-11-01\n").may_be_accepted


@pytest.mark.parametrize("header", ["First review", "Approved", "first_commit", "Ready for review", "Closed"])
@pytest.mark.parametrize("texts", [["2024-03-01 (Fri) 10:00"] * 2, ["1709287200", "1709287200000"], ["yesterday"] * 2])
def test_times_of_pull_requests_that_cannot_be_read_are_told(header: str, texts: list[str]) -> None:
    rows = (f"o/a,{number},2024-03-01T09:00Z,{text},2024-03-01T12:00Z\n" for number, text in enumerate(texts, 1))
    found = look(f"Repo,Number,Created,{header},Merged\n{''.join(rows)}")
    assert not found.may_be_accepted
    ((asked, assumed),) = found.proposal.questions
    assert asked.startswith(f"{header}: is it ")
    assert f"Texts such as {texts[0]!r} cannot be read as a timestamp." in asked
    assert assumed == ""


def test_sizes_of_pull_requests_with_signs_between_thousands_are_read() -> None:
    content = 'repo,number,created_at,lines_added\no/a,"1,042",2024-03-01T09:00Z,"1,200"\n'
    (row,) = look(content).rows
    assert (row["number"], row["additions"]) == (1042, 1200)


#: Files with local times, each with what stands beside them.
LOCAL = {
    "polls": "store,status,timestamp,{}\nA,up,2024-03-01 09:00,{}\nA,down,2024-03-01 10:00,{}\n",
    "polls, as outages": "store,start,end,{}\n"
    "A,2024-03-01 09:00,2024-03-01 09:30,{}\nA,2024-03-02 09:00,2024-03-02 09:30,{}\n",
    "polls, of a date and a time": "store,status,date,time,{}\nA,up,2024-03-01,09:00,{}\nA,down,2024-03-01,10:00,{}\n",
    "pull_requests": "repo,number,created_at,{}\no/a,1,2024-03-01 09:00,{}\no/a,2,2024-03-01 09:00,{}\n",
    "deployments": "repo,environment,finished_at,{}\no/a,prod,2024-03-01 09:00,{}\no/a,prod,2024-03-02 09:00,{}\n",
}


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize(
    ("header", "texts", "told"),
    [
        ("timezone", ("America/New_York", "Asia/Kolkata"), "of the 2 zones that timezone has? In UTC set zone; other"),
        ("tz", ("Asia/Kolkata", "Asia/Kolkata"), "of Asia/Kolkata, which tz has? Set zone."),
        ("utc_offset", ("+02:00", "+01:00"), '{utc_offset}"'),
        ("shift", ("-05:00", "-05:00"), '{shift}"'),
        ("UTC Offset", ("-300", "330"), "of what UTC Offset says, such as '-300'? In UTC set zone; otherwise write"),
    ],
)
def test_zones_and_offsets_beside_local_times_are_asked_for(
    name: str, header: str, texts: tuple[str, str], told: str
) -> None:
    found = look(LOCAL[name].format(header, *texts), kind=name.partition(",")[0])
    asked = [question for question, assumed in found.proposal.questions if assumed == "" and told in question]
    assert len(asked) == 1
    assert not any("which zone are times" in question for question, _ in found.proposal.questions)


def test_times_with_offsets_beside_them_are_read_as_the_question_says() -> None:
    content = LOCAL["polls"].format("utc_offset", "+02:00", "+01:00")
    columns = {**(look(content).proposal.document or {})["columns"]}
    columns["timestamp_utc"] = {"template": "{timestamp} {utc_offset}", "date": "iso"}
    mapping = read_mapping({"kind": "polls", "format": "csv", "columns": columns})
    checked = check(content.encode(), "polls", mapping=mapping, now=NOW)
    assert [from_micros(row[-1]).hour for row in checked.rows] == [7, 9]


@pytest.mark.parametrize("zones", [("Europe/Paris", "Asia/Tokyo"), ("+02:00", "+09:00")])
def test_zones_beside_times_that_need_none_are_not_asked_for(zones: tuple[str, str]) -> None:
    content = "repo,number,created_at,zone\n" + "".join(
        f"o/a,{at},2024-03-01T09:00Z,{zone}\n" for at, zone in enumerate(zones, 1)
    )
    assert look(content, kind="pull_requests").proposal.questions == ()


#: When a monitor was created, and when it was checked, for polls of a store; of another store there is one.
TIMES = [
    ("A", "up", "2024-01-01T00:00:00Z", "2024-05-01T10:00:00Z"),
    ("A", "down", "2024-01-01T00:00:00Z", "2024-05-01T10:05:00Z"),
    ("B", "up", "2024-02-01T00:00:00Z", "2024-05-01T10:05:00Z"),
]


@pytest.mark.parametrize("made", ["Created At", "created_at", "createdAt"])
@pytest.mark.parametrize("checked", ["Updated At", "Checked At", "lastUpdated", "last_seen", "Timestamp"])
@pytest.mark.parametrize("order", [1, -1])
def test_polls_are_of_when_something_was_checked(made: str, checked: str, order: int) -> None:
    header, rows = [made, checked][::order], [(*row[:2], *row[2:][::order]) for row in TIMES]
    content = "\n".join(map(",".join, [("Store", "Status", *header), *rows])) + "\n"
    found = look(content)
    assert [row["timestamp_utc"] for row in found.rows] == [row[3] for row in TIMES]
    assert found.may_be_accepted
    told = f"{checked}: is it when each poll was made, rather than {made}? If not, change from and date."
    assert all(one == (told, "yes") for one in found.proposal.questions)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Created At,Updated At", TIMES[1:]),
        ("time,Sonde", TIMES),
        ("Created At,Updated At,Checked", [(*row, row[3].replace(":00Z", ":01Z")) for row in TIMES][:2]),
        ("Created At,Zeit der Sonde", TIMES),
    ],
)
def test_which_instant_a_poll_has_is_asked_where_it_is_in_doubt(header: str, rows: list[tuple[str, ...]]) -> None:
    found = look("\n".join([f"Store,Status,{header}", *map(",".join, rows)]) + "\n", kind="polls")
    assert any("is it when each poll was made" in asked and not answer for asked, answer in found.proposal.questions)


@pytest.mark.parametrize("header", ["created_at,next_check", "created_at,expires_at", "timestamp,created_at"])
def test_instants_that_are_none_of_a_check_are_not_asked_for(header: str) -> None:
    rows = [(store, status, at, first) for store, status, first, at in TIMES]
    found = look("\n".join([f"store,status,{header}", *map(",".join, rows)]) + "\n", kind="polls")
    assert found.proposal.questions == ()
    assert [row["timestamp_utc"] for row in found.rows] == [row[3] for row in TIMES]


def pulls(header: str, *texts: str) -> str:
    rows = (f"o/a,{at},ann,2024-03-01T09:00Z,2024-03-01T10:00Z,{text}\n" for at, text in enumerate(texts, 1))
    return f"repo,number,author,created_at,approved_at,{header}\n{''.join(rows)}"


@pytest.mark.parametrize("header", ["author_type", "Author Type", "user.type", "account_type"])
@pytest.mark.parametrize(("texts", "are_bots"), [(["User", "Bot", ""], ["false", "true", None]), (["user"], ["false"])])
def test_types_of_accounts_say_which_authors_are_bots(
    header: str, texts: list[str], are_bots: list[str | None]
) -> None:
    content = pulls(header, *texts)
    assert [row["author_is_bot"] for row in look(content).rows] == are_bots
    rows_as_proposed(content, "file.csv", "pull_requests")


def test_other_types_of_accounts_are_asked_for() -> None:
    found = look(pulls("author_type", "internal", "service"))
    asked = (
        "author_type: which of 'internal', 'service' are bots? Add author_is_bot, with words that say true or false."
    )
    assert found.proposal.questions == ((asked, ""),)


@pytest.mark.parametrize("header", ["reviewer", "Approved By", "approver"])
def test_approvals_by_the_authors_themselves_are_told(header: str) -> None:
    found = look(pulls(header, "Ann", "bob", "ann"))
    asked = f"{header}: in 2 of the first rows it is the author, whose own review does not count. Empty approved_at in "
    assert found.proposal.questions == ((f"{asked}such rows.", ""),)
    assert look(pulls(header, "bob", "")).may_be_accepted


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("lunch_start,lunch_end", "12:00,13:00"),
        ("Lunch Break,Note", "12:00-13:00,x"),
        ("Mittagspause von,Mittagspause bis", "12:00,13:00"),
        ("breakStart,breakEnd", "12:00,13:00"),
    ],
)
def test_times_of_breaks_are_asked_for(header: str, texts: str) -> None:
    found = look(f"store,day,open,close,{header}\nA,Mon,09:00,17:00,{texts}\nA,Tue,09:00,17:00,{texts}\n", kind="hours")
    assert not found.may_be_accepted
    assert any("is a store closed then? Then make two rows" in asked for asked, _ in found.proposal.questions)
