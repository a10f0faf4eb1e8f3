"""GET /audit: filters, pages, and CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.access import audit_log
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import api, fresh_resources

#: When the first row of these tests was written; each comes a minute after the one before.
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)

#: What the rows are made of, in all combinations.
ACTORS = ("ada", "=cmd|' /C calc'!A0")
ACTIONS = ("hours.set", "report.trigger")
OBJECTS = (("store", "17"), ("report", 'a,b\n"c"'), (None, None))
OUTCOMES = ("done", "refused")

ROWS: list[dict[str, Any]] = [
    {
        "actor": actor,
        "action": action,
        "kind": kind,
        "object": key,
        "outcome": outcome,
        "at": BEGIN + timedelta(minutes=n),
    }
    for n, (actor, action, (kind, key), outcome) in enumerate(product(ACTORS, ACTIONS, OBJECTS, OUTCOMES))
]

INSERT = text(
    "INSERT INTO audit (at, via, actor_name, action, object_kind, object_id, outcome, ip, detail) "
    "VALUES (:at, 'key', :actor, :action, :kind, :object, :outcome, '10.0.0.7', '{\"a\": 1}')"
)


@pytest.fixture(scope="module")
def recorded(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with fresh_resources(servers, session_settings) as fresh:
        with fresh.engine.begin() as connection:
            for row in ROWS:
                connection.execute(INSERT, row)
        yield fresh


@pytest.fixture(scope="module")
def client(recorded: Resources) -> Iterator[TestClient]:
    with api(recorded, slots=0) as client:
        yield client


def instants(answer: Any) -> list[datetime]:
    return [datetime.fromisoformat(entry["at"]) for entry in answer.json()["entries"]]


def expected(**wanted: Any) -> list[datetime]:
    """Of the rows that have these values, the newest first."""
    return [row["at"] for row in reversed(ROWS) if all(row[name] == value for name, value in wanted.items())]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, {}),
        ({"actor": "ada"}, {"actor": "ada"}),
        ({"action": "hours.set"}, {"action": "hours.set"}),
        ({"object_kind": "store"}, {"kind": "store"}),
        ({"object_kind": "store", "object_id": "17"}, {"kind": "store", "object": "17"}),
        ({"outcome": "refused"}, {"outcome": "refused"}),
        (
            {"actor": "ada", "action": "hours.set", "outcome": "done"},
            {"actor": "ada", "action": "hours.set", "outcome": "done"},
        ),
        ({"actor": "ad"}, {"actor": "ad"}),
        ({"actor": "a\0b"}, {"actor": "a\0b"}),
    ],
)
def test_a_filter_lets_through_what_it_names(client: TestClient, asked: dict[str, str], wanted: dict[str, str]) -> None:
    assert instants(client.get("/audit", params=asked)) == expected(**wanted)


def test_from_is_inclusive_and_to_is_not(client: TestClient) -> None:
    asked = {"from": ROWS[3]["at"].isoformat(), "to": ROWS[6]["at"].isoformat()}
    assert instants(client.get("/audit", params=asked)) == [ROWS[n]["at"] for n in (5, 4, 3)]


def test_pages_have_each_row_once_also_of_one_instant(client: TestClient, recorded: Resources) -> None:
    same = {"action": "same", "actor": "ada", "kind": None, "object": None, "outcome": "done", "at": BEGIN}
    with recorded.engine.begin() as connection:
        for _ in range(7):
            connection.execute(INSERT, same)
    found, cursor = [], None
    while True:
        page = client.get(
            "/audit", params={"action": "same", "limit": 3} | ({"cursor": cursor} if cursor else {})
        ).json()
        found += [entry["id"] for entry in page["entries"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(set(found)) == 7
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "x"},
        {"cursor": "MjAyNi0wMS0wMVQwMDowMDowMFogYQ=="},
        {"outcome": "maybe"},
        {"from": "2026-01-01T00:00:00"},
        {"whom": "ada"},
    ],
)
def test_what_is_not_understood_is_refused(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get("/audit", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == next(iter(params))


@pytest.mark.parametrize(
    ("headers", "params"),
    [({"Accept": "text/csv"}, {}), ({"Accept": "text/csv;q=0.9, application/json;q=0.1"}, {}), ({}, {"format": "csv"})],
)
def test_csv_has_all_rows_and_no_formulas(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], params: dict[str, str]
) -> None:
    monkeypatch.setattr(audit_log, "BLOCK_ROWS", 5)
    asked = params | {"outcome": "refused", "limit": "1", "to": (BEGIN + timedelta(hours=1)).isoformat()}
    answer = client.get("/audit", params=asked, headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [datetime.fromisoformat(row["at"]) for row in rows] == expected(outcome="refused")
    assert {row["actor_name"] for row in rows} == {"ada", "'=cmd|' /C calc'!A0"}
    assert {row["object_id"] for row in rows} == {"17", 'a,b\n"c"', ""}
    assert {(row["ip"], row["detail"], row["actor_id"]) for row in rows} == {("10.0.0.7", '{"a":1}', "")}


@pytest.mark.parametrize(
    ("accept", "given"), [("application/json, text/csv", None), ("*/*", None), ("text/csv", "json")]
)
def test_json_is_the_default(client: TestClient, accept: str, given: str | None) -> None:
    answer = client.get("/audit", params={"format": given} if given else {}, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"
