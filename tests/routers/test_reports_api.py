"""The HTTP contract: trigger, poll, list, kinds, and problems that people can act on."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from app.reports.registry import REPORT_KINDS
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.commands import wait_until
from tests.conftest import SAMPLE_DATA, api, fresh_resources
from tests.kinds import DUMMY, beside

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(loaded: Resources) -> Iterator[TestClient]:
    with api(loaded, slots=2, kinds=beside(REPORT_KINDS, {"dummy": DUMMY})) as client:
        yield client


def reports(client: TestClient) -> list[str]:
    """Ids of all reports; those of other tests may still run."""
    return [report["report_id"] for report in client.get("/reports", params={"limit": 200}).json()["reports"]]


def finish(client: TestClient, report_id: str) -> dict[str, Any]:
    poll = {"report_id": report_id}
    return wait_until(lambda: (found := client.get("/get_report", params=poll).json())["status"] != "Running" and found)


def test_a_report_goes_from_trigger_to_a_link_that_downloads_it(client: TestClient) -> None:
    response = client.post("/trigger_report", json={"report": "uptime", "params": {"hourly": True}})
    assert response.status_code == 202
    report_id = response.json()["report_id"]
    assert re.fullmatch("[0-9a-f]{32}", report_id)
    assert response.headers["location"] == f"/get_report?report_id={report_id}"
    assert int(response.headers["retry-after"]) >= 1
    answer = finish(client, report_id)
    assert answer["status"] == "Complete"
    assert [file["name"] for file in answer["files"]] == [
        "uptime.csv",
        "hourly.parquet",
        "summary.json",
        "manifest.json",
    ]
    assert answer["url"] == answer["files"][0]["url"]
    for file in answer["files"]:
        content = httpx2.get(file["url"]).raise_for_status().content
        assert len(content) == file["bytes"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
    stores = {line.split(",")[0] for line in (SAMPLE_DATA / "polls.csv").read_text().splitlines()[1:]}
    assert answer["files"][0]["rows"] >= len(stores)


def test_the_location_of_a_trigger_can_be_followed(client: TestClient) -> None:
    response = client.post("/trigger_report", json={"report": "dummy"})
    answer = client.get(response.headers["location"])
    assert answer.status_code == 200
    assert answer.json()["status"] in {"Running", "Complete"}


@pytest.mark.parametrize("body", [None, {}, {"report": "uptime"}, {"params": {}}])
def test_an_empty_trigger_starts_uptime_with_its_defaults(client: TestClient, body: dict[str, Any] | None) -> None:
    response = client.post("/trigger_report", json=body) if body is not None else client.post("/trigger_report")
    assert response.status_code == 202
    row = client.get("/reports", params={"limit": 1}).json()["reports"][0]
    assert row["report_id"] == response.json()["report_id"]
    assert row["report"] == "uptime"
    details = client.get(f"/reports/{row['report_id']}").json()
    params = details.pop("params")
    assert details.keys() - row.keys() == {"stage", "progress", "files", "warnings"}
    assert params["lookback_hours"] == 96
    assert row["as_of"] == params["as_of"] == "2023-01-25T18:12:02.540980Z"


def test_older_clients_trigger_with_get_and_poll_with_post(client: TestClient) -> None:
    response = client.get("/trigger_report")
    assert response.status_code == 202
    answer = client.post("/get_report", json={"report_id": response.json()["report_id"]})
    assert answer.status_code == 200
    assert answer.json()["status"] in {"Running", "Complete"}


def test_each_poll_of_a_complete_report_makes_a_link_of_its_own(client: TestClient) -> None:
    report_id = client.post("/trigger_report", json={"report": "dummy"}).json()["report_id"]
    first = finish(client, report_id)

    def signed_later() -> dict[str, Any] | None:
        answer = finish(client, report_id)
        return None if answer["url"] == first["url"] else answer

    second = wait_until(signed_later, seconds=5)  # links tell the second in which they were signed
    assert second["files"][0]["sha256"] == first["files"][0]["sha256"]
    assert {httpx2.get(answer["url"]).status_code for answer in (first, second)} == {200}
    tampered = first["url"].replace(report_id, report_id[::-1])
    assert httpx2.get(tampered).status_code == 403


def test_a_waiting_report_tells_stage_and_progress(resources: Resources) -> None:
    with api(resources, slots=0, kinds={"dummy": DUMMY}) as idle:
        report_id = idle.post("/trigger_report", json={"report": "dummy"}).json()["report_id"]
        response = idle.get("/get_report", params={"report_id": report_id})
    assert response.json() == {"status": "Running", "stage": "queued", "progress": 0.0}
    assert int(response.headers["retry-after"]) >= 1


def test_long_parameters_are_in_no_list(resources: Resources) -> None:
    with api(resources, slots=0, kinds={"dummy": DUMMY}) as idle:
        params = {"word": "a" * 5000}
        idle.post("/trigger_report", json={"report": "dummy", "params": params}).raise_for_status()
        (listed,) = idle.get("/reports").json()["reports"]
        assert listed["asked"] is None
        assert idle.get(f"/reports/{listed['report_id']}").json()["asked"] == params


def test_a_report_by_its_id_is_what_the_list_says_with_how_far_it_is(resources: Resources) -> None:
    with api(resources, slots=0, kinds={"dummy": DUMMY}) as idle:
        report_id = idle.post("/trigger_report", json={"report": "dummy", "params": {"lines": 2}}).json()["report_id"]
        response = idle.get(f"/reports/{report_id}")
        (listed,) = idle.get("/reports").json()["reports"]
    params = {"lines": 2, "word": None}
    assert response.json() == listed | {
        "params": params,
        "stage": "queued",
        "progress": 0.0,
        "files": [],
        "warnings": [],
    }
    assert listed["status"] == "queued"
    assert listed["asked"] == {"lines": 2}
    assert listed["begun_by"] is None
    assert int(response.headers["retry-after"]) >= 1


def test_a_complete_report_by_its_id_has_the_files_of_its_poll(client: TestClient) -> None:
    poll = client.post("/trigger_report", params={"wait": 30}).json()
    found = client.get(f"/reports/{poll['report_id']}").json()
    assert (found["status"], found["stage"], found["progress"]) == ("complete", None, 1.0)
    assert [(file["name"], file["sha256"]) for file in found["files"]] == [
        (file["name"], file["sha256"]) for file in poll["files"]
    ]
    assert client.get(f"/reports/{'0' * 32}").json()["code"] == "unknown_report"
    assert client.get("/reports/7").json()["code"] == "unknown_report"


@pytest.mark.parametrize("status", ["complete", "Complete", "COMPLETE"])
def test_a_status_in_the_address_may_be_written_as_polls_write_it(client: TestClient, status: str) -> None:
    report_id = client.post("/trigger_report", params={"wait": 30}).json()["report_id"]
    found = client.get("/reports", params={"status": status}).json()["reports"]
    assert report_id in [report["report_id"] for report in found]
    assert {report["status"] for report in found} == {"complete"}
    assert client.get("/datasets", params={"status": "Ready"}).status_code == 200


def cursor(created_at: str, report_id: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at} {report_id}".encode()).decode()


def assert_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    ("params", "parameter", "allowed"),
    [
        ({"lookback_hours": 0}, "lookback_hours", "a whole number from 1 to 720"),
        ({"lookback_hours": 721}, "lookback_hours", "a whole number from 1 to 720"),
        ({"lookback_hours": "many"}, "lookback_hours", "a whole number from 1 to 720"),
        ({"as_of": "2023-01-25T18:00:00"}, "as_of", "an instant in ISO 8601 with Z or an offset"),
        ({"as_of": "soon"}, "as_of", "an instant in ISO 8601 with Z or an offset"),
        ({"as_of": "1969-01-01T00:00:00Z"}, "as_of", "an instant in ISO 8601 with Z or an offset"),
        ({"stores": []}, "stores", "a list of texts, at least 1"),
        ({"hourly": "perhaps"}, "hourly", "true or false"),
        (
            {"lookback": 96},
            "lookback",
            [
                *(
                    "accounting",
                    "as_known_at",
                    "as_of",
                    "by",
                    "charts",
                    "compare_to",
                    "excel",
                    "from",
                    "hourly",
                    "html",
                ),
                *("lookback_hours", "max_fill_hours", "max_gap_minutes", "min_outage_minutes", "period", "stores"),
                *("target_percent", "to", "zone"),
            ],
        ),
    ],
)
def test_a_bad_parameter_is_a_problem_with_the_allowed_values_and_no_report(
    client: TestClient, params: dict[str, Any], parameter: str, allowed: object
) -> None:
    before = reports(client)
    problem = assert_problem(client.post("/trigger_report", json={"params": params}), 422, "invalid_parameters")
    (error,) = problem["errors"]
    assert error["parameter"] == parameter
    assert error["received"] == params[parameter]
    assert error["allowed"] == allowed
    assert parameter in problem["detail"]
    assert reports(client) == before


def test_an_unknown_kind_is_a_problem_that_names_the_kinds(client: TestClient) -> None:
    problem = assert_problem(client.post("/trigger_report", json={"report": "uptimes"}), 404, "unknown_report_kind")
    assert problem["allowed"] == [*REPORT_KINDS, "dummy"]
    assert "uptime" in problem["detail"]


def test_unknown_stores_are_named(client: TestClient) -> None:
    response = client.post("/trigger_report", json={"params": {"stores": ["x", "1050565545391667097"]}})
    assert assert_problem(response, 422, "invalid_parameters")["errors"][0]["received"] == "x"


@pytest.mark.parametrize("report_id", ["0" * 32, "nonsense", "", "%00", "\0", "a b", "ü" * 400])
def test_an_unknown_report_is_not_found(client: TestClient, report_id: str) -> None:
    response = client.get("/get_report", params={"report_id": report_id})
    assert_problem(response, 404, "unknown_report")


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/get_report", {}, 422, "malformed_request"),
        ("POST", "/get_report", {"json": {"id": "x"}}, 422, "malformed_request"),
        ("POST", "/trigger_report", {"content": b"{", "headers": JSON}, 422, "malformed_request"),
        ("POST", "/trigger_report", {"json": {"report": "uptime", "parms": {}}}, 422, "malformed_request"),
        ("POST", "/trigger_report", {"json": []}, 422, "malformed_request"),
        ("GET", "/reports?limit=0", {}, 422, "malformed_request"),
        ("GET", "/reports?status=done", {}, 422, "malformed_request"),
        ("GET", "/reports?kind=none", {}, 404, "unknown_report_kind"),
        ("GET", "/reports?kind=%00", {}, 404, "unknown_report_kind"),
        ("GET", f"/reports?limit={'9' * 5_000}", {}, 422, "malformed_request"),
        ("GET", "/reports?cursor=nonsense", {}, 422, "invalid_parameters"),
        ("GET", f"/reports?cursor={cursor('2024-01-01T00:00:00+00:00', chr(0) * 32)}", {}, 422, "invalid_parameters"),
        ("GET", f"/reports?cursor={cursor('0001-01-01T00:00:00+23:59', '0' * 32)}", {}, 422, "invalid_parameters"),
        ("GET", "/nowhere", {}, 404, "not_found"),
        ("DELETE", "/trigger_report", {}, 405, "method_not_allowed"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_a_problem(
    client: TestClient, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(client.request(method, path, **options), status, code)


def test_a_parameter_that_is_not_a_number_at_all_does_not_break_the_answer(client: TestClient) -> None:
    response = client.post(
        "/trigger_report",
        content=b'{"params": {"lookback_hours": NaN}}',
        headers=JSON,
    )
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("/trigger_report", b'{"report": "\xff"}', 422, "malformed_request"),
        ("/trigger_report", b"[" * 10_000, 422, "malformed_request"),
        ("/trigger_report", b"9" * 5_000, 422, "malformed_request"),
        ("/trigger_report", rb'{"report": "\ud800"}', 404, "unknown_report_kind"),
        ("/trigger_report", rb'{"params": {"stores": ["\ud800"]}}', 422, "invalid_parameters"),
        ("/trigger_report", rb'{"params": {"stores": ["\u0000"]}}', 422, "invalid_parameters"),
        ("/trigger_report", rb'{"report": "dummy", "params": {"word": "\u0000"}}', 422, "invalid_parameters"),
        ("/trigger_report", b'{"params": {"as_of": "0001-01-01T00:00:00+23:59"}}', 422, "invalid_parameters"),
        ("/get_report", rb'{"report_id": "\u0000"}', 404, "unknown_report"),
        ("/get_report", rb'{"report_id": "\ud800"}', 404, "unknown_report"),
    ],
)
def test_a_body_with_what_no_server_of_ours_can_hold_is_a_problem(
    client: TestClient, path: str, content: bytes, status: int, code: str
) -> None:
    assert_problem(client.post(path, content=content, headers=JSON), status, code)


def test_a_body_that_is_no_json_is_told_as_such_and_not_as_a_parameter(client: TestClient) -> None:
    problem = assert_problem(client.post("/get_report", content=b"{]", headers=JSON), 422, "malformed_request")
    assert [error["parameter"] for error in problem["errors"]] == ["body"]
    (error,) = assert_problem(client.post("/get_report"), 422, "malformed_request")["errors"]
    allowed = "an object with report_id, sent as application/json"
    assert error == {"parameter": "body", "received": None, "reason": "is missing", "allowed": allowed}


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_many_megabytes_is_refused_unread(client: TestClient, declared: bool) -> None:  # noqa: FBT001
    block = b" " * (1 << 20)
    content = block * 9 if declared else iter([block] * 9)
    answer = client.post("/trigger_report", content=content, headers=JSON)
    assert_problem(answer, 413, "too_large")


def test_the_list_is_newest_first_filtered_and_paged(servers: Addresses, session_settings: Settings) -> None:
    kinds = beside(REPORT_KINDS, {"dummy": DUMMY})
    with fresh_resources(servers, session_settings) as fresh, api(fresh, slots=0, kinds=kinds) as client:
        ids = [client.post("/trigger_report", json={"report": "dummy"}).json()["report_id"] for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": 2, "kind": "dummy", "status": "queued"} | ({"cursor": cursor} if cursor else {})
            page = client.get("/reports", params=query).json()
            seen += [row["report_id"] for row in page["reports"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ids[::-1]
        assert client.get("/reports", params={"status": "complete"}).json() == {"reports": [], "next_cursor": None}
        assert client.get("/reports", params={"kind": "uptime"}).json()["reports"] == []


def test_without_any_poll_an_uptime_report_says_what_to_do(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        problem = assert_problem(client.post("/trigger_report"), 422, "no_polls")
    assert "load" in problem["detail"]


def test_the_kinds_come_with_the_schema_of_their_parameters(client: TestClient) -> None:
    kinds = {kind["name"]: kind for kind in client.get("/reports/kinds").json()}
    assert list(kinds) == [*REPORT_KINDS, "dummy"]
    lookback = kinds["uptime"]["params"]["properties"]["lookback_hours"]
    assert (lookback["default"], lookback["minimum"], lookback["maximum"]) == (96, 1, 720)
    flow = kinds["pull_requests"]
    assert {name: one.get("default") for name, one in flow["params"]["properties"].items()} == {
        "source": "pull_requests",
        "repos": None,
        "teams": None,
        "since": None,
        "until": None,
        "merged_since": None,
        "merged_until": None,
        "period": None,
        "dated_by": None,
        "zone": None,
        "state": None,
        "labels": None,
        "exclude_authors": None,
        "include_bots": False,
        "by": "team",
        "compare_to": None,
        "as_of": None,
        "as_known_at": None,
        "clock": "working",
        "hourly": False,
        "html": False,
        "charts": True,
    }
    assert "total_num_observations" in flow["findings"]["properties"]
    assert "totals" in kinds["uptime"]["findings"]["properties"]
    assert kinds["dummy"]["findings"] is None


def test_a_poll_is_answered_by_postgres_when_redis_is_away(
    loaded: Resources, servers: Addresses, session_settings: Settings
) -> None:
    from app.storage.resources import open_resources

    with api(loaded, slots=1, kinds={"dummy": DUMMY}) as client:
        report_id = client.post("/trigger_report", json={"report": "dummy"}).json()["report_id"]
        finish(client, report_id)
    deaf = replace(servers, database_url=loaded.database_url, redis_url="redis://127.0.0.1:1/0", embedded=frozenset())
    with (
        open_resources(loaded.settings, deaf) as without_redis,
        api(without_redis, slots=0, kinds={"dummy": DUMMY}) as client,
    ):
        assert client.get("/get_report", params={"report_id": report_id}).json()["status"] == "Complete"
        accepted = client.post("/trigger_report", json={"report": "dummy"})
        assert accepted.status_code == 202
        answer = client.get("/get_report", params={"report_id": accepted.json()["report_id"]}).json()
        assert answer == {"status": "Running", "stage": "queued", "progress": 0.0}


def test_without_postgres_requests_are_told_to_come_back(loaded: Resources, servers: Addresses) -> None:
    from app.storage.resources import open_resources

    away = replace(servers, database_url="postgresql://nobody@127.0.0.1:1/nothing", embedded=frozenset())
    with open_resources(loaded.settings, away) as resources, api(resources, slots=0) as client:
        for path in ("/reports", "/readyz", f"/get_report?report_id={'0' * 32}"):
            response = client.get(path)
            assert_problem(response, 503, "database_unavailable")
            assert int(response.headers["retry-after"]) >= 1
        assert client.get("/livez").status_code == 200
