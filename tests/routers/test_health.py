"""Probes, echo, and the pages that come with the API."""

import re

import pytest

from app.storage.resources import Resources
from tests.conftest import api


def test_a_browser_is_sent_to_the_console(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        page = client.get("/")
    assert (page.status_code, page.url.path) == (200, "/console")


def test_operations_are_called_by_what_they_do(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert paths["/echo/{message}"]["get"]["summary"] == "Return the message"
    for operations in paths.values():
        for operation in operations.values():
            assert operation["description"].replace("\n", " ").startswith(operation["summary"])
            assert len(operation["summary"]) < 100


def test_echo_returns_the_message(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        assert client.get("/echo/hello wörld").json() == {"message": "hello wörld"}


def test_a_replica_with_a_migrated_database_is_alive_and_ready(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        assert client.get("/livez").json() == {"status": "alive"}
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_replica_without_its_tables_is_alive_but_not_ready(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with api(resources, slots=0) as client:
        assert client.get("/livez").status_code == 200
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["code"] == "not_migrated"
    assert "openhours migrate" in response.json()["detail"]


@pytest.mark.parametrize(("good_for_seconds", "status"), [(0, 503), (60, 200)])
def test_an_answer_of_postgres_is_good_for_a_while_and_no_longer(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, good_for_seconds: int, status: int
) -> None:
    monkeypatch.setattr("app.replica.readiness.READINESS_SECONDS", good_for_seconds)
    with api(resources, slots=0) as client:
        assert client.get("/readyz").status_code == 200
        with resources.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE alembic_version")
        assert client.get("/readyz").status_code == status


def test_a_replica_whose_database_a_later_version_has_migrated_stays_ready(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of a later version'")
    with api(resources, slots=0) as client:
        assert client.get("/readyz").status_code == 200


def test_a_replica_that_stops_is_not_ready(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        assert client.get("/readyz").headers.get("connection") != "close"
        client.app.state.services.replica.drain(grace_seconds=0)  # type: ignore[attr-defined]
        response = client.get("/readyz")
        assert (response.status_code, response.headers["connection"]) == (503, "close")
        assert client.get("/livez").status_code == 200


def test_a_replica_whose_loop_is_stuck_is_not_alive(loaded: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    with api(loaded, slots=0) as client:
        assert client.get("/livez").status_code == 200
        monkeypatch.setattr("app.replica.replica.STALE_SECONDS", -1)
        response = client.get("/livez")
    assert response.status_code == 503
    assert response.json()["code"] == "replica_unavailable"


def test_the_documentation_page_takes_nothing_from_other_addresses(loaded: Resources) -> None:
    with api(loaded, slots=0) as client:
        page = client.get("/docs").text
        sources = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert sources
        for source in sources:
            assert not source.startswith(("http:", "https:", "//")), source
            assert client.get(source).status_code == 200
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
