"""Several probes of one monitor: it is asked what tells their rows apart, before one of them is taken for the truth."""

from collections.abc import Sequence

import pytest

from app.ingest.inspection.inspect import inspect
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
