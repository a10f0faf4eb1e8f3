"""Metrics from Python."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

import openhours
from app.metrics.shipped import shipped
from app.storage.resources import Resources
from app.web.server import serving
from tests.conftest import LoadText

MERGED: dict[str, Any] = {
    "pillar": "team",
    "title": "Merged",
    "from": "pull_requests",
    "when": "merged_at",
    "value": {"count": "*"},
}


@pytest.fixture
def client(resources: Resources, load_text: LoadText) -> Iterator[openhours.Client]:
    load_text("pull_requests", "repo,number,created_at,merged_at\nr,7,2024-11-01T10:00:00Z,2024-11-04T20:00:00Z\n")
    with serving(resources, slots=0) as address, openhours.Client(address) as client:
        yield client


def test_a_metric_is_checked_stored_looked_at_and_removed(client: openhours.Client) -> None:
    assert client.put_metric("merged", MERGED, dry_run=True)["version"] == 1
    assert [one["name"] for one in client.metrics()] == sorted(shipped())
    assert client.put_metric("merged", MERGED)["version"] == 1
    assert client.put_metric("merged", {**MERGED, "title": "Merged ones"})["version"] == 2
    assert client.metric("merged")["title"] == "Merged ones"
    assert client.metric("merged", version=1)["document"] == MERGED
    found = client.metric_rows("merged", since=date(2024, 11, 1), until="2024-12-01", repo="r", limit=1)
    assert [row["facts"]["number"] for row in found["rows"]] == [7]
    assert client.metric_rows("merged")["rows"] == []
    client.remove_metric("merged")
    with pytest.raises(openhours.Problem, match="there is no metric 'merged'"):
        client.metric("merged")


def test_what_is_wrong_in_a_definition_is_in_the_details(client: openhours.Client) -> None:
    with pytest.raises(openhours.Problem) as caught:
        client.put_metric("merged", {**MERGED, "when": "merged"})
    (wrong,) = caught.value.details["errors"]
    assert (wrong["parameter"], wrong["nearest"]) == ("when", ["merged_at"])
    facts = {fact["name"]: fact for fact in client.metric_facts()["facts"]}
    assert wrong["allowed"] == [one["name"] for one in facts["pull_requests"]["columns"] if one["type"] == "instant"]
