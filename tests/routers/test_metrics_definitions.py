"""Metrics over HTTP: definitions in versions, the facts, and the rows that count."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.metrics.facts.registry import FACTS
from app.metrics.shipped import shipped
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.catalogue.bringing import bring
from tests.conftest import api, fresh_resources, resources_like

PATH = "/metrics-definitions"
MERGED: dict[str, Any] = {
    "pillar": "team",
    "title": "Merged",
    "from": "pull_requests",
    "when": "merged_at",
    "value": {"count": "*"},
}
PULLS = (
    "repo,number,team,author,created_at,ready_at,first_review_at,merged_at,additions,deletions\n"
    # 23:30 in UTC is the next day in Berlin, not in Chicago. Friday 16:00 to Monday 10:00 are two working hours.
    "acme/shop,1,Berlin,ada,2024-10-01T10:00:00Z,2024-11-01T15:00:00Z,2024-11-04T09:00:00Z,2024-11-04T23:30:00Z,90,10\n"
    "acme/till,2,Chicago,eve,2024-10-20T10:00:00Z,,,2024-11-04T23:30:00Z,0,0\n"
    "acme/shop,3,Berlin,ada,2024-11-03T10:00:00Z,,,2024-11-05T12:00:00Z,5,5\n"
    "acme/shop,4,Berlin,dependabot[bot],2024-09-01T10:00:00Z,,,,1,1\n"
)


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


@pytest.fixture(scope="module")
def model(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """Pull requests of two teams whose clocks differ."""
    with fresh_resources(servers, session_settings) as fresh:
        with api(fresh, slots=1) as client:
            assert bring(client, PULLS, kind="pull_requests")["rows_accepted"] == 4
            for team, zone in (("Berlin", "Europe/Berlin"), ("Chicago", "America/Chicago")):
                assert client.put(f"/entities/team/{team}/timezone", json={"timezone": zone}).status_code == 200
            assert client.put(f"{PATH}/merged", json=MERGED).status_code == 200
        yield fresh


@pytest.fixture
def pulls(model: Resources, servers: Addresses) -> Iterator[TestClient]:
    """With a copy of these pull requests."""
    with resources_like(model, servers) as copy, api(copy, slots=1) as client:
        yield client


def rows(client: TestClient, name: str, since: str, until: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{PATH}/{name}/rows", params={"since": since, "until": until, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers(found: dict[str, Any]) -> list[Any]:
    return [row["facts"]["number"] for row in found["rows"]]


def test_a_definition_is_stored_in_versions_and_taken_out_again(client: TestClient) -> None:
    first = client.put(f"{PATH}/merged", json=MERGED).json()
    assert (first["version"], first["pillar"], first["facts"], first["document"]) == (
        1,
        "team",
        "pull_requests",
        MERGED,
    )
    assert first["created_at"] is not None
    assert client.put(f"{PATH}/merged", json={**MERGED, "metric": "merged"}).json() == first
    other = {**MERGED, "title": "Merged ones"}
    assert client.put(f"{PATH}/merged", json=other).json()["version"] == 2
    assert client.get(f"{PATH}/merged").json()["document"] == other
    assert client.get(f"{PATH}/merged", params={"version": 1}).json() == first
    assert client.delete(f"{PATH}/merged").status_code == 204
    gone = client.get(f"{PATH}/merged").json()
    assert (gone["status"], gone["code"]) == (404, "unknown_metric")


def test_a_dry_run_checks_and_stores_nothing(client: TestClient) -> None:
    tried = client.put(f"{PATH}/merged", params={"dry_run": True}, json=MERGED).json()
    assert (tried["version"], tried["created_at"], tried["document"]) == (1, None, MERGED)
    assert client.get(f"{PATH}/merged").status_code == 404
    stored = client.put(f"{PATH}/merged", json=MERGED).json()
    assert client.put(f"{PATH}/merged", params={"dry_run": True}, json=MERGED).json() == stored
    changed = {**MERGED, "caveat": "None."}
    assert client.put(f"{PATH}/merged", params={"dry_run": True}, json=changed).json()["version"] == 2
    wrong = client.put(f"{PATH}/merged", params={"dry_run": True}, json={**MERGED, "from": "pulls"})
    assert wrong.status_code == 422
    assert client.get(f"{PATH}/merged").json() == stored


def test_a_stored_one_takes_the_place_of_the_shipped_one_of_its_name(client: TestClient) -> None:
    listed = {one["name"]: one for one in client.get(PATH).json()["metrics"]}
    assert list(listed) == sorted(shipped())
    assert {(one["version"], one["created_at"]) for one in listed.values()} == {(0, None)}
    assert client.delete(f"{PATH}/ci_success").json()["detail"] == (
        "ci_success is shipped and cannot be removed; PUT stores one of the same name."
    )
    client.put(f"{PATH}/ci_success", json=MERGED)
    listed = {one["name"]: one["version"] for one in client.get(PATH).json()["metrics"]}
    assert (listed["ci_success"], len(listed)) == (1, len(shipped()))
    assert client.get(f"{PATH}/ci_success", params={"version": 0}).json()["facts"] == "workflow_runs"
    assert client.delete(f"{PATH}/ci_success").status_code == 204
    assert client.get(f"{PATH}/ci_success").json()["version"] == 0


def test_a_wrong_definition_is_refused_with_each_place(client: TestClient) -> None:
    wrong = {**MERGED, "where": [["autor", "=", "x"], ["lines", "like", 1]], "value": {"sum": "author"}}
    refused = client.put(f"{PATH}/merged", json=wrong).json()
    assert (refused["status"], refused["code"]) == (422, "invalid_parameters")
    found = {one["parameter"]: one for one in refused["errors"]}
    assert found.keys() == {"where.0.0", "value.sum"}
    assert (found["where.0.0"]["received"], found["where.0.0"]["nearest"]) == ("autor", ["author"])
    assert found["value.sum"]["allowed"][0] == "number"
    assert client.get(f"{PATH}/merged").status_code == 404


@pytest.mark.parametrize("name", ["A-b", "x" * 65, "a%20b"])
def test_a_name_that_is_none_is_refused(client: TestClient, name: str) -> None:
    assert "is not a name of a metric" in client.put(f"{PATH}/{name}", json=MERGED).json()["detail"]


def test_an_unknown_metric_is_told_with_the_one_that_was_meant(client: TestClient) -> None:
    for method, path in (("GET", "ci_sucess"), ("DELETE", "ci_sucess"), ("GET", "ci_sucess/rows")):
        gone = client.request(method, f"{PATH}/{path}").json()
        assert (gone["code"], gone["nearest"]) == ("unknown_metric", ["ci_success"])
        assert "(did you mean 'ci_success'?); there are acceptance, " in gone["detail"]
    assert client.get(f"{PATH}/ci_success", params={"version": 7}).json()["code"] == "unknown_metric"


def test_the_facts_are_told_with_what_definitions_may_say(client: TestClient) -> None:
    found = client.get("/metrics-facts").json()
    assert {fact["name"]: [column["name"] for column in fact["columns"]] for fact in found["facts"]} == {
        name: list(fact.columns) for name, fact in FACTS.items()
    }
    assert found["facts"][0]["columns"][0] == {"name": "number", "type": "number", "about": "of the pull request"}
    assert {"name": "is", "takes": "state"}.items() <= found["operators"][8].items()
    assert found["pillars"]["team"] == "Team"


def test_a_row_counts_by_the_date_on_the_clock_of_its_team(pulls: TestClient) -> None:
    found = rows(pulls, "merged", "2024-11-05", "2024-11-06")
    assert [(row["team"], row["repo"], row["facts"]["number"]) for row in found["rows"]] == [
        ("Berlin", "acme/shop", 3),
        ("Berlin", "acme/shop", 1),
    ]
    assert numbers(rows(pulls, "merged", "2024-11-04", "2024-11-05")) == [2]
    assert (found["since"], found["until"], found["version"], found["more"]) == ("2024-11-05", "2024-11-06", 1, False)
    assert found["rows"][1]["facts"].keys() == FACTS["pull_requests"].columns.keys()
    facts = found["rows"][1]["facts"]
    assert (facts["merged_at"], facts["lines"], facts["author_is_bot"]) == ("2024-11-04T23:30:00Z", 100, False)
    assert (facts["approved_at"], found["rows"][1]["values"], found["rows"][1]["counts"]) == (None, [1], True)


def test_people_are_told_apart_and_not_named(pulls: TestClient) -> None:
    found = rows(pulls, "merged", "2024-11-01", "2024-12-01")
    assert [row["facts"]["author"] for row in found["rows"]] == ["person 1", "person 1", "person 2"]
    assert "ada" not in str(found)
    pulls.put(f"{PATH}/authors", json={**MERGED, "value": {"distinct": "author"}})
    found = rows(pulls, "authors", "2024-11-01", "2024-12-01")
    assert [row["values"] for row in found["rows"]] == [["person 1"], ["person 1"], ["person 2"]]


def test_rows_are_limited_and_of_one_team_or_repository(pulls: TestClient) -> None:
    found = rows(pulls, "merged", "2024-11-01", "2024-12-01", limit=2)
    assert (numbers(found), found["more"]) == ([3, 1], True)
    found = rows(pulls, "merged", "2024-11-01", "2024-12-01", limit=2, team="Berlin")
    assert (numbers(found), found["more"]) == ([3, 1], False)
    assert numbers(rows(pulls, "merged", "2024-11-01", "2024-12-01", repo="acme/till")) == [2]
    assert numbers(rows(pulls, "merged", "2024-11-01", "2024-12-01", repo="acme/till", team="Berlin")) == []


def test_the_value_takes_working_time_and_says_where_it_is_unknown(pulls: TestClient) -> None:
    found = rows(pulls, "pickup_time", "2024-11-04", "2024-11-07")
    assert [(row["facts"]["number"], row["values"], row["counts"]) for row in found["rows"]] == [
        (3, [None], False),
        (1, [7200], True),
        (2, [None], False),
    ]
    pulls.put(f"{PATH}/small", json={**MERGED, "value": {"share": ["lines", "<", 50]}})
    assert [row["values"] for row in rows(pulls, "small", "2024-11-04", "2024-11-07")["rows"]] == [
        [True],
        [False],
        [True],
    ]
    ratio = {"ratio": [{"count": "*"}, {"sum": {"divide": [1, "lines"]}}]}
    pulls.put(f"{PATH}/ratio", json={**MERGED, "value": ratio})
    assert [row["values"] for row in rows(pulls, "ratio", "2024-11-04", "2024-11-07")["rows"]] == [
        [1, 0.1],
        [1, 0.01],
        [1, None],
    ]


def test_what_stands_counts_at_the_end_of_the_dates(pulls: TestClient) -> None:
    open_ones = {**MERGED, "when": {"standing": ["created_at", "ended_at"], "for_days": 10}}
    pulls.put(f"{PATH}/open", json=open_ones)
    assert numbers(rows(pulls, "open", "2024-10-01", "2024-10-11")) == [4]  # the other is so old ten hours later
    assert numbers(rows(pulls, "open", "2024-10-01", "2024-10-12")) == [1, 4]
    assert numbers(rows(pulls, "open", "2024-10-01", "2024-11-05")) == [
        1,
        4,
    ]  # on the clock of the other it is merged by then
    assert numbers(rows(pulls, "open", "2024-10-01", "2024-11-06")) == [4]
    assert numbers(rows(pulls, "updates_waiting", "2024-10-01", "2999-01-01")) == [4]


def test_a_window_reaches_back_from_the_end_of_the_dates(pulls: TestClient) -> None:
    pulls.put(f"{PATH}/window", json={**MERGED, "window_days": 2})
    assert numbers(rows(pulls, "window", "2024-11-07", "2024-11-08")) == []
    assert numbers(rows(pulls, "window", "2024-11-06", "2024-11-07")) == [3, 1]


def test_of_what_is_looked_at_day_by_day_the_last_day_counts(client: TestClient) -> None:
    days = (
        "repo,branch,seen_on,sha,committed_at\n"
        "acme/shop,old,2024-11-04,aa,2024-01-01T00:00:00Z\n"
        "acme/shop,older,2024-11-04,bb,2024-01-01T00:00:00Z\n"
        "acme/shop,old,2024-11-05,aa,2024-01-01T00:00:00Z\n"
        "acme/till,old,2024-11-04,cc,2024-01-01T00:00:00Z\n"
    )
    assert bring(client, days, kind="branches")["rows_accepted"] == 4
    found = rows(client, "stale_branches", "2024-11-01", "2024-11-30")
    assert [(row["repo"], row["facts"]["branch"], row["facts"]["seen_on"]) for row in found["rows"]] == [
        ("acme/shop", "old", "2024-11-05"),
        ("acme/till", "old", "2024-11-04"),
    ]
    found = rows(client, "stale_branches", "2024-11-01", "2024-11-05", repo="acme/shop")
    assert [row["facts"]["branch"] for row in found["rows"]] == ["old", "older"]


@pytest.mark.parametrize(("labels", "counted"), [("", []), ("outage, incident", [2]), ("bug", [1])])
def test_what_an_incident_is_follows_from_the_settings(resources: Resources, labels: str, counted: list[int]) -> None:
    issues = (
        "repo,number,author,state,created_at,labels\n"
        "acme/shop,1,ada,open,2024-11-04T10:00:00Z,bug\n"
        "acme/shop,2,ada,open,2024-11-05T10:00:00Z,incident;ui\n"
    )
    settings = resources.settings.model_copy(update={"incident_labels": labels})
    with api(replace(resources, settings=settings), slots=1) as client:
        assert bring(client, issues, kind="issues")["rows_accepted"] == 2
        assert numbers(rows(client, "incidents", "2024-11-01", "2024-12-01")) == counted


def test_rows_are_not_shown_where_a_figure_of_few_people_is_not(pulls: TestClient) -> None:
    refused = pulls.get(f"{PATH}/after_hours/rows").json()
    assert refused["detail"] == (
        "after_hours: it shows nothing about fewer than 5 people (person), so its rows are not shown."
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"team": "Berlim"}, "team: there is no team 'Berlim' (did you mean 'Berlin'?); leave it out for all."),
        ({"repo": "acme/sho"}, "repo: there is no repository 'acme/sho' (did you mean 'acme/shop'?)"),
        ({"team": "\x00"}, "team: there is no team"),
        ({"since": "2024-11-05", "until": "2024-11-05"}, "since: 2024-11-05 is not before until, 2024-11-05"),
        ({"until": "0001-01-01"}, "since: 0001-01-01 is not before until"),
        ({"limit": 201}, "limit: "),
        ({"since": "yesterday"}, "since: "),
        ({"teams": "Berlin"}, "teams"),
    ],
)
def test_what_no_rows_can_be_of_is_refused(pulls: TestClient, query: dict[str, Any], said: str) -> None:
    refused = pulls.get(f"{PATH}/merged/rows", params=query)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(said)


def test_any_dates_are_looked_through(pulls: TestClient) -> None:
    assert numbers(rows(pulls, "merged", "0001-01-01", "9999-12-31")) == [3, 1, 2]
    assert pulls.get(f"{PATH}/merged/rows").json()["rows"] == []
