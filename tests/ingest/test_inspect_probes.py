"""Several probes of one monitor, and stores that no known column names: it is asked what tells their rows apart.

Otherwise one of them would be taken for the truth, and the rows of the others be lost.
"""

from collections.abc import Sequence

import pytest

from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.registry import DATASET_KINDS
from tests.ingest.test_inspect_as_written import NOW, look


def table(header: str, rows: Sequence[str], *, apart: int = 0) -> str:
    """A file with these rows every five minutes, so many seconds apart from each other."""
    times = ((minute, row, text) for minute in range(0, 25, 5) for row, text in enumerate(rows))
    filled = (text.format(f"2024-05-01T10:{minute:02}:{row * apart:02}Z") for minute, row, text in times)
    return "\n".join([header, *filled, ""])


#: Two probes of A of which only one says that it is up; the column that tells them apart, and what is said of it.
ASKED = {
    "places": ("Location,Time,Monitor,Status", ["US,{},A,up", "EU,{},A,down"], 0, "Location: rows of one store at"),
    "places that agree": ("Location,Time,Monitor,Status", ["US,{},A,up", "EU,{},A,up"], 0, "Location: rows of"),
    "places in turn": ("Region,Time,Monitor,Status", ["US,{},A,up", "EU,{},A,down"], 30, "Region: 'US' and 'EU' look"),
    "types of checks": ("Check,Type,State,Time", ["web,http,up,{}", "web,ping,down,{}"], 0, "Type: rows of one store"),
    "types in turn": ("Check,Type,State,Time", ["web,http,up,{}", "web,ping,down,{}"], 20, "Type: 'http' and 'ping'"),
    "an unknown name": ("Monitor,Lane,Status,Time", ["A,x,up,{}", "A,y,down,{}"], 0, "Lane: rows of one store at"),
    "no name of the store": ("region,time,status", ["us,{},up", "eu,{},down"], 0, "region: rows of one store at"),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_tells_probes_of_one_monitor_apart_is_asked(name: str) -> None:
    header, rows, apart, told = ASKED[name]
    found = look(table(header, rows, apart=apart))
    assert any(told in asked and not answer for asked, answer in found.proposal.questions), found.proposal.questions
    assert not found.may_be_accepted
    assert "holds" not in (found.proposal.document or {})


def test_the_answer_keeps_the_probes_apart() -> None:
    content = table(*ASKED["places"][:2])
    proposed = dict(look(content).proposal.document or {})
    assert 'store_id "template": "{Monitor}/{Location}" alone' in look(content).proposal.questions[-1][0]
    answered = {**proposed, "columns": {**proposed["columns"], "store_id": {"template": "{Monitor}/{Location}"}}}
    found = inspect(content.encode(), name="file.csv", kinds=[DATASET_KINDS["polls"]], now=NOW, tried=answered)
    assert {(row["store_id"], row["status"]) for row in found.rows} == {("A/US", "active"), ("A/EU", "inactive")}


#: Files whose other columns tell no probes apart, or whose probes see the same.
PLAIN = {
    "an outage that each place sees in its turn": "Location,Time,Monitor,Status\n"
    + "".join(
        f"{'US' if minute % 2 else 'EU'},2024-05-01T10:{minute:02}:00Z,A,{'down' if 10 <= minute < 16 else 'up'}\n"
        for minute in range(30)
    ),
    "rows that come twice": table("Monitor,Location,Time,Status", ["A,US,{},up", "A,US,{},up"]),
    "messages": table("Monitor,Message,Time,Status", ["A,fine,{},up", "A,timeout,{},down"], apart=30),
    "types of events": table("Monitor,Type,Time,Status", ["A,recovered it,{},up", "A,alert it,{},down"], apart=30),
    "stores": table("Monitor,Location,Time,Status", ["A,US,{},up", "B,EU,{},down"]),
}


@pytest.mark.parametrize("name", PLAIN)
def test_no_probe_is_asked_for_where_none_could_be_wrong(name: str) -> None:
    found = look(PLAIN[name])
    assert found.proposal.kind == "polls"
    assert found.may_be_accepted, found.proposal.questions


def of_two_stores(name: str, first: str, second: str) -> str:
    """Polls of two stores at three instants, in turn up and down: three rows are lost if both are one store."""
    return table(f"{name},online,checked", [f"{first},yes,{{}}", f"{second},no,{{}}"])


@pytest.mark.parametrize(
    "name",
    [
        *("store_number", "shop_no", "ShopNumber", "branch_nr", "Kassennummer", "Filial-Nr.", "Store #", "outlet"),
        *("numéro de magasin", "codigo_tienda", "site_code", "kiosk", "Laden", "terminal id", "store.number"),
    ],
)
@pytest.mark.parametrize(("first", "second"), [("17", "18"), ("0", "1"), ("1", "2"), ("201", "404"), ("K17", "K18")])
def test_a_column_of_numbers_or_names_of_stores_names_them(name: str, first: str, second: str) -> None:
    found = look(of_two_stores(name, first, second))
    assert found.may_be_accepted, found.proposal.questions
    assert (found.proposal.document or {})["columns"]["store_id"] == {"from": name}
    assert {(row["store_id"], row["status"]) for row in found.rows} == {(first, "active"), (second, "inactive")}


def test_numbers_of_stores_name_them_rather_than_names_that_may_be_of_anything() -> None:
    found = look(table("name,store_no,status,time", ["Shop,1,up,{}", "Shop,2,down,{}"]))
    assert [row["store_id"] for row in found.rows[:2]] == ["1", "2"]


@pytest.mark.parametrize("name", ["lane", "x", "pos_code", "Kasse", "number", "id", "location_name"])
@pytest.mark.parametrize(
    ("first", "second"), [("17", "18"), ("1", "2"), ("17.0", "18.0"), ("#17", "#18"), ("K17", "K18")]
)
def test_a_column_that_may_name_the_store_is_asked_about(name: str, first: str, second: str) -> None:
    found = look(of_two_stores(name, first, second), kind="polls")
    assert_asked(found, f"Or does {name} name it?")


#: Polls of several stores, and what is asked of them.
UNNAMED = {
    "few rows, of which one comes again": (
        "lane,online,checked\nK17,yes,2024-03-01T10:00Z\nK17,no,2024-03-01T10:05Z\nK18,yes,2024-03-01T10:06Z\n",
        "Or does lane name it?",
    ),
    "many rows, of which few are of one store": (
        "lane,online,checked\n" + "".join(f"{at % 40},yes,2024-03-01T10:{at:02}:00Z\n" for at in range(60)),
        "Or does lane name it?",
    ),
    "a row of each at one instant": (
        "lane,online,checked\nK17,yes,2024-03-01T10:00Z\nK18,yes,2024-03-01T10:00Z\n",
        "Or does lane name it?",
    ),
    "flags": (of_two_stores("lane", "0", "1"), "Several rows have the instant 2024-05-01T10:00:00Z"),
    "measures": (of_two_stores("response_ms", "12", "13"), "Several rows have the instant 2024-05-01T10:00:00Z"),
    "the status alone": (
        "online,checked\nyes,2024-03-01T10:00:00Z\nno,2024-03-01T11:00:00+01:00\n",
        "Several rows have the instant 2024-03-01T11:00:00+01:00",
    ),
    "a date and a time": (
        "online,date,time\nyes,2024-03-01,10:00\nno,2024-03-01,10:00\n",
        "Several rows have the instant 2024-03-01 10:00",
    ),
    "no header": (
        table("2024-05-01T09:00:00Z,17,up", ["{},17,up", "{},18,down"]),
        "Or does column 2 name it?",
    ),
    "outages": (
        "lane,start,end,cause\n"
        + "".join(f"{lane},2024-03-0{day}T10:00Z,2024-03-0{day}T10:10Z,x\n" for day in (1, 2) for lane in (17, 18)),
        "Or does lane name it?",
    ),
    "stretches": (
        "status,start,end\nup,2024-03-01T10:00Z,2024-03-01T10:10Z\ndown,2024-03-01T10:00Z,2024-03-01T10:10Z\n",
        "Several rows have the instant 2024-03-01T10:00Z",
    ),
}


@pytest.mark.parametrize("name", UNNAMED)
def test_rows_of_several_stores_do_not_become_those_of_one(name: str) -> None:
    content, told = UNNAMED[name]
    assert_asked(look(content), told)


def assert_asked(found: Inspection, told: str) -> None:
    assert found.proposal.kind == "polls"
    assert any(told in asked and not answer for asked, answer in found.proposal.questions), found.proposal.questions
    assert not found.may_be_accepted


@pytest.mark.parametrize("name", UNNAMED)
def test_a_store_that_is_given_is_that_of_all_rows(name: str) -> None:
    kinds = [DATASET_KINDS["polls"]]
    found = inspect(UNNAMED[name][0].encode(), name="file.csv", kinds=kinds, now=NOW, given={"store_id": "A"})
    assert not any("names the store" in asked for asked, _ in found.proposal.questions)


@pytest.mark.parametrize(
    "column",
    [
        *("seq,{0}", "response_ms,{1}", "Response Time (ms),{1}", "duration,{1} s", "retries,{2}", "http_code,20{2}"),
        *("reply,{1}.5", "message,m{2}"),
    ],
)
def test_a_file_of_one_store_is_accepted(column: str) -> None:
    name, text = column.split(",")
    rows = (f"2024-05-01T10:{at:02}:00Z,{'no' if at in {3, 4} else 'yes'},{text}" for at in range(15))
    filled = [row.format(at, 100 + at * at % 11, at % 3) for at, row in enumerate(rows)]
    found = look("\n".join([f"checked,online,{name}", *filled, *filled[-1:], ""]))
    assert found.may_be_accepted, found.proposal.questions
    assert {row["store_id"] for row in found.rows} == {"file"}


def test_rows_of_two_tills_of_a_store_are_asked_about() -> None:
    found = look(table("store,till_no,status,time", ["A,1,up,{}", "A,2,down,{}"]))
    assert_asked(found, "till_no: rows of one store at 2024-05-01T10:00:00Z have '1' and '2'.")
