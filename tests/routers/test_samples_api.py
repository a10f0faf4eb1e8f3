"""The review-time samples, as the clients of the founding system use them."""

import io
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import JSON, bindparam, text
from tusclient.client import TusClient

from app.access.scopes import Role
from app.catalogue import records
from app.catalogue.job import SMALL_DATASET_JOB, DatasetParams
from app.jobs import lifecycle
from app.jobs.kind import JobContext
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.web.server import serving
from tests.access.replicas import replicas
from tests.access.services import PASSWORD, accounts_of
from tests.commands import wait_until
from tests.conftest import GOLDEN, SAMPLE_DATA, api, fresh_resources
from tests.jobs import claims
from tests.kinds import context_of
from tests.web.test_addressed import with_settings

SAMPLE = (SAMPLE_DATA / "review_times.csv").read_text()

#: Outliers, missing values of each column, a team without any, one with one row, and equally frequent values.
SPARSE = """team,date,review_time,merge_time
A,2024-03-01,10,20
A,2024-03-02,10,
A,,30,40.25
A,2024-02-28,30,0
B,2024-03-05,0,7
,2024-03-09,1000.06,3
C,2024-03-01,,
"""

#: A busy machine answers late, seconds.
PATIENCE_SECONDS = 60

#: A file without rows, of which no chart is drawn.
EMPTY = "review_time,merge_time,date,team\n"

PLOTS = {
    "merge_time_distribution_no_outliers_violin_plot",
    "merge_time_distribution_with_outliers_violin_plot",
    "review_time_distribution_no_outliers_violin_plot",
    "review_time_distribution_with_outliers_violin_plot",
    "num_prs_by_team_no_outliers_pie_chart_plot",
    "num_prs_by_team_with_outliers_pie_chart_plot",
    "mean_time_no_outliers_stacked_bar_plot",
    "mean_time_with_outliers_stacked_bar_plot",
}

PNG = b"\x89PNG\r\n\x1a\n"

TIMES = ("review_time", "merge_time", "total_time")


@dataclass(frozen=True, slots=True)
class Site:
    """A server that asks who it is, and a client whom it has given a token."""

    address: str
    http: httpx2.Client
    resources: Resources

    def send(self, content: str, **metadata: str) -> str:
        """Send a file by tuspy; returns its upload id."""
        told = {"upload_id": str(uuid4()), **metadata}
        client = TusClient(f"{self.address}/uploads", headers=dict(self.http.headers))
        client.uploader(file_stream=io.BytesIO(content.encode()), metadata=told).upload()
        return told["upload_id"]

    def get(self, **query: Any) -> httpx2.Response:
        return self.http.get("/api/v1/samples", params=query)

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(**query)
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"sample_reads"}
        samples: list[dict[str, Any]] = answer.json()["sample_reads"]
        return samples

    def ended(self, upload_id: str) -> dict[str, Any]:
        """The only sample of this id, when it is done or has failed."""
        wait_until(lambda: self.listed(upload_id=upload_id)[0]["status"] in {"done", "failed"}, seconds=60)
        (sample,) = self.listed(upload_id=upload_id)
        return sample


@pytest.fixture(scope="module")
def site(servers: Addresses, session_settings: Settings) -> Iterator[Site]:
    own = session_settings.model_copy(update={"auth": "on", "founding_logins": "on"})
    with fresh_resources(servers, own) as fresh:
        accounts_of(fresh).person("ada", Role.OPERATOR)
        with serving(fresh, slots=2) as address, httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS) as http:
            form = {"grant_type": "client_credentials", "client_id": "ada", "client_secret": PASSWORD}
            token = http.post("/api/v1/auth/token", data=form).json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield Site(address, http, fresh)


@pytest.fixture(scope="module")
def done(site: Site) -> dict[str, Any]:
    """The sample data, sent and done."""
    return site.ended(site.send(SAMPLE))


@pytest.fixture
def without_charts(site: Site) -> Iterator[None]:
    """Have reports that follow a sample draw nothing: most of what a sample takes is its charts."""
    found = "SELECT id, options FROM rule WHERE options->>'founding_clients' = 'true'"
    change = text("UPDATE rule SET options = :options WHERE id = :id").bindparams(bindparam("options", type_=JSON))
    with site.resources.engine.begin() as connection:
        ((rule_id, options),) = connection.execute(text(found)).all()
        plain = {**options, "params": {**options["params"], "charts": False}}
        connection.execute(change, {"id": rule_id, "options": plain})
    yield
    with site.resources.engine.begin() as connection:
        connection.execute(change, {"id": rule_id, "options": options})


def rounded(seconds: Any) -> float | None:
    return None if pd.isna(seconds) else round(float(seconds), 1)


def figures(rows: pd.DataFrame) -> dict[str, Any]:
    """Statistics of some rows, column by column."""
    modes = {time: rows[time].mode() for time in TIMES}
    return {
        "mean": {time: rounded(rows[time].mean()) for time in TIMES},
        "mode": {time: rounded(modes[time].min()) for time in TIMES},
        "median": {time: rounded(rows[time].median()) for time in TIMES},
        "count": len(rows),
    }


def report_of(content: str) -> dict[str, Any]:
    """The statistics of a sample, by pandas."""
    rows = pd.read_csv(io.StringIO(content), parse_dates=["date"])
    rows["total_time"] = rows["review_time"] + rows["merge_time"]
    teams = sorted(rows["team"].dropna().unique())
    return {
        "total_num_observations": len(rows),
        "teams": teams,
        "date_interval": {"begin": rows["date"].min().isoformat(), "end": rows["date"].max().isoformat()},
        "stats": figures(rows),
        "per_team": {team: figures(rows[rows["team"] == team]) for team in teams},
        "num_prs_without_review": int((rows["review_time"] == 0).sum()),
        "num_prs_without_ci": int((rows["merge_time"] == 0).sum()),
        "num_missing_values": {
            column: int(rows[column].isna().sum()) for column in ("review_time", "merge_time", "date", "team")
        },
    }


def test_a_file_that_is_sent_with_an_upload_id_alone_gets_its_statistics_unasked(
    site: Site, done: Mapping[str, Any]
) -> None:
    assert done.keys() == {
        *("started_upload_at", "finished_upload_at", "status", "upload_id", "file_name", "parsing_error", "id"),
        *("summary_statistics", "visualization"),
    }
    assert (done["status"], done["parsing_error"]) == ("done", None)
    assert done["started_upload_at"] <= done["finished_upload_at"]
    assert UUID(done["id"]).hex == done["file_name"]
    statistics = done["summary_statistics"]
    assert statistics.keys() == {"report", "id"}
    assert statistics["report"] == report_of(SAMPLE)
    dataset = site.http.get(f"/datasets/{UUID(done['id']).hex}").json()
    assert (dataset["kind"], dataset["options"]["upload_id"]) == ("review_times", done["upload_id"])


def test_the_eight_plots_are_pictures_behind_links(site: Site, done: Mapping[str, Any]) -> None:
    drawn = done["visualization"]
    assert drawn.keys() == {"plots", "id"}
    assert {plot["file_name"] for plot in drawn["plots"]} == {f"{done['file_name']}/{name}.png" for name in PLOTS}
    assert len(drawn["plots"]) == 8
    for plot in drawn["plots"]:
        assert plot.keys() == {"file_name", "url", "id"}
        assert httpx2.get(plot["url"]).content.startswith(PNG)
        _, _, name = plot["file_name"].partition("/")
        assert ("without_outliers" in plot["url"]) == ("no_outliers" in name)
        chart = {"merge": "merge_time_per", "review": "review_time_per", "num": "pull_requests", "mean": "mean_times"}
        assert chart[name.partition("_")[0]] in plot["url"]
    again = site.ended(done["upload_id"])
    ids = [[one["id"], one["summary_statistics"]["id"], one["visualization"]["id"]] for one in (done, again)]
    plot_ids = [[plot["id"] for plot in one["visualization"]["plots"]] for one in (done, again)]
    assert (ids[0], plot_ids[0]) == (ids[1], plot_ids[1])
    assert len({*map(UUID, ids[0]), *map(UUID, plot_ids[0])}) == 11


@pytest.mark.usefixtures("without_charts")
def test_the_founding_system_s_own_sample_has_the_statistics_that_it_told(site: Site) -> None:
    expected = json.loads((GOLDEN / "review_times" / "t1_expected.json").read_text())
    sample = site.ended(site.send((GOLDEN / "review_times" / "t1.csv").read_text(), filename="t1.csv"))
    assert sample["file_name"] == "t1.csv"
    assert sample["summary_statistics"]["report"] == expected


@pytest.mark.usefixtures("without_charts")
def test_outliers_and_missing_values_count_as_they_did(site: Site) -> None:
    report = site.ended(site.send(SPARSE))["summary_statistics"]["report"]
    assert report == report_of(SPARSE)
    assert report["per_team"]["C"]["mean"] == {"review_time": None, "merge_time": None, "total_time": None}
    assert report["num_missing_values"] == {"review_time": 1, "merge_time": 2, "date": 1, "team": 1}


def test_a_file_without_rows_has_statistics_without_figures(site: Site) -> None:
    sample = site.ended(site.send(EMPTY))
    report = sample["summary_statistics"]["report"]
    assert (report["total_num_observations"], report["teams"], report["per_team"]) == (0, [], {})
    assert report["date_interval"] == {"begin": None, "end": None}
    assert set(report["stats"]["median"].values()) == {None}
    assert sample["visualization"]["plots"] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("review_time,merge_time,date,team\n5,6,2024-01-01,A\nsoon,6,2024-01-01,A\n", ["line 3", "soon"]),
        ("review_time,date,team\n5,2024-01-01,A\n", ["merge_time"]),
        ("", ["is empty"]),
    ],
    ids=["a wrong value", "no such column", "empty"],
)
def test_a_file_that_cannot_be_read_has_failed_and_says_why(site: Site, content: str, told: list[str]) -> None:
    sample = site.ended(site.send(content))
    assert sample["status"] == "failed"
    assert (sample["summary_statistics"], sample["visualization"]) == (None, None)
    assert [part for part in told if part not in sample["parsing_error"]] == []


@pytest.mark.usefixtures("without_charts")
def test_a_sample_that_is_loaded_again_keeps_its_id_and_gets_statistics_of_its_new_rows(site: Site) -> None:
    upload_id = site.send("review_time,merge_time,date,team\n5,6,2024-01-01,A\n9,8,2024-01-01,A\nx,1,2024-01-01,A\n")
    failed = site.ended(upload_id)
    assert failed["status"] == "failed"
    path = f"/datasets/{failed['file_name']}/reload"
    loaded = []
    for options in ({"on_error": "skip_rows"}, {"columns": "merge_time,review_time,date,team"}):
        assert site.http.post(path, params=options).status_code == 202
        loaded.append(site.ended(upload_id))
    assert [one["id"] for one in loaded] == [failed["id"]] * 2
    first, second = (one["summary_statistics"] for one in loaded)
    assert (first["report"]["total_num_observations"], second["report"]["total_num_observations"]) == (2, 2)
    assert first["id"] != second["id"]


def test_the_same_id_twice_is_two_samples_and_lists_begin_with_the_newest(site: Site) -> None:
    sent = [site.send(EMPTY, filename=f"{number}.csv") for number in range(3)]
    sent.append(site.send(EMPTY, upload_id=sent[0].upper(), filename="again.csv"))
    assert [one["file_name"] for one in site.listed(upload_id=sent[0])] == ["again.csv", "0.csv"]
    assert [one["upload_id"] for one in site.listed(upload_id=sent[0].upper())] == [sent[0]] * 2
    everything = site.listed(limit=100)
    assert [one["file_name"] for one in everything[:4]] == ["again.csv", "2.csv", "1.csv", "0.csv"]
    assert all(newer["started_upload_at"] > older["started_upload_at"] for newer, older in pairwise(everything))
    ids = [one["id"] for one in everything]
    assert [one["id"] for one in site.listed(skip=1, limit=2)] == ids[1:3]
    assert [one["id"] for one in site.listed()] == ids[:10]
    assert site.listed(skip=len(ids)) == []
    assert site.listed(upload_id=str(uuid4())) == []


@pytest.mark.parametrize(
    "query",
    [
        {"skip": -1},
        {"skip": "many"},
        {"limit": 0},
        {"limit": 101},
        {"upload_id": "nonsense"},
        {"uploadid": str(uuid4())},
    ],
)
def test_what_cannot_be_listed_is_refused(site: Site, query: Mapping[str, Any]) -> None:
    answer = site.get(**query)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_request")
    ((name, _),) = query.items()
    assert name in answer.json()["detail"]


def test_without_a_token_nobody_sees_samples(site: Site) -> None:
    assert site.http.get("/api/v1/samples", headers={"Authorization": ""}).status_code == 401


def test_a_sample_is_no_task_of_the_other_system(site: Site, done: Mapping[str, Any]) -> None:
    answer = site.http.get(f"/api/csv_task_result/{done['file_name']}/")
    assert (answer.status_code, answer.json()["type"]) == (404, "NotFoundException")


@pytest.mark.parametrize("end", ["failed", "cancelled", "removed"])
def test_a_sample_whose_report_is_not_there_has_failed(site: Site, end: str) -> None:
    sample = site.ended(site.send(EMPTY))
    with site.resources.engine.begin() as connection:
        report_id = connection.scalar(
            text("SELECT followed_by FROM dataset WHERE id = :id"), {"id": sample["file_name"]}
        )
        if end != "removed":
            change = "UPDATE report SET status = :end, error_message = :told WHERE id = :id"
            told = "It ran out of memory." if end == "failed" else None
            connection.execute(text(change), {"end": end, "told": told, "id": report_id})
    if end == "removed":
        assert site.http.delete(f"/reports/{report_id}").status_code == 200
    (after,) = site.listed(upload_id=sample["upload_id"])
    assert (after["status"], after["summary_statistics"], after["visualization"]) == ("failed", None, None)
    assert {"failed": "memory", "cancelled": "cancelled", "removed": "Send the file again"}[end] in after[
        "parsing_error"
    ]


def sent_in_parts(client: TestClient, content: bytes, *, metadata: Mapping[str, str]) -> httpx2.Response:
    """The answer to an upload without any bytes yet."""
    told = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": told}
    return client.post("/uploads", headers=headers)


def test_how_far_a_sample_is_and_that_one_report_follows_it_whichever_process_dies(
    resources: Resources, tmp_path: Path
) -> None:
    def status() -> str:
        (sample,) = client.get("/api/v1/samples").json()["sample_reads"]
        assert (sample["summary_statistics"], sample["visualization"]) == (None, None)
        return str(sample["status"])

    def reports() -> list[Any]:
        with resources.engine.begin() as connection:
            return list(connection.execute(text("SELECT params FROM report WHERE kind = 'pull_requests'")).all())

    with api(resources, slots=0) as client:
        upload = sent_in_parts(client, SAMPLE.encode(), metadata={"upload_id": str(uuid4())})
        assert upload.status_code == 201
        assert status() == "uploading"
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert client.patch(upload.headers["location"], headers=headers, content=SAMPLE.encode()).status_code == 204
        assert status() == "parsing"
        dataset_id = upload.headers["location"].rpartition("/")[2]
        with resources.engine.begin() as connection:
            record = records.find(connection, dataset_id)
            assert record is not None
            assert record.job is not None
            claim = claims.claimed(connection, record.job.id)
        context: JobContext = replace(
            context_of(resources, tmp_path),
            job_id=claim.id,
            fence=lambda connection: lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt),
        )
        for _ in range(2):  # the second attempt finds what the first one has committed
            SMALL_DATASET_JOB.produce(context, DatasetParams.model_validate(claim.params))
        with resources.engine.begin() as connection:
            lifecycle.publish(connection, claim, [])
        wait_until(lambda: len(reports()) > 0)
        ((params,),) = reports()
        assert (params["source"], params["charts"]) == (dataset_id, True)
        assert status() == "processing"


def test_a_report_that_follows_a_sample_is_that_which_anybody_would_ask_for(
    site: Site, done: Mapping[str, Any]
) -> None:
    dataset_id = done["file_name"]
    trigger = {"report": "pull_requests", "params": {"source": dataset_id}}
    asked = site.http.post("/trigger_report", params={"wait": 30}, json=trigger).json()
    with site.resources.engine.connect() as connection:
        report_id = connection.scalar(text("SELECT followed_by FROM dataset WHERE id = :id"), {"id": dataset_id})
    made = site.http.get(f"/reports/{report_id}").json()
    assert made["as_of"] == asked["as_of"]
    files = [
        {file["name"]: file["sha256"] for file in one["files"] if file["name"] != "manifest.json"}
        for one in (made, asked)
    ]
    assert files[0] == files[1]


def test_an_upload_id_that_is_no_uuid_is_refused_and_nothing_is_kept(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        answer = sent_in_parts(client, b"x", metadata={"upload_id": "first"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
        assert "upload_id" in answer.json()["detail"]
        assert "first" in answer.json()["detail"]
        assert "UUID" in answer.json()["detail"]
        assert client.get("/datasets").json()["datasets"] == []


def test_a_file_whose_kind_is_named_is_no_sample(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        answer = sent_in_parts(client, b"x", metadata={"upload_id": str(uuid4()), "kind": "review_times"})
        assert answer.status_code == 201
        assert client.get("/api/v1/samples").json() == {"sample_reads": []}


def test_links_lead_through_the_service_where_users_cannot_reach_the_store(site: Site, done: Mapping[str, Any]) -> None:
    through = with_settings(site.resources, downloads="through")
    with api(through, slots=0) as client:
        client.headers["Authorization"] = site.http.headers["Authorization"]
        (sample,) = client.get("/api/v1/samples", params={"upload_id": done["upload_id"]}).json()["sample_reads"]
        urls = [plot["url"] for plot in sample["visualization"]["plots"]]
        assert len(urls) == 8
        assert all(url.startswith("/reports/") for url in urls)
        assert client.get(urls[0]).content.startswith(PNG)


def test_where_the_founding_interfaces_are_off_there_are_no_samples(resources: Resources) -> None:
    accounts = accounts_of(resources)
    _, secret = accounts.keys.make(accounts.person("ada", Role.OPERATOR).id, "samples")
    with replicas(resources, count=1) as [one]:
        one.headers["Authorization"] = f"Bearer {secret.text}"
        assert one.get("/api/v1/samples").status_code == 404
        refused = sent_in_parts(one, b"x", metadata={"upload_id": str(uuid4())})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_upload")
        assert refused.json()["detail"].startswith("kind is missing; allowed are ")
        assert one.get("/datasets").json()["datasets"] == []
