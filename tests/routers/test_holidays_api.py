"""Holidays of countries over HTTP: choices, and days as a calendar takes them."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import api


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def test_countries_are_listed_with_their_subdivisions(client: TestClient) -> None:
    countries = {one["code"]: one["subdivisions"] for one in client.get("/holidays").json()["countries"]}
    assert {"BY", "BE", "SN"} <= set(countries["DE"])
    assert list(countries) == sorted(countries)


def test_holidays_of_a_state_can_be_put_into_a_calendar(client: TestClient) -> None:
    answer = client.get("/holidays/DE", params={"years": "2026", "subdivision": "BY"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["name"] == "public:DE-BY"
    names = {day["date"]: day["name"] for day in found["days"]}
    assert names["2026-12-25"] == "Erster Weihnachtstag"
    assert "2026-01-06" in names
    assert "2026-01-06" not in {day["date"] for day in client.get("/holidays/DE?years=2026").json()["days"]}
    assert {day["what"] for day in found["days"]} == {"closed"}
    made = client.put("/calendars/public:DE-BY", json={"days": found["days"]})
    assert made.json()["calendar"]["days"] == len(found["days"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/holidays/XX?years=2026", "There is no country 'XX'"),
        ("/holidays/__init__?years=2026", "There is no country '__init__'"),
        ("/holidays/DE?years=2026&subdivision=XX", "DE has no subdivision 'XX'; allowed: BB, BE"),
        ("/holidays/DE?years=2026&category=odd", "DE has no holidays of category 'odd'; allowed: "),
        ("/holidays/DE?years=2026&language=xx", "DE has no names in 'xx'; allowed: de"),
        ("/holidays/DE?years=soon", "a year such as 2026, or two such as 2026-2028"),
        ("/holidays/DE?years=1900-2090", "up to 50 years between 1970 and 2099"),
        ("/holidays/DE?years=2028-2026", "up to 50 years"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(client: TestClient, path: str, said: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    assert said in answer.json()["detail"]


def test_years_are_required(client: TestClient) -> None:
    answer = client.get("/holidays/DE")
    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == ["years"]
