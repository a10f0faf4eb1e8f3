"""Warnings of datasets and reports as answers, the client library and the command line show them."""

from pathlib import Path

import pytest

from app.storage.resources import Resources
from tests.catalogue.bringing import bring
from tests.commands import CommandLine
from tests.conftest import LoadText, api

POLLS = (
    "store_id,status,timestamp_utc\n"
    "7.0,active,2023-01-25 10:00:00 UTC\n7.0,inactive,2023-01-25 10:00:00 UTC\n8,active,2023-01-25 11:00:00 UTC\n"
)

DAMAGED = {
    "code": "damaged_keys",
    "message": "1 of the keys look like ids that a spreadsheet or a data frame has rounded: format the column as text "
    "and export it again",
    "count": 1,
    "examples": ["7.0"],
}

CONTRADICTING = {
    "code": "contradicting_polls",
    "message": "polls that contradict a later line for the same store and instant: 1; the later line counts",
    "count": 1,
    "examples": ["7.0 at 2023-01-25 10:00:00 UTC"],
}


def test_a_dataset_tells_of_damaged_ids_and_contradicting_polls(resources: Resources) -> None:
    with api(resources, slots=1) as client:
        answer = bring(client, POLLS)
        assert answer["status"] == "ready"
        assert (answer["rows_duplicate"], answer["rows_contradicting"]) == (1, 1)
        assert answer["warnings"] == [DAMAGED, CONTRADICTING]
        (listed,) = client.get("/datasets").json()["datasets"]
        assert listed["warnings"] == answer["warnings"]
        assert listed["rows_contradicting"] == 1


def test_a_report_tells_in_the_poll_and_among_its_details(load_text: LoadText, resources: Resources) -> None:
    load_text("polls", POLLS)
    load_text("timezones", "store_id,timezone_str\n8,UTC\n9,UTC\n")
    with api(resources, slots=1) as client:
        answer = client.post("/trigger_report?wait=30", json={"params": {"as_of": "2023-01-25T12:00:00Z"}}).json()
        report_id = answer["report_id"]
        polled = client.get("/get_report", params={"report_id": report_id}).json()
        details = client.get(f"/reports/{report_id}").json()
    assert answer["warnings"] == polled["warnings"] == details["warnings"]
    found = {one["code"]: (one["count"], one["examples"]) for one in answer["warnings"]}
    assert found["stores_without_polls"] == (1, ["9"])
    assert found["default_zone"] == (1, ["7.0"])


def test_the_command_line_tells_them_after_a_load_and_after_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    cli = CommandLine(monkeypatch, capsys)
    (tmp_path / "polls.csv").write_text(POLLS)
    (tmp_path / "zones.csv").write_text("store_id,timezone_str\n8,UTC\n9,EST\n")
    told = cli("load", "polls", str(tmp_path / "polls.csv")).err
    assert f"warning: {DAMAGED['message']} (7.0)\n" in told
    assert f"warning: {CONTRADICTING['message']} (7.0 at 2023-01-25 10:00:00 UTC)\n" in told
    told = cli("load", "timezones", str(tmp_path / "zones.csv")).err
    assert "warning: rows whose time zone never changes its clocks: 1" in told
    told = cli("report", "uptime", "--out", str(tmp_path / "uptime.csv")).err
    assert "all their open time is unknown (9)" in told
