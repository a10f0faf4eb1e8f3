"""What a report comes to, as JSON; and what the report on pull requests is refused for."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.errors import ObjectStoreUnavailable
from app.ids import new_id
from app.jobs import artifacts
from app.reports.registry import REPORT_KINDS
from app.settings import Settings
from app.storage.object_store import ObjectStore, ObjectStream
from app.storage.resources import Addresses, Resources
from tests.catalogue.bringing import bring
from tests.conftest import GOLDEN, NOW, api, fresh_resources
from tests.kinds import KINDS, beside, context_of
from tests.routers.test_reports_api import assert_problem

PULLS = (
    "repo,number,team,author,created_at,first_review_at,approved_at,merged_at\n"
    "a/api,1,Core,ada,2024-11-04T15:00:00Z,2024-11-04T16:00:00Z,2024-11-04T18:00:00Z,2024-11-04T18:30:00Z\n"
    "a/api,2,Core,bob,2024-11-05T15:00:00Z,,,\n"
    "a/web,1,Night,eve,2024-11-06T15:00:00Z,2024-11-06T15:30:00Z,,2024-11-06T16:30:00Z\n"
)

SAMPLE = (GOLDEN / "review_times" / "t1.csv").read_text()

NOTHING_LEFT = "No row matches the filters: the tables are empty, and there are no charts."


@pytest.fixture(scope="module")
def shared(servers: Addresses, session_settings: Settings) -> Iterator[tuple[Resources, TestClient]]:
    """An API with three pull requests in the zone UTC, the golden sample, and a dataset of polls."""
    own = session_settings.model_copy(update={"default_timezone": "UTC", "team_hours": "Mon-Sun 09:00-17:00"})
    with fresh_resources(servers, own) as fresh, api(fresh, slots=1, kinds=beside(REPORT_KINDS, KINDS)) as client:
        assert bring(client, PULLS, kind="pull_requests")["status"] == "ready"
        yield fresh, client


@pytest.fixture
def client(shared: tuple[Resources, TestClient]) -> TestClient:
    return shared[1]


@pytest.fixture(scope="module")
def sample(shared: tuple[Resources, TestClient]) -> str:
    """The id of the golden sample."""
    return str(bring(shared[1], SAMPLE, kind="review_times")["dataset_id"])


@pytest.fixture
def idle(resources: Resources) -> Iterator[TestClient]:
    """An API without slots: what is triggered stays queued."""
    with api(resources, slots=0) as client:
        yield client


def report(client: TestClient, kind: str = "pull_requests", **params: Any) -> dict[str, Any]:
    """Trigger a report and wait for its end."""
    given = {"charts": False, **params} if kind == "pull_requests" else params
    answer = client.post("/trigger_report?wait=30", json={"report": kind, "params": given})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def summary(client: TestClient, answer: Mapping[str, Any]) -> dict[str, Any]:
    response = client.get(f"/reports/{answer['report_id']}/summary")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def files_of(answer: Mapping[str, Any]) -> dict[str, str]:
    return {file["name"]: httpx2.get(file["url"]).raise_for_status().text for file in answer["files"]}


def refused(client: TestClient, **params: Any) -> dict[str, Any]:
    response = client.post("/trigger_report", json={"report": "pull_requests", "params": params})
    return assert_problem(response, 422, "invalid_parameters")


def test_the_summary_of_a_complete_report_is_its_file(client: TestClient) -> None:
    answer = report(client)
    files = files_of(answer)
    assert list(files) == ["pull_requests.csv", "summary.json", "groups.csv", "open.csv", "manifest.json"]
    found = summary(client, answer)
    assert found == json.loads(files["summary.json"])
    assert found["source"] == "pull_requests"
    assert found["as_of"] == answer["as_of"] == "2024-11-06T16:30:00Z"
    assert (found["total_num_observations"], found["teams"], found["notes"]) == (3, ["Core", "Night"], [])
    assert found["num_prs_without_review"] == 1
    assert found["per_team"]["Core"]["count"] == 2
    assert found["stats"]["mean"]["pickup_time"] == 2700  # an hour, and half of one
    assert found["stats"]["counts"]["pickup_time"] == 2


def test_a_summary_is_not_sent_again_to_who_has_it(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/reports/{report(client)['report_id']}/summary"
    first = client.get(path)
    etag = first.headers["etag"]
    assert etag == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert first.headers["content-length"] == str(len(first.content))
    other = '"0123"'
    assert client.get(path, headers={"If-None-Match": other}).content == first.content

    def read(*_: object) -> ObjectStream:
        raise AssertionError("S3 is not asked for what the client has")

    monkeypatch.setattr(ObjectStore, "read", read)
    for given in (etag, f"{other}, W/{etag}", "*"):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_a_summary_is_passed_on_in_blocks(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/reports/{report(client)['report_id']}/summary"
    whole = client.get(path).content
    read: list[int] = []
    ask = ObjectStream.read

    def noted(stream: ObjectStream, size: int = -1) -> bytes:
        block = ask(stream, size)
        read.append(len(block))
        return block

    monkeypatch.setattr(artifacts, "BLOCK_BYTES", 100)
    monkeypatch.setattr(ObjectStream, "read", noted)
    assert client.get(path).content == whole
    assert max(read) == 100
    assert sum(read) == len(whole)


def test_a_store_that_stops_before_the_first_block_is_told_with_a_status(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = report(client)["report_id"]

    def broken(*_: object) -> bytes:
        raise ObjectStoreUnavailable("The object store does not answer; try again in a moment.")

    monkeypatch.setattr(ObjectStream, "read", broken)
    paths = (f"/reports/{report_id}/summary", f"/reports/{report_id}/files/summary.json")
    for _ in range(10):  # more often than downloads of one client may be open
        for path in paths:
            assert_problem(client.get(path), 503, "object_store_unavailable")


def test_the_summary_of_a_sample_is_what_its_makers_expect(client: TestClient, sample: str) -> None:
    found = summary(client, report(client, source=sample))
    expected = json.loads((GOLDEN / "review_times" / "t1_expected.json").read_text())
    assert (found["source"], found["clock"], found["as_of"]) == (sample, None, "2023-02-15T00:00:00Z")
    for name in ("stats", "per_team"):
        theirs, ours = expected.pop(name), found[name]
        pairs = [(theirs, ours)] if name == "stats" else [(theirs[team], ours[team]) for team in theirs]
        assert name == "stats" or list(theirs) == list(ours)
        for their, our in pairs:
            assert their["count"] == our["count"]
            for figure in ("mean", "mode", "median"):
                assert {key: round(value, 1) for key, value in our[figure].items()} == their[figure]
    assert {name: found[name] for name in expected} == expected


def test_a_report_that_has_not_ended_has_no_summary_yet(idle: TestClient) -> None:
    report_id = idle.post("/trigger_report", json={"report": "pull_requests"}).json()["report_id"]
    problem = assert_problem(idle.get(f"/reports/{report_id}/summary"), 409, "report_not_complete")
    assert problem["detail"] == f"Report {report_id} is queued; only a complete one has a summary."
    assert (problem["received"], problem["report_status"]) == (report_id, "queued")


def test_a_report_that_runs_has_no_summary_yet(client: TestClient, tmp_path: Path) -> None:
    trigger = {"report": "hang", "params": {"folder": str(tmp_path)}}
    report_id = client.post("/trigger_report", json=trigger).json()["report_id"]
    while client.get(f"/get_report?report_id={report_id}").json()["stage"] == "queued":
        pass
    problem = assert_problem(client.get(f"/reports/{report_id}/summary"), 409, "report_not_complete")
    assert problem["report_status"] == "running"
    assert client.delete(f"/reports/{report_id}").json() == {"status": "Cancelled"}


def test_a_report_that_was_called_off_has_none(idle: TestClient) -> None:
    report_id = idle.post("/trigger_report", json={"report": "pull_requests"}).json()["report_id"]
    assert idle.delete(f"/reports/{report_id}").json() == {"status": "Cancelled"}
    problem = assert_problem(idle.get(f"/reports/{report_id}/summary"), 409, "report_not_complete")
    assert problem["report_status"] == "cancelled"
    assert problem["detail"] == f"Report {report_id} is cancelled; only a complete one has a summary."


def test_a_report_that_failed_has_none(client: TestClient, tmp_path: Path) -> None:
    answer = report(client, "raise_defect", folder=str(tmp_path))
    assert answer["status"] == "Failed"
    problem = assert_problem(client.get(f"/reports/{answer['report_id']}/summary"), 409, "report_not_complete")
    assert problem["report_status"] == "failed"


def test_a_report_of_another_kind_has_none_and_says_which_have(client: TestClient) -> None:
    answer = report(client, "dummy")
    assert answer["status"] == "Complete"
    problem = assert_problem(client.get(f"/reports/{answer['report_id']}/summary"), 404, "no_summary")
    others = [name for name, kind in REPORT_KINDS.items() if kind.findings is not None]
    assert "pull_requests" in others
    assert problem["detail"] == f"A report of kind dummy has no summary; those of kind {', '.join(others)} have."
    assert (problem["received"], problem["allowed"]) == ("dummy", others)


def test_a_report_that_was_removed_has_none(client: TestClient) -> None:
    answer = report(client)
    summary(client, answer)
    assert client.delete(f"/reports/{answer['report_id']}").json() == {"status": "Removed"}
    assert_problem(client.get(f"/reports/{answer['report_id']}/summary"), 404, "unknown_report")


@pytest.mark.parametrize("report_id", ["0" * 32, "nonsense", "kinds", "a b", "ü" * 40, "%00"])
def test_an_unknown_report_has_none(client: TestClient, report_id: str) -> None:
    assert_problem(client.get(f"/reports/{report_id}/summary"), 404, "unknown_report")


def test_a_report_older_than_reports_are_kept_has_none(client: TestClient) -> None:
    assert_problem(client.get(f"/reports/{new_id(NOW)}/summary"), 404, "report_expired")


def test_a_dataset_is_no_report(client: TestClient, sample: str) -> None:
    assert_problem(client.get(f"/reports/{sample}/summary"), 404, "unknown_report")


def test_the_summary_is_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/reports/{report_id}/summary"]["get"]
    assert operation["operationId"] == "get_summary"
    assert set(operation["responses"]) == {"200", "304", "401", "403", "404", "409", "422", "503"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    names = {"UptimeSummary", "FlowSummary", "RollupSummary", "ActivitySummary", "EngineeringSummary"}
    assert {one["$ref"].removeprefix("#/components/schemas/") for one in schema["anyOf"]} == names
    assert "total_num_observations" in document["components"]["schemas"]["FlowSummary"]["required"]


@pytest.mark.parametrize(
    ("parameter", "asked", "what", "nearest"),
    [
        ("teams", "core", "team 'core' (did you mean 'Core'?)", ["Core"]),
        ("teams", "Knight", "team 'Knight' (did you mean 'Night'?)", ["Night"]),
        ("teams", "zzz", "team 'zzz'", []),
        ("teams", "a/api", "team 'a/api'", []),
        ("repos", "a/apis", "repository 'a/apis' (did you mean 'a/api'?)", ["a/api"]),
        ("repos", "Core", "repository 'Core'", []),
    ],
)
def test_an_unknown_name_is_refused_with_those_like_it(
    client: TestClient, parameter: str, asked: str, what: str, nearest: list[str]
) -> None:
    known, kind = {"teams": ("Core", "team"), "repos": ("a/web", "repository")}[parameter]
    problem = refused(client, **{parameter: [known, asked]})
    assert problem["detail"] == f"{parameter}: no loaded file has named the {what}"
    assert problem["errors"] == [
        {
            "parameter": parameter,
            "received": asked,
            "reason": "is not known",
            "allowed": f"a {kind} that a loaded file has named; GET /entities?kind={kind} lists them",
            "nearest": nearest,
        }
    ]


def test_the_one_that_was_meant_is_found_among_two_hundred(resources: Resources) -> None:
    rows = "".join(f"openhours/x{n:03},1,team {n:03},2024-11-04T15:00:00Z\n" for n in range(200))
    content = f"repo,number,team,created_at\n{rows}openhours/api,1,Mobile,2024-11-04T15:00:00Z\n"
    with api(resources, slots=1) as client:
        assert bring(client, content, kind="pull_requests")["status"] == "ready"
        for parameter, asked, nearest in (("teams", "mobile", "Mobile"), ("repos", "api", "openhours/api")):
            assert refused(client, **{parameter: [asked]})["errors"][0]["nearest"] == [nearest]
        assert client.get("/entities/team/mobile").json()["nearest"] == ["Mobile"]


def test_an_unknown_team_of_a_sample_is_refused_with_those_like_it(client: TestClient, sample: str) -> None:
    problem = refused(client, source=sample, teams=["Platforms", "Platform", "Core"])
    assert [(one["received"], one["nearest"]) for one in problem["errors"]] == [
        ("Platforms", ["Platform"]),
        ("Core", []),
    ]
    found = summary(client, report(client, source=sample, teams=["Platform"]))
    assert (found["teams"], found["total_num_observations"]) == (["Platform"], 32)


@pytest.mark.parametrize("until", ["2024-11-05T00:00:00Z", "2024-11-05T01:00:00+01:00", "2024-11-04T23:59:59Z"])
def test_an_end_that_is_not_after_the_beginning_is_refused(client: TestClient, until: str) -> None:
    problem = refused(client, since="2024-11-05T00:00:00Z", until=until)
    allowed = "an instant after 2024-11-05T00:00:00Z"
    received = until.replace("T01:00:00+01:00", "T00:00:00Z")  # as since is shown
    assert problem["detail"] == f"until: {received} must be later than since; allowed: {allowed}"
    assert problem["errors"] == [
        {"parameter": "until", "received": received, "reason": "must be later than since", "allowed": allowed}
    ]


def test_an_instant_without_an_offset_is_refused(client: TestClient) -> None:
    instant = "an instant in ISO 8601 with Z or an offset"
    either = f"{instant} or a date such as 2024-12-31"
    for name, allowed in {"since": either, "until": either, "as_of": instant}.items():
        (error,) = refused(client, **{name: "2024-11-05T00:00:00"})["errors"]
        assert (error["parameter"], error["allowed"]) == (name, allowed)


@pytest.mark.parametrize("report_kind", ["pull_requests", "uptime"])
@pytest.mark.parametrize(
    "instant",
    [
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59Z",
        "9000-01-01T00:00:00Z",
        "2100-01-01T00:00:00.000001Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "0001-01-01T00:00:00+01:00",
        "0001-01-01T00:00:00Z",
    ],
)
def test_an_instant_of_another_age_is_refused(client: TestClient, report_kind: str, instant: str) -> None:
    for name in ("since", "until", "as_of") if report_kind == "pull_requests" else ("as_of",):
        trigger = {"report": report_kind, "params": {name: instant, "hourly": True}}
        problem = assert_problem(client.post("/trigger_report", json=trigger), 422, "invalid_parameters")
        (error,) = problem["errors"]
        assert (error["parameter"], error["received"]) == (name, instant)
        assert error["reason"] == "must lie between 1970-01-01 and 2100-01-01 UTC"


def test_the_bounds_of_all_ages_are_taken(client: TestClient) -> None:
    answer = report(client, since="1970-01-01T00:00:00Z", until="2100-01-01T00:00:00Z")
    assert summary(client, answer)["total_num_observations"] == 3
    empty = report(client, since="2100-01-01T00:00:00Z")
    assert summary(client, empty)["total_num_observations"] == 0
    early = report(client, as_of="1970-01-01T00:00:00Z", hourly=True)
    assert summary(client, early)["total_num_observations"] == 0


def test_nobody_can_know_what_is_in_two_days(client: TestClient) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ahead = (now + timedelta(days=2)).isoformat().replace("+00:00", "Z")
    problem = refused(client, as_of=ahead, hourly=True)
    assert problem["detail"].startswith(
        f"as_of: {ahead} is more than a day in the future; allowed: an instant up to 20"
    )
    (error,) = problem["errors"]
    assert (error["parameter"], error["received"], error["reason"]) == (
        "as_of",
        ahead,
        "is more than a day in the future",
    )
    assert datetime.fromisoformat(error["allowed"].split()[4].rstrip(",")) - now < timedelta(days=1, minutes=1)
    soon = (now + timedelta(hours=23)).isoformat()
    assert report(client, as_of=soon)["status"] == "Complete"


def test_a_sample_without_dates_speaks_for_the_instant_at_which_it_was_asked_for(client: TestClient) -> None:
    dateless = bring(client, "review_time,merge_time,date,team\n7,8,,\n", kind="review_times")["dataset_id"]
    answer = report(client, source=dateless)
    assert summary(client, answer)["as_of"] == answer["as_of"]


@pytest.mark.parametrize("source", ["", "nonsense", "0" * 32, "review_times", "'; --", "ü"])
def test_an_unknown_source_is_refused(client: TestClient, source: str) -> None:
    problem = refused(client, source=source)
    assert problem["errors"] == [
        {
            "parameter": "source",
            "received": source,
            "reason": "is not a loaded dataset of review times",
            "allowed": "pull_requests, or the id of a loaded dataset of review times",
        }
    ]


def test_a_dataset_of_another_kind_is_no_source(client: TestClient) -> None:
    zones = bring(client, "team,timezone_str\nNight,UTC\n", kind="timezones")["dataset_id"]
    assert refused(client, source=zones)["errors"][0]["received"] == zones


def test_a_sample_that_was_rejected_or_removed_is_no_source(client: TestClient) -> None:
    rejected = bring(client, "review_time,merge_time,date,team\nasd,,,\n", kind="review_times")
    assert rejected["status"] == "rejected"
    refused(client, source=rejected["dataset_id"])
    removed = bring(client, "review_time,merge_time,date,team\n7,,,\n", kind="review_times")["dataset_id"]
    assert summary(client, report(client, source=removed))["total_num_observations"] == 1
    client.delete(f"/datasets/{removed}?rows=true")
    while client.get(f"/datasets/{removed}?wait=30").status_code == 200:
        pass
    refused(client, source=removed)


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        ("repos", ["a/api", "a/web"], "'a/api', 'a/web'"),
        ("hourly", True, "true"),
        ("by", "repo", "'repo'"),
        ("merged_since", "2024-11-05", "'2024-11-05'"),
        ("labels", ["bug"], "'bug'"),
        ("state", "open", "'open'"),
        ("as_of", "2024-11-05T00:00:00Z", "2024-11-05T00:00:00Z"),
    ],
)
def test_what_a_sample_has_none_of_is_refused(
    client: TestClient, sample: str, parameter: str, value: Any, told: str
) -> None:
    problem = refused(client, source=sample, **{parameter: value})
    reason = "does not apply to a sample of review times"
    reason += ", which has only teams" * (parameter == "by")
    assert problem["detail"] == f"{parameter}: {told} {reason}"
    assert problem["errors"] == [{"parameter": parameter, "received": value, "reason": reason}]


def test_a_sample_may_be_cut_by_its_dates(client: TestClient, sample: str) -> None:
    found = summary(client, report(client, source=sample, since="2023-01-14T00:00:00Z", until="2023-01-15T00:00:00Z"))
    assert found["total_num_observations"] == 3  # one of each team
    assert found["date_interval"] == {"begin": "2023-01-14T00:00:00", "end": "2023-01-14T00:00:00"}


@pytest.mark.parametrize(
    "params",
    [
        {"since": "2030-01-01T00:00:00Z"},
        {"until": "2000-01-01T00:00:00Z"},
        {"as_of": "2024-11-04T14:59:59Z"},
        {"repos": ["a/web"], "teams": ["Core"]},
    ],
)
@pytest.mark.parametrize("charts", [False, True])
def test_a_report_of_which_nothing_is_left_says_so(client: TestClient, params: dict[str, Any], *, charts: bool) -> None:
    answer = report(client, **params, hourly=True, charts=charts)
    assert answer["status"] == "Complete"
    files = files_of(answer)
    tables = ["pull_requests.csv", "hourly.csv", "groups.csv"]
    assert list(files) == [*tables[:2], "summary.json", "groups.csv", "open.csv", "manifest.json"]
    assert {file["rows"] for file in answer["files"] if file["name"] != "open.csv"} == {0}
    for name in tables:
        assert len(list(csv.reader(files[name].splitlines()))) == 1
    assert_nothing(summary(client, answer))


def assert_nothing(found: Mapping[str, Any]) -> None:
    assert found["notes"] == [NOTHING_LEFT]
    assert (found["total_num_observations"], found["teams"], found["per_team"]) == (0, [], {})
    assert found["date_interval"] == {"begin": None, "end": None}
    assert (found["num_prs_without_review"], found["num_prs_without_ci"], found["stats"]["count"]) == (0, 0, 0)
    for counts in (found["num_missing_values"], found["num_inconsistent"], found["stats"]["counts"]):
        assert set(counts.values()) <= {0}
    for figure in ("mean", "mode", "median", "p75", "p90", "p95"):
        assert set(found["stats"][figure].values()) == {None}


def test_a_sample_of_which_nothing_is_left_says_so(client: TestClient, sample: str) -> None:
    answer = report(client, source=sample, since="2024-01-01T00:00:00Z", charts=True)
    assert [(file["name"], file["rows"]) for file in answer["files"]] == [
        ("pull_requests.csv", 0),
        ("summary.json", 0),
        ("manifest.json", 0),
    ]
    found = summary(client, answer)
    assert_nothing(found)
    assert found["as_of"] == "2023-02-15T00:00:00Z"


def test_a_sample_without_rows_says_so(client: TestClient) -> None:
    empty = bring(client, "team,review_time,merge_time,date\n", kind="review_times")["dataset_id"]
    assert_nothing(summary(client, report(client, source=empty, charts=True)))


@pytest.mark.parametrize("clock", ["working", "wall"])
def test_before_anything_is_loaded_a_report_is_complete_and_empty(
    resources: Resources, tmp_path: Path, clock: str
) -> None:
    kind = REPORT_KINDS["pull_requests"]
    with resources.engine.connect() as connection:
        params, as_of = kind.resolve(connection, kind.params.model_validate({"hourly": True, "clock": clock}))
        assert connection.scalar(text("SELECT now()")) == as_of
    files = {artifact.path.name: artifact for artifact in kind.produce(context_of(resources, tmp_path), params)}
    tables = ["pull_requests.csv", "hourly.csv", "groups.csv", "open.csv"]
    assert list(files) == [*tables[:2], "summary.json", *tables[2:], "manifest.json"]
    assert {artifact.rows for artifact in files.values()} == {0}
    for name in tables:
        assert len(files[name].path.read_text().splitlines()) == 1
    written = files["summary.json"].path.read_text()
    assert_nothing(json.loads(written))
    assert kind.findings is not None
    assert kind.outline is not None
    outline = kind.outline(kind.findings.model_validate_json(written))
    assert outline.rows == [
        ("(all)", "0", "median", *["-"] * 6),
        ("", "", "p90", *["-"] * 6),
        ("", "", "n", *["0"] * 6),
    ]
    assert outline.notes[1:] == [NOTHING_LEFT]


def test_teams_and_repositories_of_a_file_are_entities(client: TestClient) -> None:
    assert [one["key"] for one in client.get("/entities?kind=repository").json()["entities"]] == ["a/api", "a/web"]
    assert {"Core", "Night"} <= {one["key"] for one in client.get("/entities?kind=team").json()["entities"]}
    assert client.get("/entities/repository/a/api").json()["key"] == "a/api"
