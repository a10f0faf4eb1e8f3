"""Polls from files that have changes alone: their stores hold a status until it changes."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.ingest.inspection.inspect import inspect
from app.ingest.load import load, unload
from app.ingest.policy import Policy
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import Mapping, read_mapping
from app.mapping.shipped import shipped
from app.storage.resources import Resources
from tests.cases.test_uptime_cases import Case, figures
from tests.catalogue.bringing import polls
from tests.conftest import NOW
from tests.ingest.checking import Bytes

FILES = Path(__file__).parent.parent / "cases" / "files"
OUTAGES = b"store_id,start,end\na,2023-01-02 10:00:00,2023-01-02 10:10:00\nb,2023-01-03 10:00:00,\n"


def gaps(resources: Resources) -> dict[str, tuple[Any, ...]]:
    """The gap and the name of each store that something is said of."""
    query = text(
        "SELECT key, max_gap_minutes, name FROM entity_detail JOIN entity ON id = entity_id "
        "WHERE superseded_at IS NULL ORDER BY key"
    )
    with resources.engine.connect() as connection:
        return {row.key: (row.max_gap_minutes, row.name) for row in connection.execute(query)}


def bring(resources: Resources, content: bytes, mapping: Mapping, **options: Any) -> None:
    how = {"now": NOW, "policy": Policy(mapping=mapping), **options}
    load(resources.engine, DATASET_KINDS["polls"], Bytes(content), **how)


def test_stores_of_outages_get_the_gap_0_which_goes_with_their_rows(resources: Resources) -> None:
    bring(resources, OUTAGES, shipped()["outages"])
    assert gaps(resources) == {"a": (0, None), "b": (0, None)}
    how = {"now": NOW, "policy": Policy(mapping=shipped()["outages"])}
    assert (
        unload(resources.engine, DATASET_KINDS["polls"], Bytes(OUTAGES.splitlines()[0] + b"\na,2023-01-02,\n"), **how)
        == 0
    )
    assert gaps(resources) == {"a": (None, None), "b": (0, None)}


def test_a_gap_that_was_given_before_stays_and_so_do_names(resources: Resources) -> None:
    bring(resources, b"store_id,start,end\na,2023-01-01,\nb,2023-01-01,\n", without_holds())
    assert gaps(resources) == {}
    said = "INSERT INTO entity_detail (entity_id, name, max_gap_minutes, recorded_at) SELECT id, key || '!', "
    with resources.engine.begin() as connection:
        connection.execute(text(said + "CASE key WHEN 'a' THEN 60 END, now() FROM entity"))
    bring(resources, OUTAGES, shipped()["outages"])
    assert gaps(resources) == {"a": (60, "a!"), "b": (0, "b!")}
    policy = Policy(mapping=shipped()["outages"])
    assert unload(resources.engine, DATASET_KINDS["polls"], Bytes(OUTAGES), now=NOW, policy=policy) == 3
    assert gaps(resources) == {"a": (60, "a!"), "b": (None, "b!")}


def test_an_outage_that_ends_in_another_one_does_not_end_it(resources: Resources) -> None:
    lines = [
        "store_id,start,end",
        "a,2023-01-02 10:00:00,2023-01-02 10:10:00",
        "a,2023-01-02 10:00:00,2023-01-02 10:30:00",  # begins with the first one
        "a,2023-01-02 10:30:00,2023-01-02 10:40:00",  # begins as the second one ends
        "a,2023-01-02 10:20:00,2023-01-02 10:30:00",
        "a,2023-01-02 11:00:00,",  # nobody knows when it ended
        "a,2023-01-02 12:00:00,2023-01-02 12:10:00",
        "b,2023-01-02 10:05:00,2023-01-02 10:06:00",
    ]
    bring(resources, "\n".join(lines).encode(), shipped()["outages"])
    assert [poll for poll in polls(resources) if poll[2]] == [
        ("a", "2023-01-02 10:40", True),
        ("a", "2023-01-02 12:10", True),
        ("b", "2023-01-02 10:06", True),
    ]


def without_holds() -> Mapping:
    return shipped()["outages"].model_copy(update={"holds": None})


def test_outages_of_a_real_export_as_it_is_give_the_hours_that_its_owner_counted(
    resources: Resources, tmp_path: Path
) -> None:
    content = (FILES / "internet-down.csv").read_bytes()
    found = inspect(content, name="internet-down.csv", kinds=[DATASET_KINDS["polls"]], now=NOW)
    bring(resources, content, read_mapping(dict(found.proposal.document or {})))
    assert gaps(resources) == {"internet-down": (0, None)}
    # 101 outages, of which six begin with another one: 11,687 s. Before the first one are 66 hours and 404 s.
    row = figures(resources, tmp_path, Case("2020-05-29T20:00:00Z", {"internet-down": {}}), "exact")["internet-down"]
    assert [row[f"{name}_last_week"] for name in ("uptime", "downtime", "unknown", "outages")] == [
        *("98.64", "3.25", "66.11", "95"),
    ]


@pytest.mark.parametrize("name", shipped())
def test_shipped_mappings_of_changes_hold_and_those_of_polls_do_not(name: str) -> None:
    holds = {"outages", "uptimerobot", "nagios"}
    assert (shipped()[name].holds == "until_changed") == (name in holds)
