"""What a request is told whose parts are not those that its address takes."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from threading import current_thread
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app.routers import entities, reports, timezones
from app.routers.entities import NewHours
from app.routers.malformed import FORM
from app.storage.resources import Resources
from tests.conftest import api

JSON = {"content-type": "application/json"}

pytestmark = pytest.mark.usefixtures("stores_nothing")


@pytest.fixture(scope="module")
def client(untouched: Resources) -> Iterator[TestClient]:
    with api(untouched, slots=0) as client:
        yield client


def refused(client: TestClient, method: str, path: str, **options: Any) -> dict[str, Any]:
    response = client.request(method, path, **options)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == "malformed_request"
    return problem


TRIGGER = "an object with report, params, notify"


@pytest.mark.parametrize(
    ("options", "reason", "received"),
    [
        ({"content": b'{"report": "uptime"}'}, "was sent without a Content-Type", '{"report": "uptime"}'),
        ({"data": {"report": "uptime"}}, "was sent as application/x-www-form-urlencoded", "report=uptime"),
        ({"content": b"{}", "headers": {"content-type": "text/plain"}}, "was sent as text/plain", "{}"),
        ({"content": b"{", "headers": {"content-type": "text/json"}}, "was sent as text/json", "{"),
    ],
)
def test_a_body_that_is_not_sent_as_json_is_told_how_to_be_sent(
    client: TestClient, options: dict[str, Any], reason: str, received: str
) -> None:
    (error,) = refused(client, "POST", "/trigger_report", **options)["errors"]
    assert error == {
        "parameter": "body",
        "received": received,
        "reason": f"{reason}; send Content-Type: application/json",
        "allowed": f"{TRIGGER}, sent as application/json",
    }


@pytest.mark.parametrize(("content", "received"), [(b"[]", []), (b'"uptime"', "uptime"), (b"3", 3)])
def test_json_that_is_no_object_is_told_what_the_object_has(client: TestClient, content: bytes, received: Any) -> None:
    (error,) = refused(client, "POST", "/trigger_report", content=content, headers=JSON)["errors"]
    assert (error["parameter"], error["received"]) == ("body", received)
    assert error["reason"] == f"is not {TRIGGER}"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"{", "a name in double quotes is missing (line 1, column 2)"),
        (b'{"report": uptime}', "a value is missing (line 1, column 12)"),
        (b'{\n  "report": "uptime",\n  "params": {"hourly": yes}\n}', "a value is missing (line 3, column 24)"),
        (b'{"report": "uptime"} {}', "there is more text after its end (line 1, column 22)"),
        (b'{"report": "uptime"', "a comma or a closing bracket is missing (line 1, column 20)"),
        (b'{"report" "uptime"}', "a colon is missing after a name (line 1, column 11)"),
        (b'{"report": "uptime', "a string that starts here does not end (line 1, column 12)"),
        (b'{"report": "up\ntime"}', "that is not escaped (line 1, column 15)"),
        (
            b'{"report": "up\\qtime"}',
            "a string has a backslash that does not start an escape sequence (line 1, column 15)",
        ),
        (b"{'report': 1}", "a name in double quotes is missing (line 1, column 2)"),
    ],
)
def test_broken_json_is_told_where_it_breaks(client: TestClient, content: bytes, where: str) -> None:
    problem = refused(client, "POST", "/trigger_report", content=content, headers=JSON)
    assert problem["detail"].startswith("body: is not valid JSON: ")
    assert problem["detail"].endswith(where)
    assert [error["parameter"] for error in problem["errors"]] == ["body"]


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        (
            "POST",
            "/trigger_report",
            {"reprot": "x"},
            "reprot: is not known (did you mean 'report'?); allowed: notify, ",
        ),
        ("POST", "/trigger_report", {"kind": "x"}, "kind: is not known (did you mean 'report'?); allowed: no"),
        ("POST", "/trigger_report", {"params": []}, "params: [] is not an object"),
        ("POST", "/trigger_report", [1, "x"], "body: [1, 'x'] is not an object with report, params, notify"),
        ("POST", "/get_report", {}, "report_id: is missing; allowed: a text"),
        ("GET", "/reports?limit=0", None, "limit: '0' is not a whole number from 1 to 200"),
        ("GET", "/reports?limit=x", None, "limit: 'x' is not a whole number from 1 to 200"),
        ("GET", "/reports?status=Done", None, "status: 'Done' is not one of queued, running, complete, failed, cance"),
        ("GET", "/datasets?status=done", None, "status: 'done' is not one of uploading, checking, loading, ready, "),
        ("GET", "/get_report?report_id=1&wait=nan", None, "wait: 'nan' is not a number from 0 to 30"),
        ("POST", "/datasets", None, "kind: is missing; allowed: a text"),
        ("POST", "/datasets?kind=polls&force=maybe", None, "force: 'maybe' is not true or false"),
        ("PUT", "/entities/store/1/hours", {"hours": [{"day": "x"}]}, "hours.0.day: 'x' is not a whole number from 0 "),
        ("PUT", "/entities/store/1/hours", {"hours": 1}, "hours: 1 is not a list of objects, at most 1000"),
        ("PUT", "/entities/store/1/timezone", {"zone": "UTC"}, "timezone: is missing; allowed: a text; zone: is not "),
    ],
)
def test_a_part_of_a_request_is_refused_in_the_words_of_its_document(
    client: TestClient, method: str, path: str, body: Any, sentence: str
) -> None:
    assert refused(client, method, path, json=body)["detail"].startswith(sentence)


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("POST", "/trigger_report?report=pull_requests", "report: belongs in the JSON body; allowed: wait"),
        (
            "GET",
            "/get_report?id=1",
            "id: is not a query parameter of this address (did you mean 'report_id'?); allowed: ",
        ),
        (
            "GET",
            "/reports?statsu=complete",
            "statsu: is not a query parameter of this address (did you mean 'status'?)",
        ),
        ("GET", "/datasets?limt=3&knd=polls", "limt: is not a query parameter of this address (did you mean 'limit'?)"),
        (
            "POST",
            "/datasets?kind=polls&onerror=skip_rows",
            "onerror: is not a query parameter of this address (did you ",
        ),
        ("GET", "/reports/kinds?kind=uptime", "kind: is not a query parameter of this address"),
        (
            "GET",
            "/entities?type=store",
            "type: is not a query parameter of this address; allowed: kind, prefix, cursor",
        ),
        (
            "GET",
            "/timezones?contry=DE",
            "contry: is not a query parameter of this address (did you mean 'country'?); al",
        ),
        ("POST", "/uploads?kind=polls", "kind: is not a query parameter of this address"),
        (
            "DELETE",
            f"/datasets/{'0' * 32}?row=true",
            "row: is not a query parameter of this address (did you mean 'rows'",
        ),
    ],
)
def test_a_query_parameter_that_counts_for_nothing_is_refused_with_the_nearest(
    client: TestClient, method: str, path: str, sentence: str
) -> None:
    problem = refused(client, method, path)
    assert problem["detail"].startswith(sentence)
    assert problem["errors"][0]["parameter"] == sentence.partition(":")[0]


@pytest.mark.parametrize("path", ["/reports", "/datasets", "/entities", "/audit", "/users", "/deliveries"])
@pytest.mark.parametrize("text", ["1_0", "+5", " 12 ", "5.0", "1e1", "\uff11\uff12", "1\u00a0"])
def test_a_number_in_an_address_has_digits_alone(client: TestClient, path: str, text: str) -> None:
    (error,) = refused(
        client, "GET", path, params={"kind": "store", "limit": text} if "ent" in path else {"limit": text}
    )["errors"]
    assert (error["parameter"], error["received"]) == ("limit", text)
    assert error["reason"].startswith("is not a whole number from 1 to ")


@pytest.mark.parametrize("text", ["1_0", "nan", "inf", "1e1", "+1", " 1"])
def test_so_has_one_with_decimals(client: TestClient, text: str) -> None:
    problem = refused(client, "GET", "/get_report", params={"report_id": "x", "wait": text})
    assert problem["errors"][0]["parameter"] == "wait"
    assert client.get("/get_report?report_id=x&wait=0.5").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "content", "name", "place"),
    [
        ("POST", "/trigger_report", '{"report": "uptime", "report": "pull_requests"}', "report", "line 1, column 22"),
        (
            *("POST", "/trigger_report", '{"params": {"stores": ["1"], "hourly": true,\n "stores": ["2"]}}'),
            *("params.stores", "line 2, column 2"),
        ),
        (
            "PUT",
            "/entities/store/17/hours",
            '{"hours": [{}, {"day": 0, "day": 1}]}',
            "hours.1.day",
            "line 1, column 27",
        ),
        ("PUT", "/mappings/x", '{"kind": "polls", "\\u006bind": "hours"}', "kind", "line 1, column 19"),
        (
            *("POST", "/trigger_report", f'{{"params": {{"stores": ["{"x" * 20_000}"]}}, "params": {{}}}}'),
            *("params", "line 1, column 20030"),
        ),
    ],
)
def test_of_two_values_of_one_name_none_is_dropped(
    client: TestClient, method: str, path: str, content: str, name: str, place: str
) -> None:
    problem = refused(client, method, path, content=content, headers=JSON)
    reason = f"is given more than once (again at {place}); give it only once"
    assert problem["errors"] == [{"parameter": name, "received": None, "reason": reason}]
    assert problem["detail"] == f"{name}: {reason}"


def test_an_empty_body_is_none_whatever_type_it_is_said_to_have(client: TestClient) -> None:
    plain = client.post("/trigger_report")
    assert client.post("/trigger_report", content=b"", headers=JSON).status_code == plain.status_code < 500
    problem = refused(client, "POST", "/schedules", content=b"", headers=JSON)
    assert problem["detail"].startswith("body: is missing; allowed: an object with name, ")


def test_a_parameter_of_one_value_is_given_once(client: TestClient) -> None:
    (error,) = refused(client, "GET", "/reports?limit=3&limit=4")["errors"]
    assert (error["parameter"], error["received"]) == ("limit", ["3", "4"])
    assert error["reason"] == "is given more than once; give it only once"


def instants_of_addresses(client: TestClient) -> Iterator[tuple[str, str, str]]:
    """Method, address and name of each query parameter that is an instant."""
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", ()):
                kinds = [one["schema"], *one["schema"].get("anyOf", ())]
                if one["in"] == "query" and any(kind.get("format") == "date-time" for kind in kinds):
                    yield method, re.sub("{[^}]*}", "x", path.replace("{kind}", "store")), one["name"]


def test_an_instant_in_an_address_is_one_that_reports_take_too(client: TestClient) -> None:
    found = {*instants_of_addresses(client)}
    assert {
        ("get", "/activity/hours", "as_of"),
        ("get", "/audit", "from"),
        ("get", "/entities/store/x", "as_known_at"),
        ("post", "/sources/x/reset", "since"),
    } <= found
    for method, path, name in found:
        for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"):
            errors = refused(client, method, path, params={name: text})["errors"]
            (error,) = [one for one in errors if one["parameter"] == name]
            assert error["received"] == text
            assert error["reason"] == "must lie between 1970-01-01 and 2100-01-01 UTC"
        assert name in refused(client, method, path, params={name: "20230125"})["detail"]
        for text in ("2023-01-25T00:00:00+16:00", "2023-01-25T00:00:00-23:59", "1970-01-01T00:00:00Z"):
            answer = client.request(method, path, params={name: text})
            assert answer.status_code < 500, (path, answer.text)
            if answer.status_code == 422:
                assert name not in [error["parameter"] for error in answer.json()["errors"]]


def test_several_unknown_query_parameters_are_all_named(client: TestClient) -> None:
    problem = refused(client, "GET", "/reports", params={f"p{number}": number for number in range(30)})
    assert [error["parameter"] for error in problem["errors"]] == [f"p{number}" for number in range(20)]
    assert [error["received"] for error in problem["errors"]] == [str(number) for number in range(20)]
    assert problem["detail"].endswith("; and 10 more")


@pytest.mark.parametrize("path", ["/livez?verbose", "/readyz?verbose", "/metrics?collect[]=x"])
def test_probes_and_scrapes_may_have_any_query(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_ten_thousand_wrong_values_cost_an_answer_of_a_few_kilobytes(client: TestClient) -> None:
    wrong = {"hours": [{"day": "x" * 300, "start_time_local": number, "end_time_local": ""} for number in range(900)]}
    response = client.put("/entities/store/1/hours", json=wrong)
    assert len(response.json()["errors"]) == 20
    assert {len(str(error["received"])) for error in response.json()["errors"]} <= {1, 2, 3, 201}
    assert len(response.content) < 30_000
    response = client.post("/trigger_report", json={"params": {"stores": list(range(10_000))}})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameters")
    assert [error["received"] for error in response.json()["errors"]] == list(range(20))
    assert len(response.content) < 10_000


def test_the_loop_that_answers_everyone_checks_no_body() -> None:
    routes = [route for module in (reports, entities, timezones) for route in module.router.routes]
    fields = [route.body_field for route in routes if isinstance(route, APIRoute) and route.body_field]
    assert len(fields) == 6
    for field in fields:
        assert field.validate({"no": ["such", "member"]}, {}, loc=("body",)) == ({"no": ["such", "member"]}, [])


def test_each_address_that_takes_a_form_refuses_other_bodies(client: TestClient) -> None:
    taking = [
        (method, path)
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if FORM in operation.get("requestBody", {}).get("content", {})
    ]
    assert taking == [("post", "/api/v1/auth/token")]
    for method, path in taking:
        assert "was sent as application/json" in refused(client, method, path, json={})["detail"]
        cut = {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}  # with no boundary
        assert (
            refused(client, method, path, **cut)["detail"] == f"body: is no form that can be read; send one as {FORM}"
        )


def test_a_body_is_checked_in_a_thread(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def check(body: Any) -> NewHours:
        threads.append(current_thread().name)
        return NewHours(hours=[])

    monkeypatch.setattr(NewHours, "model_validate", check)
    assert client.put("/entities/store/1/hours", json={"hours": []}).status_code == 404
    assert threads == ["AnyIO worker thread"]


@pytest.mark.parametrize(
    "body",
    [
        {"params": {"stores": [number % 10 for number in range(10_000)]}},
        {"params": {"stores": [1] * 250_000}},
        {"params": {"stores": [[]] * 160_000}},
        {f"m{number}": 1 for number in range(45_000)},
        {"params": {f"m{number}": 1 for number in range(45_000)}},
    ],
    ids=["as many as a list may have", "repeats", "lists", "members", "parameters"],
)
def test_a_body_full_of_wrong_values_costs_little_memory(client: TestClient, body: dict[str, Any]) -> None:
    content = json.dumps(body, separators=(",", ":")).encode()
    assert len(content) < 512 << 10
    client.post("/trigger_report", content=content, headers=JSON)  # what is made only once
    tracemalloc.start()
    try:
        response = client.post("/trigger_report", content=content, headers=JSON)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code == 422
    assert len(response.content) < 16_000
    assert peak < 40 << 20, peak


def test_a_body_larger_than_any_that_is_needed_is_refused(client: TestClient) -> None:
    content = json.dumps({"params": {"stores": [1] * 300_000}}).encode()
    assert client.post("/trigger_report", content=content, headers=JSON).status_code == 413


@pytest.mark.parametrize("text", ["\\ud800", "a\\u0000b", "\\udfff\\ud800"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/mappings/x", '{"kind": "polls", "columns": {"store_id": {"from": "T"}}}'),
        ("PATCH", "/entities", '{"kind": "store", "keys": ["T"], "timezone": "UTC"}'),
        ("PUT", "/entities/store/x/details", '{"name": "T"}'),
        ("PUT", "/calendars/x", '{"days": [{"date": "2026-12-24", "name": "T", "windows": []}]}'),
        ("POST", "/schedules", '{"name": "x", "report": "uptime", "params": {"T": "T"}, "every": "day"}'),
        ("PUT", "/metrics-definitions/x", '{"name": "T", "rows": "T"}'),
        ("POST", "/webhooks", '{"name": "x", "url": "http://127.0.0.1:1/T", "events": ["T"]}'),
        ("POST", "/sources", '{"name": "x", "kind": "github", "repos": ["T/T"]}'),
        ("POST", "/rules", '{"name": "x", "kind": "T", "params": {"T": "T"}}'),
        ("POST", "/trigger_report", '{"params": {"stores": ["T"]}, "notify": {"T": "T"}}'),
        ("POST", "/users", '{"name": "T"}'),
        ("POST", "/keys", '{"name": "T"}'),
    ],
)
def test_a_text_that_cannot_be_stored_is_no_bug(
    client: TestClient, method: str, path: str, body: str, text: str
) -> None:
    response = client.request(method, path, content=body.replace("T", text), headers=JSON)
    assert 400 <= response.status_code < 500, response.text
    if path == "/mappings/x":
        assert response.json()["code"] == "unstorable_text"
        assert "half of a surrogate pair" in response.json()["detail"]
