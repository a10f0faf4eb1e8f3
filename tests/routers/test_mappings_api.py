"""Named mappings over HTTP, and files that are read with one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.catalogue.bringing import bring
from tests.conftest import api

SHOPS = {
    "kind": "timezones",
    "delimiter": ";",
    "columns": {"store_id": {"from": "Filiale"}, "timezone_str": {"from": "Zone"}},
}
FILE = "Zone;Filiale;Ort\nEurope/Berlin;7;Köln\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


def test_a_file_is_read_with_a_stored_mapping_and_records_what_it_said_then(client: TestClient) -> None:
    first = client.put("/mappings/shops", json={**SHOPS, "delimiter": ","}).json()
    assert (first["version"], first["kind"]) == (1, "timezones")
    assert client.put("/mappings/shops", json=SHOPS).json()["version"] == 2
    assert client.put("/mappings/shops", json=SHOPS).json()["version"] == 2
    found = bring(client, FILE, kind="timezones", mapping="shops")
    assert (found["status"], found["rows_accepted"]) == ("ready", 1)
    assert found["options"]["mapping"] == {"name": "shops", "version": 2, "document": SHOPS}
    assert client.get("/entities/store/7").json()["timezone"] == "Europe/Berlin"
    assert client.get("/mappings/shops", params={"version": 1}).json()["document"]["delimiter"] == ","
    assert client.delete("/mappings/shops").status_code == 204
    assert client.get("/mappings/shops").json()["code"] == "unknown_mapping"
    assert client.get(f"/datasets/{found['dataset_id']}").json()["options"]["mapping"]["document"] == SHOPS


def test_a_mapping_may_come_with_the_file_and_be_dropped_again(client: TestClient) -> None:
    found = bring(client, FILE, kind="timezones", mapping=json.dumps(SHOPS))
    assert found["options"]["mapping"] == {"name": None, "version": None, "document": SHOPS}
    again = client.post(f"/datasets/{found['dataset_id']}/reload", params={"mapping": "", "wait": 30}).json()
    assert (again["options"]["mapping"], again["status"]) == (None, "rejected")


def test_rows_that_a_mapping_gave_are_taken_out_by_it(client: TestClient) -> None:
    found = bring(client, FILE, kind="timezones", mapping=json.dumps(SHOPS))
    assert client.delete(f"/datasets/{found['dataset_id']}", params={"rows": True}).status_code == 202
    for _ in range(100):
        if client.get(f"/datasets/{found['dataset_id']}", params={"wait": 5}).status_code == 404:
            break
    assert client.get("/entities/store/7").json()["timezone_is_default"]


def test_shipped_mappings_are_listed_and_cannot_be_removed(client: TestClient) -> None:
    listed = {one["name"]: one for one in client.get("/mappings").json()["mappings"]}
    assert (listed["outages"]["version"], listed["outages"]["created_at"]) == (0, None)
    assert client.delete("/mappings/outages").json()["detail"] == (
        "outages is shipped and cannot be removed; PUT stores one of the same name."
    )


@pytest.mark.parametrize(
    ("mapping", "detail"),
    [
        ("uptime-cuma", "mapping: there is no mapping 'uptime-cuma' (did you mean 'uptime-kuma'?); there are "),
        ("outages", "mapping: it is of the kind polls; this file is of the kind timezones."),
        ('{"kind": "timezones"', "mapping: document: "),
        (
            '{"kind": "timezones", "columns": {"store_id": {"frm": 1}}}',
            "mapping: columns.store_id.frm: is not known (did you mean 'from'?)",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_before_the_file_comes(client: TestClient, mapping: str, detail: str) -> None:
    answer = client.post("/datasets", params={"kind": "timezones", "mapping": mapping}, content=FILE)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    assert answer.json()["detail"].startswith(detail)


def test_a_name_or_a_document_that_is_none_is_refused(client: TestClient) -> None:
    assert "is not a name of a mapping" in client.put("/mappings/A-b", json=SHOPS).json()["detail"]
    answer = client.put("/mappings/b", json={"kind": "polls", "columns": {"t": {"from": 1, "date": "DMYYYY"}}})
    assert "columns.t.date: 'DMYYYY' fits in two ways" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (
            {**SHOPS, "kind": "timezone"},
            "mapping: kind: 'timezone' is not a dataset kind (did you mean 'timezones'?)",
        ),
        (
            {"kind": "polls", "columns": {"store": {"from": "a"}}},
            "mapping: columns.store is not a column of polls (did you mean 'store_id'?); allowed: ",
        ),
        (
            {"kind": "polls", "columns": {}, "rows": [{"columns": {"statu": {"from": "a"}}}]},
            "mapping: columns.statu is not a column of polls (did you mean 'status'?); allowed: ",
        ),
    ],
)
def test_a_mapping_to_what_no_kind_has_is_not_stored(client: TestClient, document: Any, detail: str) -> None:
    answer = client.put("/mappings/none", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    assert answer.json()["detail"].startswith(detail)
    assert client.get("/mappings/none").status_code == 404


def test_a_column_that_a_stored_mapping_lacks_may_be_set_for_each_file(client: TestClient) -> None:
    columns = {"timezone_str": {"from": "Zone"}}
    assert client.put("/mappings/zones", json={**SHOPS, "columns": columns}).status_code == 200
