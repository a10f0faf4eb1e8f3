"""Pages of activity and of roll-ups: search, what was counted said in words, gaps, hours of teams, parts."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.access.scopes import Scope
from app.storage.resources import Resources
from tests.asking import reported
from tests.conftest import SAMPLE_DATA, LoadText
from tests.console.browsing import browser_of, cannot, local_browser, main_of, opened, rows_of

#: Of November every day was counted, of October and December some were not.
AT = "as_of=2023-01-25T00:00:00Z"

COMMITS = (
    "repo,sha,authored_at,committed_at,parents\n"
    f"openhours/api,{'a' * 40},2024-10-01T09:00:00Z,2024-10-01T10:00:00Z,1\n"
    f"openhours/api,{'b' * 40},2024-10-31T23:30:00Z,2024-11-03T10:00:00Z,2\n"
)


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with local_browser(resources, slots=1) as client:
        yield client


def test_without_any_the_search_says_what_to_do(client: TestClient) -> None:
    for kind, upload in (("project", "installs"), ("repository", "commits")):
        main = opened(client, f"/console/activity?kind={kind}")
        assert "is known yet." in main.text
        link = next(one for one in main.all("a") if one.text == "Upload a file")
        assert link["href"] == f"/console/upload?kind={upload}"
    assert "No team has commits in these months." in opened(client, "/console/activity/hours").text
    assert "There is none." in opened(client, "/console/activity/gaps").text
    assert main_of(client.get("/console/activity/project/napari"), 404).one("h1").text == "Not found"


def test_a_search_finds_by_the_beginning_and_any_spelling(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", (SAMPLE_DATA / "installs.csv").read_text())
    load_text("commits", COMMITS)
    main = opened(client, "/console/activity?prefix=OpenHours-")
    assert [one.text for one in main.one("ul", class_="choices").all("a")] == ["openhours-client"]
    main = opened(client, "/console/activity?kind=repository&prefix=openhours/")
    link = main.one("ul", class_="choices").one("a")
    assert opened(client, link["href"]).one("h1").text == "Activity of openhours/api"
    nothing = opened(client, "/console/activity?prefix=Openhours_client")
    link = next(one for one in nothing.all("a") if one.text == "Search for this name in any spelling")
    assert opened(client, link["href"]).one("h1").text == "Activity of openhours-client"
    missing = main_of(client.get("/console/activity/project/openhour"), 404)
    assert "did you mean 'openhours'" in missing.text


def test_months_are_told_in_words_and_what_nobody_counted_is_no_0(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", (SAMPLE_DATA / "installs.csv").read_text())
    main = opened(client, f"/console/activity/project/openhours?months=4&{AT}")
    rows = {row[0]: row[1:] for row in rows_of(main, "Months")}
    assert {month: (row[0], row[1], row[-1]) for month, row in rows.items()} == {
        "Dec 2022": ("918", "28/31", "some days are missing: no drop"),
        "Nov 2022": ("1,010", "30/30", "every day was counted"),
        "Oct 2022": ("394", "12/31", "some days are missing: no drop"),
        "Sep 2022": ("–", "0/30", "before the first count"),  # noqa: RUF001 - a dash
    }
    assert "2,969" in main.text
    assert "1,055 (Dec 20, 2022" in main.text
    assert "Dec 5, 2022 – Dec 7, 2022 (3 days, of all projects)" in main.text  # noqa: RUF001 - a dash
    figure = main.one("figure")
    drawn = client.get(figure["data-timeline"], headers={"accept": "application/json"}).json()
    assert [one["value"] for one in drawn["timeline"]] == [None, 394, 1010, 918]
    badge = client.get(main.one("img")["src"])
    assert badge.headers["content-type"].startswith("image/svg+xml")


def test_of_a_repository_one_chooses_which_instant_decides(client: TestClient, load_text: LoadText) -> None:
    load_text("commits", COMMITS)
    counts = []
    for by in ("authored_at", "committed_at"):
        address = f"/console/activity/repo/openhours/api?months=2&as_of=2024-12-15T00:00:00Z&by={by}"
        main = opened(client, address)
        assert main.one(id="field-by").one("option", value=by).attributes.get("selected", "") is None
        counts.append({row[0]: row[1] for row in rows_of(main, "Months")})
    assert counts[0]["Oct 2024"] == "2"
    assert counts[1]["Oct 2024"] == counts[1]["Nov 2024"] == "1"


def test_gaps_are_listed_and_narrowed_to_a_source(client: TestClient, load_text: LoadText) -> None:
    load_text("installs", (SAMPLE_DATA / "installs.csv").read_text())
    main = opened(client, "/console/activity/gaps")
    assert rows_of(main, "Days that nobody counted") == [["files", "all", "Dec 5, 2022", "Dec 7, 2022", "3"]]
    link = next(one for one in main.all("a") if one.text == "files")
    assert rows_of(opened(client, link["href"]), "Days that nobody counted")
    assert "nobody" in main_of(client.get("/console/activity/gaps?source=nobody"), 422).text


def test_a_share_of_fewer_than_five_people_is_not_told(client: TestClient, load_text: LoadText) -> None:
    header = "repo,sha,authored_at,committed_at,parents,author\n"
    at = "2024-10-01T09:00:00Z"
    few = "".join(f"acme/few,{n:040x},{at},{at},1,p{n}\n" for n in range(4))
    many = "".join(f"acme/many,{n + 10:040x},{at},{at},1,p{n}\n" for n in range(6))
    load_text("commits", header + few + many)
    load_text("team_repositories", "team,repo\nfew,acme/few\nmany,acme/many\n")
    main = opened(client, "/console/activity/hours?months=2&as_of=2024-11-15T00:00:00Z")
    rows = {row[0]: row[1:] for row in rows_of(main, "Inside working hours") if row[3] != "0"}
    assert rows["few"][3] == "–"  # noqa: RUF001 - a dash
    assert rows["few"][-1] not in {"", "–"}  # noqa: RUF001 - a dash
    assert rows["many"][3].endswith("%")


def test_a_rollup_is_made_of_a_table_and_its_parts_are_downloaded(client: TestClient) -> None:
    assert "There is no table yet." in opened(client, "/console/rollups").text
    content = (SAMPLE_DATA / "plays_table.csv").read_bytes()
    query = {"kind": "table", "filename": "<img src=x onerror=alert(1)>.csv", "wait": 30}
    table = client.post("/datasets", params=query, content=content).json()["dataset_id"]
    main = opened(client, "/console/rollups")
    assert rows_of(main, "Tables")[0][0] == query["filename"]
    assert not main.all("img")
    form = opened(client, next(one for one in main.all("a") if one.text == "New roll-up of it")["href"])
    assert form.one(id="field-datasets").text == table
    params = {"datasets": [table], "by": ["Song"], "sum": ["Number of Plays"]}
    done = reported(client, report="rollup", params=params)
    assert done["status"] == "Complete"
    after = opened(client, "/console/rollups")
    links = {one.text: one["href"] for one in after.all("a") if "download" in one.attributes}
    assert client.get(links["rollup-00001.csv"]).text.splitlines()[0] == "Song,sum_Number of Plays"
    assert rows_of(after, "Results")[0][1] == "✓ complete"


def test_whoever_may_not_read_files_sees_the_results_without_the_tables(
    client: TestClient, resources: Resources
) -> None:
    reader = browser_of(resources, "viewer", scopes=[Scope.REPORTS_READ])
    main = opened(reader, "/console/rollups")
    assert [one.text for one in main.all("h2")] == ["Results"]
    assert cannot(main, "New roll-up") == "Needs one of the roles: operator, admin."
    main_of(reader.get("/console/activity"), 403)
