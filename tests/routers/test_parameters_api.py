"""What becomes of the parameters of a report: bounded when they come, not read when nobody asks for them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import current_thread
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event

from app.entities.service import EntityService
from app.errors import OpenhoursError
from app.reports.service import ReportService
from app.series import lookup
from app.storage.resources import Resources
from tests.conftest import api

KEYS = [f"s{number}" for number in range(12_000)]


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with resources.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO entity (kind, key) SELECT 'store', unnest(%(keys)s)", {"keys": KEYS})
        for kind in ("team", "repository"):
            connection.exec_driver_sql("INSERT INTO entity (kind, key) VALUES (%(kind)s, 'x')", {"kind": kind})
    with api(resources, slots=0) as client:
        yield client


@pytest.fixture(scope="module")
def open_api(untouched: Resources) -> Iterator[TestClient]:
    """For what is refused whatever is stored."""
    with api(untouched, slots=0) as client:
        yield client


@pytest.fixture
def refusing(open_api: TestClient, stores_nothing: None) -> TestClient:
    return open_api


def trigger(client: TestClient, kind: str = "uptime", **params: Any) -> Any:
    params = {"as_of": "2024-01-01T00:00:00Z", **params}
    return client.post("/trigger_report", json={"report": kind, "params": params})


def recorded(client: TestClient, kind: str = "uptime", **params: Any) -> dict[str, Any]:
    response = trigger(client, kind, **params)
    assert response.status_code == 202, response.text
    params = client.get(f"/reports/{response.json()['report_id']}").json()["params"]
    assert isinstance(params, dict)
    return params


def error_of(response: Any) -> dict[str, Any]:
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameters")
    (error,) = response.json()["errors"]
    assert error["parameter"] in response.json()["detail"]
    return dict(error)


def test_a_list_keeps_each_item_once_in_the_order_of_the_first(client: TestClient) -> None:
    assert recorded(client, stores=["s3", "s1", "s3", "s2", "s1"])["stores"] == ["s3", "s1", "s2"]
    flow = recorded(client, "pull_requests", repos=["x", "x"], teams=["x", "x", "x"])
    assert (flow["repos"], flow["teams"]) == (["x"], ["x"])


def test_repeats_do_not_count_but_different_items_do(client: TestClient) -> None:
    assert recorded(client, stores=["s3", "s1"] * 10_001)["stores"] == ["s3", "s1"]
    error = error_of(trigger(client, stores=KEYS[:10_001]))
    assert error["parameter"] == "stores"
    assert error["reason"] == "has 10,001 different items; at most 10,000 are allowed"
    assert len(str(error["received"])) == 201


def test_as_many_items_as_a_list_may_have_are_taken_though_each_is_as_long_as_a_uuid(
    client: TestClient, resources: Resources
) -> None:
    keys = [str(UUID(int=number)) for number in range(10_000)]
    with resources.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO entity (kind, key) SELECT 'store', unnest(%(keys)s)", {"keys": keys})
    assert recorded(client, stores=keys)["stores"] == keys
    body = {"report": "uptime", "params": {"as_of": "2024-01-01T00:00:00Z", "stores": keys}}
    indented = json.dumps(body, indent=2)
    response = client.post("/trigger_report", content=indented, headers={"Content-Type": "application/json"})
    assert response.status_code == 202, response.text


def test_parameters_beyond_384_kib_are_refused_with_their_size(client: TestClient) -> None:
    error = error_of(trigger(client, stores=[f"{number:045}" for number in range(8_500)]))
    assert error["parameter"] == "params"
    assert error["reason"].endswith("bytes as JSON; at most 393,216 are allowed: shorten the lists")


@contextmanager
def statements(resources: Resources) -> Iterator[list[str]]:
    """What Postgres is asked meanwhile."""
    asked: list[str] = []

    def note(_: Connection, __: Any, statement: str, *rest: Any) -> None:
        if current_thread().name == "AnyIO worker thread":  # not what loops of the replica ask
            asked.append(statement)

    event.listen(resources.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(resources.engine, "before_cursor_execute", note)


def test_lists_and_polls_do_not_read_long_parameters(client: TestClient, resources: Resources) -> None:
    report_id = trigger(client, stores=KEYS[:1000]).json()["report_id"]
    client.delete(f"/reports/{report_id}")  # what has ended, Postgres tells
    with statements(resources) as asked:
        for path in ("/reports", "/reports?status=cancelled&kind=uptime", f"/get_report?report_id={report_id}"):
            assert client.get(path).status_code == 200
    long = [one for one in asked if "params" in one and "octet_length" not in one]  # a list has short ones alone
    assert [sum("FROM report" in one for one in asked), long] == [3, []]
    with statements(resources) as asked:
        client.get(f"/reports/{report_id}")
    assert any("report.params" in one for one in asked)


def test_true_is_no_number(refusing: TestClient) -> None:
    error = error_of(trigger(refusing, lookback_hours=True))
    assert error["received"] is True
    assert error["reason"] == "is not a whole number from 1 to 720"


#: What pydantic takes for whole numbers, and people seldom mean.
ODD = ["1_0", "+5", " 12 ", "5.0", "1e1", "\uff11\uff12", "1\u00a0", ""]


@pytest.mark.parametrize("text", ODD)
def test_a_text_for_a_whole_number_has_digits_alone(refusing: TestClient, text: str) -> None:
    error = error_of(trigger(refusing, lookback_hours=text))
    assert (error["received"], error["reason"]) == (text, "is not a whole number from 1 to 720")


@pytest.mark.parametrize("text", ["9_9", "nan", "inf", "1e1", "+99", ".5", "99."])
def test_a_text_for_a_number_has_digits_alone(refusing: TestClient, text: str) -> None:
    assert error_of(trigger(refusing, target_percent=text))["received"] == text


@pytest.mark.parametrize("value", [1700000000, 1.7e9, "1700000000", "20230125", "2023-01-25", "2023-W04-3T00:00:00Z"])
@pytest.mark.parametrize("name", ["as_of", "as_known_at"])
def test_an_instant_is_written_out(refusing: TestClient, name: str, value: object) -> None:
    error = error_of(trigger(refusing, **{name: value}))
    assert (error["received"], error["reason"]) == (value, "is not an instant in ISO 8601 with Z or an offset")


#: Postgres takes no offset of 16 hours or more.
FAR_EAST, FAR_WEST = "2023-01-25T00:00:00+16:00", "2023-01-25T00:00:00-23:59"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("uptime", "as_of"),
        ("uptime", "as_known_at"),
        ("uptime", "from"),
        ("pull_requests", "as_of"),
        ("pull_requests", "since"),
        ("engineering", "as_of"),
    ],
)
def test_an_instant_has_any_offset_and_is_kept_in_utc(client: TestClient, kind: str, name: str) -> None:
    for written, in_utc in ((FAR_EAST, "2023-01-24T08:00:00Z"), (FAR_WEST, "2023-01-25T23:59:00Z")):
        assert recorded(client, kind, **{name: written})[name] == in_utc


def test_a_text_in_digits_is_a_number(client: TestClient) -> None:
    params = recorded(client, lookback_hours="48", target_percent="99.5")
    assert (params["lookback_hours"], params["target_percent"]) == (48, 99.5)


def test_an_unknown_report_has_no_details(client: TestClient) -> None:
    for report_id in ("0" * 32, "nonsense"):
        response = client.get(f"/reports/{report_id}")
        assert (response.status_code, response.json()["code"]) == (404, "unknown_report")


def test_each_unknown_store_is_told_with_the_nearest_known_ones(client: TestClient) -> None:
    response = trigger(client, stores=["s1", "s12000", "S7", "?"])
    assert response.json()["detail"].startswith("stores: no loaded file has named the store 's12000' (did")
    allowed = "a store that a loaded file has named; GET /entities?kind=store lists them"
    told = {"parameter": "stores", "reason": "is not known", "allowed": allowed}
    assert response.json()["errors"] == [
        told | {"received": "s12000", "nearest": ["s1200", "s120", "s12"]},
        told | {"received": "S7", "nearest": ["s7", "s70", "s71"]},
        told | {"received": "?", "nearest": []},
    ]
    many = trigger(client, stores=[f"?{number}" for number in range(1_020)])
    assert len(many.json()["errors"]) == 20
    assert many.json()["detail"].endswith(" and 1,000 more")


def test_names_are_compared_while_no_connection_is_held(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    with resources.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO entity (kind, key) VALUES ('store', 'x'), ('team', 'x')")
    held = []

    def compare(asked: Sequence[str], known: Sequence[str]) -> dict[str, list[str]]:
        held.append(resources.engine.pool.checkedout())  # type: ignore[attr-defined]  # of the pool that we use
        return {key: list(known[:1]) for key in asked}

    monkeypatch.setattr(lookup, "suggestions_for_each", compare)
    entities = EntityService(resources.engine, default_zone="UTC", team_windows=())
    reports = ReportService(resources)
    for ask in (
        lambda: reports.trigger("uptime", {"stores": ["nobody"]}),
        lambda: reports.trigger("pull_requests", {"teams": ["nobody"]}),
        lambda: entities.find("store", "nobody"),
    ):
        with pytest.raises(OpenhoursError) as caught:
            ask()
        assert "Did you mean" in caught.value.message or "did you mean" in caught.value.message
    assert held == [0, 0, 0]


def test_an_instant_in_the_far_future_is_refused_by_every_kind(refusing: TestClient) -> None:
    for kind in ("uptime", "pull_requests"):
        error = error_of(trigger(refusing, kind, as_of="2099-01-01T00:00:00Z"))
        assert (error["parameter"], error["reason"]) == ("as_of", "is more than a day in the future")
        assert error["allowed"].endswith(", a day from now")
