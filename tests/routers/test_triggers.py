"""The body of a trigger in the OpenAPI document: one schema per kind, and what it allows is understood."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from app.reports.registry import REPORT_KINDS
from app.routers.triggers import any_trigger
from app.storage.resources import Resources
from tests.conftest import api

AS_OF = {"as_of": "2024-01-01T00:00:00Z"}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/openapi.json").json())


def body_of(document: dict[str, Any]) -> dict[str, Any]:
    return dict(document["paths"]["/trigger_report"]["post"]["requestBody"]["content"]["application/json"]["schema"])


def is_documented(document: dict[str, Any], body: Any) -> bool:
    schema = {**body_of(document), "components": document["components"]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(body))


def test_the_body_of_a_trigger_is_told_apart_by_its_report(document: dict[str, Any]) -> None:
    union, null = body_of(document)["anyOf"]
    assert null == {"type": "null"}
    assert union["discriminator"]["propertyName"] == "report"
    schemas, mapping = document["components"]["schemas"], union["discriminator"]["mapping"]
    assert list(mapping) == list(REPORT_KINDS) == ["uptime", "pull_requests", "rollup", "activity", "engineering"]
    assert union["oneOf"] == [{"$ref": reference} for reference in mapping.values()]
    for kind, reference in mapping.items():
        trigger = schemas[reference.rpartition("/")[2]]
        assert trigger["properties"]["report"]["const"] == kind
        params = schemas[trigger["properties"]["params"]["$ref"].rpartition("/")[2]]
        assert params["properties"].keys() == REPORT_KINDS[kind].params.model_json_schema()["properties"].keys()


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"params": {}},
        {"report": "uptime"},
        {"params": {"lookback_hours": 48, "hourly": True}},
        {"report": "pull_requests"},
        {"report": "pull_requests", "params": {"clock": "wall", "charts": False}},
    ],
)
def test_a_trigger_that_is_documented_is_accepted(client: TestClient, document: dict[str, Any], body: Any) -> None:
    assert is_documented(document, body)
    dated = {**(body or {}), "params": {**(body or {}).get("params", {}), **AS_OF}}
    assert client.post("/trigger_report", json=dated).status_code == 202
    answer = client.post("/trigger_report", json=body)
    assert answer.status_code == 202 or answer.json()["code"] == "no_polls"  # it was understood


@pytest.mark.parametrize(
    "body",
    [
        [],
        "uptime",
        {"report": "uptimes"},
        {"report": None},
        {"params": {"clock": "wall"}},
        {"params": {"lookback_hours": 0}},
        {"report": "pull_requests", "params": {"lookback_hours": 48}},
        {"report": "uptime", "params": None},
        {"report": "uptime", "params": []},
        {"report": "uptime", "wait": 3},
    ],
)
def test_a_trigger_that_is_not_documented_is_refused(client: TestClient, document: dict[str, Any], body: Any) -> None:
    assert not is_documented(document, body)
    assert client.post("/trigger_report", json=body).status_code in {404, 422}


def test_a_kind_of_the_registry_is_in_the_document_without_another_line() -> None:
    added = replace(REPORT_KINDS["uptime"], name="opening_windows")
    schema = TypeAdapter(any_trigger([*REPORT_KINDS.values(), added])).json_schema()
    mapping = schema["anyOf"][0]["discriminator"]["mapping"]
    assert mapping["opening_windows"] == "#/$defs/OpeningWindowsTrigger"
    assert schema["$defs"]["OpeningWindowsTrigger"]["required"] == ["report"]


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [
        ("/get_report", "get", "200", ["Running", "Complete", "Failed", "Cancelled"]),
        ("/get_report", "post", "200", ["Running", "Complete", "Failed", "Cancelled"]),
        ("/trigger_report", "get", "200", ["Complete", "Failed", "Cancelled"]),
        ("/trigger_report", "post", "200", ["Complete", "Failed", "Cancelled"]),
    ],
)
def test_answers_are_told_apart_by_their_status(
    document: dict[str, Any], path: str, method: str, status: str, words: list[str]
) -> None:
    schema = document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    assert schema["discriminator"]["propertyName"] == "status"
    assert list(schema["discriminator"]["mapping"]) == words
    for reference in schema["discriminator"]["mapping"].values():
        assert "status" in document["components"]["schemas"][reference.rpartition("/")[2]]["required"]


def test_a_report_of_no_kind_is_told_the_kinds(client: TestClient) -> None:
    for report in (5, None, ["uptime"]):
        response = client.post("/trigger_report", json={"report": report})
        assert response.status_code == 422
        assert response.json()["errors"][0]["allowed"] == "one of uptime, pull_requests, rollup, activity, engineering"
