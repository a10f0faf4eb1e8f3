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


def without_holds() -> Mapping:
    return shipped()["outages"].model_copy(update={"holds": None})


def test_outages_of_a_real_export_hold_by_the_mapping_that_is_proposed(resources: Resources) -> None:
    content = (FILES / "internet-down.csv").read_bytes()
    found = inspect(content, name="internet-down.csv", kinds=[DATASET_KINDS["polls"]], now=NOW)
    bring(resources, content, read_mapping(dict(found.proposal.document or {})))
    assert gaps(resources) == {"internet-down": (0, None)}


@pytest.mark.parametrize("name", shipped())
def test_shipped_mappings_of_changes_hold_and_those_of_polls_do_not(name: str) -> None:
    holds = {"outages", "uptimerobot", "nagios"}
    assert (shipped()[name].holds == "until_changed") == (name in holds)
