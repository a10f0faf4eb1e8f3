"""GET /timezones, and what a wrong zone is answered with."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import api


@pytest.fixture(scope="module")
def client(loaded: Resources) -> Iterator[TestClient]:
    with api(loaded, slots=0) as client:
        yield client


@pytest.mark.parametrize("country", ["DE", "de", "Germany"])
def test_the_zones_of_a_country_are_listed(client: TestClient, country: str) -> None:
    assert client.get("/timezones", params={"country": country}).json() == {
        "timezones": [
            {"name": "Europe/Berlin", "country": "DE", "country_name": "Germany"},
            {"name": "Europe/Busingen", "country": "DE", "country_name": "Germany"},
        ]
    }


def test_without_a_country_all_are_listed_and_utc(client: TestClient) -> None:
    listed = client.get("/timezones").json()["timezones"]
    assert listed[0] == {"name": "UTC", "country": None, "country_name": None}
    assert {"name": "Asia/Kolkata", "country": "IN", "country_name": "India"} in listed
    assert len(listed) > 400


@pytest.mark.parametrize("country", ["XX", "Atlantis", "", "Europe/Berlin", "\x00"])
def test_what_is_no_country_is_refused(client: TestClient, country: str) -> None:
    answer = client.get("/timezones", params={"country": country})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_parameters")
    (error,) = problem["errors"]
    assert (error["parameter"], error["received"], error["reason"]) == ("country", country, "is not a country")
    assert error["allowed"] == "two letters of ISO 3166 such as DE, or an English name such as Germany"


def test_an_entity_that_is_given_a_country_is_refused_with_its_zones(client: TestClient) -> None:
    path = "/entities/store/158406589678859173/timezone"
    problem = client.put(path, json={"timezone": "Germany"}).json()
    assert problem["code"] == "invalid_parameters"
    assert problem["detail"].endswith("; zones of Germany: Europe/Berlin, Europe/Busingen")
    assert (
        client.put(path, json={"timezone": "IST"})
        .json()["detail"]
        .endswith("; IST may mean Europe/Dublin, Asia/Jerusalem or Asia/Kolkata")
    )
