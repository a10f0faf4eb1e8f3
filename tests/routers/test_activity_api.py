"""What was counted of a project or a repository, over HTTP, and in the founding system's shapes."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import LoadText, api

#: Instant of every question: the whole months before it end with November 2024.
AS_OF = {"as_of": "2024-12-15T00:00:00Z"}

COLUMNS = "project,date,installer,installer_version,ci,count\n"

#: October is whole; of November three days were counted, one of them without installs of napari.
NAPARI = (
    COLUMNS
    + "".join(f"Napari,2024-10-{day:02},pip,24.2,,2\n" for day in range(1, 32))
    + "napari,2024-11-01,pip,24.2,,5\nnapari,2024-11-01,pip,24.2,true,15\nnapari,2024-11-01,bandersnatch,6.0,,9\n"
    + "napari,2024-11-02,poetry,1.8,,7\nother,2024-11-03,pip,24.2,,1\n"
)

COMMITS = (
    "repo,sha,authored_at,committed_at,parents\n"
    f"OpenHours/api,{'a' * 40},2024-10-01T09:00:00Z,2024-10-01T10:00:00Z,1\n"
    f"https://github.com/openhours/api.git,{'b' * 40},2024-11-02T09:00:00Z,2024-11-03T10:00:00Z,2\n"
)

OCTOBER, NOVEMBER = 1727740800000, 1730419200000  # in milliseconds, as `date -d 2024-10-01Z +%s` says


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def answer(client: TestClient, path: str, **params: Any) -> Any:
    found = client.get(path, params={**AS_OF, **params})
    assert found.status_code == 200, found.text
    return found.json()


def test_a_project_is_shown_by_month_of_30_days_and_in_total(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", NAPARI)
    found = answer(client, "/activity/project/NAPARI", months=4)
    assert found["timeline"] == [
        {"month": "2024-08", "state": "before_first", "days": 31, "days_covered": 0}
        | {"value": None, "classes": None, "ci_share_at_least": None},
        {"month": "2024-09", "state": "before_first", "days": 30, "days_covered": 0}
        | {"value": None, "classes": None, "ci_share_at_least": None},
        {"month": "2024-10", "state": "complete", "days": 31, "days_covered": 31, "value": 62}
        | {"classes": {"person": 62, "unknown_ci": 0, "ci": 0, "mirror": 0, "other": 0}, "ci_share_at_least": 0.0},
        {"month": "2024-11", "state": "partial", "days": 30, "days_covered": 3, "value": 12}
        | {"classes": {"person": 5, "unknown_ci": 7, "ci": 15, "mirror": 9, "other": 0}}
        | {"ci_share_at_least": 0.5556},
    ]
    recent = found["last_30_days"]
    # 27 days of October with 2 each, and November's.
    assert (recent["from"], recent["to"], recent["days_covered"], recent["value"]) == (
        "2024-10-05",
        "2024-11-03",
        30,
        66,
    )
    assert (found["key"], found["metric"], found["total"]["value"]) == ("napari", "installs", 74)
    assert (found["first_day"], found["last_day"]) == ("2024-10-01", "2024-11-03")
    assert found["source"] == found["sources"][0]


@pytest.mark.parametrize("key", ["openhours/api", "OpenHours/API", "https://github.com/openhours/api.git"])
def test_a_repository_is_found_by_a_key_with_a_slash_in_any_spelling(
    client: TestClient, load_text: LoadText, key: str
) -> None:
    load_text("commits", COMMITS)
    found = answer(client, f"/activity/repo/{key}", months=1)
    assert (found["kind"], found["metric"], found["total"]["value"]) == ("repository", "commits", 2)
    assert found["latest_commit_at"] == "2024-11-03T10:00:00Z"
    assert found["total"]["classes"] is None


@pytest.mark.parametrize("months", [0, 121, "twelve"])
def test_months_are_a_whole_number_from_1_to_120(client: TestClient, months: int | str) -> None:
    refused = client.get("/activity/project/napari", params={"months": months})
    assert refused.status_code == 422
    assert "months" in refused.json()["detail"]
    assert "from 1 to 120" in refused.json()["detail"]


def test_an_unknown_project_is_404_and_names_the_nearest(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", NAPARI)
    for path in ("/activity/project/napary", "/activity/napary", "/metrics/napary", "/activity/napary/stats"):
        refused = client.get(path)
        assert refused.status_code == 404, path
        assert "did you mean 'napari'?" in refused.json()["detail"]
        assert refused.json()["nearest"] == ["napari"]


def test_a_kind_without_activity_is_404_and_names_those_that_have_it(client: TestClient) -> None:
    refused = client.get("/activity/store/a/b")
    assert (refused.status_code, refused.json()["allowed"]) == (404, ["project", "repo"])


def test_a_source_that_has_not_counted_the_project_is_refused(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", NAPARI)
    refused = client.get("/activity/project/napari", params={"source": "nobody"})
    assert refused.status_code == 422
    assert "'nobody' has not counted 'napari'" in refused.json()["detail"]


def test_a_key_that_no_database_can_hold_is_unknown(client: TestClient) -> None:
    assert client.get("/activity/project/a%00b").status_code == 404


def test_metrics_have_the_founding_shape_with_the_months_that_were_counted(
    client: TestClient, load_text: LoadText
) -> None:
    load_text("installs", NAPARI)
    load_text("commits", COMMITS)
    found = answer(client, "/metrics/napari", limit=4, repo="openhours/api")
    assert found["usage"] == {
        "timeline": [
            {"timestamp": OCTOBER, "installs": 62, "state": "complete"},
            {"timestamp": NOVEMBER, "installs": 12, "state": "partial"},
        ],
        "stats": {"total_installs": 74, "installs_in_last_30_days": 66},
    }
    assert found["maintenance"]["stats"] == {"total_commits": 2, "latest_commit_timestamp": 1730628000000}
    assert [one["commits"] for one in found["maintenance"]["timeline"]] == [1, 1]


def test_the_earlier_shapes_are_there(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", NAPARI)
    assert answer(client, "/activity/napari", limit=1) == [{"x": NOVEMBER, "y": 12, "state": "partial"}]
    assert answer(client, "/activity/napari/stats") == {"totalInstalls": 74, "totalMonths": 2}
    assert answer(client, "/activity/napari/recent_stats") == {"installsInLast30days": 66}


def test_what_nobody_counted_has_no_number_in_the_founding_shapes(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", NAPARI)
    early = {"as_of": "2024-09-15T00:00:00Z"}
    assert answer(client, "/metrics/napari", **early)["usage"] == {"timeline": [], "stats": {}}
    assert answer(client, "/activity/napari/stats", **early) == {}
    assert answer(client, "/activity/napari/recent_stats", **early) == {}


def test_a_project_called_stats_is_found(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + "stats,2024-11-01,pip,24.2,,3\n")
    assert answer(client, "/activity/project/stats")["total"]["value"] == 3
    assert answer(client, "/activity/stats/stats")["totalInstalls"] == 3


def test_commits_of_a_day_that_is_not_over_are_in_the_total_alone(client: TestClient, load_text: LoadText) -> None:
    load_text(
        "commits", COMMITS.splitlines()[0] + f"\nnew/one,{'a' * 40},2024-12-01T09:00:00Z,2024-12-01T09:00:00Z,1\n"
    )
    found = answer(client, "/activity/repo/new/one")
    assert (found["total"]["value"], found["last_30_days"], found["last_day"]) == (1, None, None)
    path = "/activity/repo/new/one/badge.svg"
    assert ">1</text>" in client.get(path, params={**AS_OF, "of": "total"}).text
    assert ">no data</text>" in client.get(path, params=AS_OF).text
