"""The running service keeps to the OpenAPI document that it answers."""

import json
import re
from typing import Any

import httpx2
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import ignored_auth
from sqlalchemy import text

from app.storage.resources import Resources
from tests.commands import PATIENCE_SECONDS, http, wait_until

METHODS = {"DELETE", "GET", "PATCH", "POST", "PUT"}

#: Asked for in another way these addresses are those of a report, a dataset, an entity with such a key, or a page.
ELSEWHERE = {
    "/datasets/inspect": {"GET", "HEAD", "DELETE"},
    "/reports/kinds": {"DELETE"},
    "/datasets/kinds": {"DELETE"},
    "/schedules/preview": {"DELETE", "PUT"},
    "/webhooks/events": {"DELETE", "PUT"},
    "/rules/kinds": {"DELETE", "PUT"},
    "/calendars/{name}/import": {"DELETE", "GET", "PATCH", "PUT"},
    "/entities/{kind}/{key}/open": {"PUT"},
    **{page: {"GET"} for page in ("/login", "/setup", "/reset", "/unsubscribe")},
}


#: Errors in the words of a founding system, whose clients read them.
OWN_WORDS = {
    ("/api/process_file", "409"),
    *(("/api/csv_task_result/{uuid}", status) for status in ("404", "406", "425")),
}


@pytest.fixture(scope="module")
def document(address: str) -> dict[str, Any]:
    document: dict[str, Any] = httpx2.get(f"{address}/openapi.json", timeout=PATIENCE_SECONDS).json()
    return document


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status >= "400":
                    content = dict(response["content"])
                    if (path, status) in OWN_WORDS:
                        assert list(content) == ["application/json"], (method, path, status)
                        continue
                    problem = content.pop("application/problem+json")
                    assert problem == {"schema": {"$ref": "#/components/schemas/Problem"}}, (method, path, status)
                    assert content == {}, (method, path, status)


def test_no_text_shows_the_name_of_a_value_instead_of_the_value(document: dict[str, Any]) -> None:
    assert re.findall(r"[^\"]*\{[A-Z_]{3,}\}[^\"]*", json.dumps(document)) == []


def test_a_removal_that_takes_a_job_is_documented_beside_one_that_does_not(document: dict[str, Any]) -> None:
    responses = document["paths"]["/datasets/{dataset_id}"]["delete"]["responses"]
    removed = {"application/json": {"schema": {"$ref": "#/components/schemas/DatasetRemoved"}}}
    assert {status: responses[status]["content"] for status in ("200", "202")} == {"200": removed, "202": removed}


def test_what_is_not_documented_is_not_allowed_and_says_what_is(address: str, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        allowed = {method.upper() for method in operations}
        for method in METHODS - allowed - ELSEWHERE.get(path, set()):
            response = http().request(method, address + path.replace("{", "").replace("}", ""))
            assert response.status_code == 405, (method, path)
            assert response.json()["code"] == "method_not_allowed"
            assert set(response.headers["allow"].split(", ")) == allowed, path


def test_however_a_report_ended_polls_and_lists_keep_to_the_document(address: str, loaded: Resources) -> None:
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    for change in (
        "status = status",
        "status = 'cancelled'",
        "status = 'failed', error_code = 'x', error_message = 'y'",
    ):
        report_id = httpx2.post(f"{address}/trigger_report").json()["report_id"]
        poll = schema["/get_report"]["GET"].Case(query={"report_id": report_id})
        wait_until(lambda poll=poll: poll.call().json()["status"] != "Running")
        with loaded.engine.begin() as connection:
            connection.execute(text(f"UPDATE report SET {change} WHERE id = :id"), {"id": report_id})
        poll.call_and_validate(excluded_checks=[ignored_auth])  # local mode
    listed = schema["/reports"]["GET"].Case().call_and_validate(excluded_checks=[ignored_auth]).json()
    assert {"complete", "failed", "cancelled"} <= {report["status"] for report in listed["reports"]}
