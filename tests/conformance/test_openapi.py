"""The running service keeps to the OpenAPI document that it answers, whatever it is sent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
import schemathesis
from sqlalchemy import text

from app.jobs.endings import Endings
from app.resources import Resources
from app.server import serving

#: Requests made up for each operation, in each phase. They are the same in every run.
EXAMPLES = 50

#: Longest that all of them may take, seconds; usual is a fifth of it.
LIMIT_SECONDS = 100

#: How long the server of these tests lets a request wait for its report, seconds.
LONGEST_WAIT_SECONDS = 0.01

METHODS = {"DELETE", "GET", "PATCH", "POST", "PUT"}

#: Asked for in another way these addresses are those of a report, a dataset, or an entity with such a key.
ELSEWHERE = {
    "/reports/kinds": {"DELETE"},
    "/datasets/kinds": {"DELETE"},
    "/entities/{kind}/{key}/hours": {"GET"},
    "/entities/{kind}/{key}/timezone": {"GET"},
}

#: Not every text is a cursor, nor every object the parameters of a report: what the document allows may be refused.
UNDECIDABLE = "positive_data_acceptance"

#: Uploads speak a protocol that answers 412 before it looks at anything else, and takes a content type that cannot be
#: made up from a schema; tests/uploads/test_made_up_requests.py does for them what is done here for the others.
OWN_PROTOCOL = "^/uploads"


@pytest.fixture(scope="module")
def address(loaded: Resources) -> Iterator[str]:
    """A server that lets nobody wait as long as they ask for: hundreds of requests would take as many half minutes."""
    wait = Endings.wait

    async def wait_shortly(self: Endings, report_id: str, *, seconds: float) -> None:
        await wait(self, report_id, seconds=min(seconds, LONGEST_WAIT_SECONDS))

    with pytest.MonkeyPatch.context() as patch, serving(loaded, slots=1) as address:
        patch.setattr(Endings, "wait", wait_shortly)
        yield address


@pytest.fixture(scope="module")
def document(address: str) -> dict[str, Any]:
    document: dict[str, Any] = httpx2.get(f"{address}/openapi.json").json()
    return document


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status >= "400":
                    problem = response["content"].pop("application/problem+json")
                    assert problem == {"schema": {"$ref": "#/components/schemas/Problem"}}, (method, path, status)
                    assert set(response["content"]) <= ({"text/plain"} if status == "413" else set())


def test_what_is_not_documented_is_not_allowed_and_says_what_is(address: str, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        allowed = {method.upper() for method in operations}
        for method in METHODS - allowed - ELSEWHERE.get(path, set()):
            response = httpx2.request(method, address + path.replace("{", "").replace("}", ""))
            assert response.status_code == 405
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
        deadline = monotonic() + 30
        while schema["/get_report"]["GET"].Case(query={"report_id": report_id}).call().json()["status"] == "Running":
            assert monotonic() < deadline
            sleep(0.02)
        with loaded.engine.begin() as connection:
            connection.execute(text(f"UPDATE report SET {change} WHERE id = :id"), {"id": report_id})
        schema["/get_report"]["GET"].Case(query={"report_id": report_id}).call_and_validate()
    listed = schema["/reports"]["GET"].Case().call_and_validate().json()
    assert {"complete", "failed", "cancelled"} <= {report["status"] for report in listed["reports"]}


# The last one: the reports that it triggers are in the way of others.
def test_made_up_requests_are_answered_as_documented_and_never_with_an_error_of_ours(
    address: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
            *("--generation-deterministic", "--max-examples", str(EXAMPLES), "--continue-on-failure"),
            *("--exclude-checks", UNDECIDABLE, "--exclude-path-regex", OWN_PROTOCOL, "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
