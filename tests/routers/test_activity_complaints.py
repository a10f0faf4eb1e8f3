"""What users of the founding system and of public statistics complained of, each by its name: a 0 that was no 0."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import LoadText, api

COLUMNS = "project,date,installer,installer_version,ci,count\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def rows(year_month: str, days: range, count: int, project: str = "napari", installer: str = "pip") -> str:
    return "".join(f"{project},{year_month}-{day:02},{installer},24.2,,{count}\n" for day in days)


def shown(client: TestClient, path: str = "project/napari", as_of: str = "2024-12-15", **params: Any) -> Any:
    answer = client.get(f"/activity/{path}", params={"as_of": f"{as_of}T00:00:00Z", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def months(found: Any) -> dict[str, tuple[str, int | None]]:
    return {one["month"]: (one["state"], one["value"]) for one in found["timeline"]}


def test_napari_hub_785_0_was_shown_against_20_000(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 21), 1000))
    assert shown(client)["total"]["value"] == 20_000
    metrics = client.get("/metrics/napari", params={"as_of": "2024-12-15T00:00:00Z"}).json()
    assert metrics["usage"]["stats"]["total_installs"] == 20_000


def test_napari_hub_1213_the_card_said_0_and_the_tab_4_000(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-11", range(1, 31), 100) + rows("2024-10", range(1, 11), 100))
    as_of = {"as_of": "2024-12-15T00:00:00Z"}
    tab = shown(client)["total"]["value"]
    card = client.get("/activity/napari/stats", params=as_of).json()["totalInstalls"]
    badge = client.get("/activity/project/napari/badge.svg", params=as_of | {"of": "total"}).text
    assert (tab, card) == (4000, 4000)
    assert ">4.0k</text>" in badge


def test_napari_hub_778_the_last_month_was_0(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 2))
    assert months(shown(client, months=2)) == {"2024-10": ("complete", 62), "2024-11": ("no_data", None)}


def test_napari_hub_1349_and_clickpy_225_188_241_all_was_0_while_stale(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2023-10", range(1, 32), 2))
    found = shown(client, months=2)
    recent = found["last_30_days"]
    assert (recent["from"], recent["to"], recent["value"]) == ("2023-10-02", "2023-10-31", 60)
    assert set(months(found).values()) == {("no_data", None)}
    assert found["last_day"] == "2023-10-31"


def test_pypistats_org_29_34_44_75_gaps_are_no_zeros(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 11), 1) + rows("2024-10", range(15, 32), 1))
    (month,) = shown(client, as_of="2024-11-02", months=1)["timeline"]
    assert (month["state"], month["days"], month["days_covered"], month["value"]) == ("partial", 31, 27, 27)
    badge = client.get("/activity/project/napari/badge.svg", params={"as_of": "2024-11-02T00:00:00Z"}).text
    assert ">26 in 26 days</text>" in badge


def test_pypistats_org_43_unknown_is_not_empty(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + "napari,2024-11-01,pip,24.2,,1\nnobody-wants,2024-11-02,bandersnatch,6.0,,4\n")
    assert client.get("/activity/project/unheard-of").status_code == 404
    assert shown(client, "project/nobody-wants")["total"]["value"] == 0


def test_pypistats_org_9_61_mirrors_are_no_installs(client: TestClient, load_text: LoadText) -> None:
    load_text(
        "installs", COLUMNS + rows("2024-10", range(1, 3), 5) + rows("2024-10", range(1, 3), 900, installer="Nexus")
    )
    total = shown(client)["total"]
    assert (total["value"], total["classes"]["mirror"]) == (10, 1800)


def test_pypistats_470_a_month_is_a_month_and_30_days_are_30(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 1) + rows("2024-11", range(1, 15), 1))
    found = shown(client, as_of="2024-11-15", months=1)
    recent = found["last_30_days"]
    assert months(found) == {"2024-10": ("complete", 31)}
    assert (recent["from"], recent["to"], recent["days_covered"], recent["value"]) == (
        "2024-10-16",
        "2024-11-14",
        30,
        30,
    )


def test_pypistats_300_and_clickpy_99_a_begun_month_is_no_drop(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 100) + rows("2024-11", range(1, 4), 100))
    assert list(months(shown(client, as_of="2024-11-15", months=1))) == ["2024-10"]
    assert months(shown(client, as_of="2024-12-15", months=1)) == {"2024-11": ("partial", 300)}


def test_pepy_224_351_sources_that_differ_are_named_and_not_added_up(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 3), 5))
    found = shown(client)
    assert found["source"] in found["sources"]
    assert shown(client, source=found["source"])["total"]["value"] == 10
    assert client.get("/activity/project/napari", params={"source": "another"}).status_code == 422


def test_open_digger_1540_a_moved_repository_keeps_its_commits(client: TestClient, load_text: LoadText) -> None:
    commit = "{repo},{sha},2024-10-0{day}T09:00:00Z,2024-10-05T10:00:00Z,1\n"
    load_text(
        "commits",
        "repo,sha,authored_at,committed_at,parents\n"
        + commit.format(repo="oldhours/api", sha="a" * 40, day=1)
        + commit.format(repo="oldhours/api", sha="b" * 40, day=2)
        + commit.format(repo="openhours/api", sha="b" * 40, day=2)
        + commit.format(repo="openhours/api", sha="c" * 40, day=3),
    )
    load_text("moves", "kind,old_key,key\nrepository,oldhours/api,openhours/api\n")
    for key in ("oldhours/api", "openhours/api"):
        found = shown(client, f"repo/{key}")
        assert (found["key"], found["earlier_keys"], found["total"]["value"]) == ("openhours/api", ["oldhours/api"], 3)


def test_a_badge_that_has_not_changed_is_not_sent_again(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 100))
    first = client.get("/activity/project/napari/badge.svg")
    assert first.headers["content-type"] == "image/svg+xml"
    again = client.get("/activity/project/napari/badge.svg", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 101))
    changed = client.get("/activity/project/napari/badge.svg", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


def test_a_badge_of_what_nobody_counted_says_so(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", COLUMNS + rows("2024-10", range(1, 32), 100))
    badge = client.get("/activity/project/napari/badge.svg", params={"as_of": "2024-01-01T00:00:00Z"}).text
    assert ">no data</text>" in badge
