"""Attacks 47 to 56: local mode lets in this machine, and neither pages nor proxies nor other machines by way of it."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from app.web.application import create_app
from tests.local_client import LocalClient


@pytest.fixture(scope="module")
def app(untouched: Resources) -> FastAPI:
    return create_app(untouched, slots=0)


@pytest.fixture
def client(app: FastAPI, stores_nothing: None) -> TestClient:
    return LocalClient(app)


@pytest.mark.parametrize(
    ("number", "host", "status"),
    [
        (47, "127.0.0.1:8000", 200),
        (48, "evil.example", 421),
        (49, "127.0.0.1.evil.example", 421),
        (50, "localhost@evil.example", 421),
        (50, "localhost:80@evil.example", 421),
        (56, "[::1]:8000", 200),
        (56, "[::1]", 200),
        (56, "localhost", 200),
        (56, "LOCALHOST:8000", 200),
        (48, "8.8.8.8", 421),
        (48, "", 421),
        (48, "[::1]evil", 421),
    ],
)
def test_it_answers_by_names_of_this_machine_only(client: TestClient, number: int, host: str, status: int) -> None:
    answer = client.get("/reports", headers={"Host": host})
    assert answer.status_code == status, number
    if status == 421:
        assert answer.json()["code"] == "wrong_host"


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Whatever", "Forwarded", "X-Real-IP", "Via", "Remote-User", "X-Forwarded-User"],
)
def test_51_what_came_through_a_proxy_is_refused(client: TestClient, header: str) -> None:
    answer = client.get("/reports", headers={header: "203.0.113.9"})
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert header.lower() in answer.json()["detail"]


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7", "fe80::1", "testclient"])
def test_52_another_machine_is_refused(app: FastAPI, peer: str, stores_nothing: None) -> None:
    answer = LocalClient(app, peer=peer).get("/reports")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_56_every_loopback_address_is_this_machine(app: FastAPI, peer: str) -> None:
    assert LocalClient(app, peer=peer).get("/reports").status_code == 200


@pytest.mark.parametrize(
    ("number", "method", "headers"),
    [
        (53, "POST", {"Sec-Fetch-Site": "cross-site"}),
        (53, "POST", {"Sec-Fetch-Site": "same-site"}),
        (53, "POST", {"Origin": "https://evil.example"}),
        (53, "POST", {"Origin": "null"}),
        (54, "GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
        (55, "POST", {"Origin": "http://localhost:3000"}),
        (55, "POST", {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}),
        (53, "POST", {"Sec-Fetch-Site": "new-value"}),
    ],
)
def test_pages_of_other_sites_trigger_nothing(
    client: TestClient, number: int, method: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, "/trigger_report", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin"), number


def test_a_probe_is_answered_to_anyone(app: FastAPI) -> None:
    """Kubernetes asks by the address of the pod."""
    answer = LocalClient(app, peer="10.0.0.7").get("/livez", headers={"Host": "10.0.0.8:8000"})
    assert answer.status_code in {200, 503}  # nothing runs here that could be alive


def test_what_a_page_of_this_service_sends_is_done(app: FastAPI, untouched: Resources) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}):
        answer = LocalClient(app).delete(f"/reports/{'0' * 32}", headers=headers)
        assert answer.json()["code"] == "unknown_report"
