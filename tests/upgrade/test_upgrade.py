"""What the version before has left goes on in this one: records, files, and jobs that wait or broke off."""

import json
from contextlib import closing
from pathlib import Path

import httpx2
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.catalogue.foreground import bring_in
from app.catalogue.options import load_options
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.catalogue.records import DatasetStatus
from app.jobs.cleanup import clean_up
from app.replica.registry import job_kinds
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from app.web.server import serving
from openhours.outgoing import outgoing
from openhours.uploads import Uploader
from tests.asking import report_of
from tests.catalogue.bringing import ended, keys_below, polls
from tests.commands import wait_until
from tests.conftest import stopping_soon
from tests.upgrade import record
from tests.upgrade.asking import attempts, columns_of_before, downloaded, job_of
from tests.upgrade.earlier import GROUP, STREAM, Earlier, shows

#: The name under which the version before remembered an upload of PARTIAL to servers of its own, with default options.
NOTE = "31430c07f217d972424897795cb53b07"

TUS = {"Tus-Resumable": "1.0.0"}


def test_everything_is_shown_as_it_was(idle: TestClient, earlier: Earlier) -> None:
    for path, recorded in earlier.answers.items():
        answer = idle.get(path).json()
        for report in answer.get("reports", ()):  # the version before listed them with their parameters
            report["params"] = idle.get(f"/reports/{report['report_id']}").json()["params"]
        assert shows(answer, recorded), (path, answer, recorded)


def test_the_comparison_of_answers_sees_what_differs(earlier: Earlier) -> None:
    recorded = earlier.answers["/reports?limit=100"]
    said = json.loads(json.dumps(recorded, default=lambda instant: instant.isoformat()))
    assert shows(said, recorded)
    assert not shows(said | {"reports": said["reports"][1:]}, recorded)
    said["reports"][0]["created_at"] = said["reports"][-1]["created_at"]
    assert not shows(said, recorded)


def test_files_of_complete_reports_and_lists_of_rejected_rows_are_downloaded_as_they_were(
    idle: TestClient, resources: Resources, earlier: Earlier
) -> None:
    seen = {}
    for name in ("uptime", "flow", "on_sample"):
        answer = idle.get("/get_report", params={"report_id": earlier.ids[name]}).json()
        for file in answer["files"]:
            seen[f"reports/{earlier.ids[name]}/a1/{file['name']}"] = downloaded(answer, file["name"])
    for name in ("ready", "rejected"):
        rejects = idle.get(f"/datasets/{earlier.ids[name]}").json()["rejects"]
        seen[f"reports/{job_of(resources, earlier.ids[name])}/a1/rejects.csv"] = httpx2.get(rejects["url"]).content
    assert seen == {key: content for key, content in earlier.objects.items() if key.startswith("reports/")}


def test_queued_reports_complete_with_the_figures_that_the_version_before_came_to(
    client: TestClient, earlier: Earlier
) -> None:
    for queued, complete, name in (
        ("queued_uptime", "uptime", "uptime.csv"),
        ("queued_on_sample", "on_sample", "pull_requests.csv"),
        ("queued_on_sample", "on_sample", "summary.json"),
    ):
        answer = report_of(client, earlier.ids[queued])
        assert answer["status"] == "Complete", answer
        content, before = downloaded(answer, name), earlier.artifact(complete, name)
        assert (columns_of_before(content, before) if name == "uptime.csv" else content) == before


def test_a_dataset_half_checked_and_one_that_waits_behind_it_become_ready_once(
    client: TestClient, resources: Resources, earlier: Earlier
) -> None:
    half, waiting = (ended(client, earlier.ids[name]) for name in ("half_checked", "waiting"))
    assert (half["status"], half["rows_accepted"], half["rows_duplicate"]) == ("ready", 24, 0)
    assert (waiting["status"], waiting["rows_accepted"]) == ("ready", 1)
    assert [key for key, *_ in polls(resources)].count("s9") == 24
    store = client.get("/entities/store/s9").json()
    assert (store["timezone"], store["polls"]) == ("America/Lima", 24)
    jobs = attempts(resources)
    assert jobs[job_of(resources, earlier.ids["half_checked"])] == ("complete", 2)
    assert jobs[job_of(resources, earlier.ids["waiting"])] == ("complete", 1)


def test_entries_of_the_old_stream_run_nothing_twice_and_bring_nothing_back(
    client: TestClient, resources: Resources, earlier: Earlier
) -> None:
    assert resources.redis.xpending(STREAM, GROUP)["pending"] == 1
    before = attempts(resources)
    for name in ("queued_uptime", "queued_on_sample"):
        report_of(client, earlier.ids[name])
    for name in ("half_checked", "waiting"):
        ended(client, earlier.ids[name])
    # What was read and never acknowledged stays until it is old; it is nobody's call any more.
    wait_until(lambda: resources.redis.xlen(STREAM) == 1)
    gone_on = {
        earlier.ids["queued_uptime"]: ("complete", 1),
        earlier.ids["queued_on_sample"]: ("complete", 1),
        job_of(resources, earlier.ids["half_checked"]): ("complete", 2),
        job_of(resources, earlier.ids["waiting"]): ("complete", 1),
    }
    assert attempts(resources) == before | gone_on
    assert before[earlier.ids["cancelled"]] == ("cancelled", 0)


def test_a_clean_up_removes_nothing_that_the_version_before_needs(resources: Resources, earlier: Earlier) -> None:
    before = attempts(resources)
    clean_up(resources, job_kinds(REPORT_KINDS), prefixes=BUCKET_PREFIXES, orphan_hours=0)
    assert sorted(keys_below(resources, "")) == sorted(earlier.objects)
    assert attempts(resources) == before


def test_a_dataset_is_loaded_again_from_what_the_version_before_has_kept(
    client: TestClient, resources: Resources, earlier: Earlier
) -> None:
    for name in ("half_checked", "waiting"):
        ended(client, earlier.ids[name])
    before = polls(resources)
    ready, rejected = earlier.ids["ready"], earlier.ids["rejected"]
    assert client.post(f"/datasets/{ready}/reload").status_code == 202
    again = ended(client, ready)
    assert (again["status"], again["rows_accepted"], again["rows_rejected"]) == ("ready", 36, 2)
    assert polls(resources) == before
    assert client.post(f"/datasets/{rejected}/reload", params={"on_error": "skip_rows"}).status_code == 202
    mended = ended(client, rejected)
    assert (mended["status"], mended["rows_accepted"], mended["rows_rejected"]) == ("ready", 1, 1)
    assert polls(resources) == sorted([*before, ("s1", "2023-01-25 12:00", True)])


def test_a_dataset_is_removed_with_its_rows_and_its_objects(
    client: TestClient, resources: Resources, earlier: Earlier
) -> None:
    ended(client, earlier.ids["half_checked"])
    removed = earlier.ids["ready"]
    assert client.delete(f"/datasets/{removed}", params={"rows": True}).status_code == 202
    wait_until(lambda: client.get(f"/datasets/{removed}", params={"wait": 5}).status_code == 404)
    assert {key for key, *_ in polls(resources)} == {"s9"}
    wait_until(lambda: not [key for key in keys_below(resources, "raw/") if removed in key])
    assert len([key for key in keys_below(resources, "reports/") if key.endswith("rejects.csv")]) == 1


def test_a_dataset_is_removed_without_its_rows(idle: TestClient, resources: Resources, earlier: Earlier) -> None:
    before = polls(resources)
    assert idle.delete(f"/datasets/{earlier.ids['ready']}").status_code == 200
    assert idle.get(f"/datasets/{earlier.ids['ready']}").status_code == 404
    assert polls(resources) == before


def test_a_dataset_half_checked_may_be_removed_instead(
    client: TestClient, resources: Resources, earlier: Earlier
) -> None:
    client.delete(f"/datasets/{earlier.ids['half_checked']}", params={"rows": True})
    ended(client, earlier.ids["waiting"])
    wait_until(lambda: client.get(f"/datasets/{earlier.ids['half_checked']}").status_code == 404)
    assert "s9" not in {key for key, *_ in polls(resources)}


def test_a_complete_report_is_removed_with_its_files(idle: TestClient, resources: Resources, earlier: Earlier) -> None:
    assert idle.delete(f"/reports/{earlier.ids['uptime']}").status_code < 300
    assert keys_below(resources, f"reports/{earlier.ids['uptime']}/") == []


def test_a_queued_report_is_cancelled(idle: TestClient, earlier: Earlier) -> None:
    assert idle.delete(f"/reports/{earlier.ids['queued_uptime']}").status_code < 300
    answer = idle.get("/get_report", params={"report_id": earlier.ids["queued_uptime"]}).json()
    assert answer == {"status": "Cancelled"}


def test_an_idempotency_key_stands_for_the_report_that_it_stood_for(idle: TestClient, earlier: Earlier) -> None:
    answer = idle.post("/trigger_report", json=dict(record.UPTIME), headers={"Idempotency-Key": "wednesday"})
    assert answer.json()["report_id"] == earlier.ids["uptime"]
    other = idle.post("/trigger_report", json={"report": "uptime"}, headers={"Idempotency-Key": "wednesday"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


def test_an_upload_goes_on_where_it_was(client: TestClient, resources: Resources, earlier: Earlier) -> None:
    place = f"/uploads/{earlier.ids['partial']}"
    offset = client.head(place, headers=TUS).headers["upload-offset"]
    assert int(offset) == record.SENT_BYTES
    rest = TUS | {"Upload-Offset": offset, "Content-Type": "application/offset+octet-stream"}
    sent = client.patch(place, content=record.PARTIAL[record.SENT_BYTES :], headers=rest)
    assert sent.status_code == 204, sent.text
    assert ended(client, earlier.ids["partial"])["status"] == "ready"
    assert [key for key, *_ in polls(resources)].count("s8") == 2


def test_the_command_upload_goes_on_with_what_it_remembers(
    resources: Resources, earlier: Earlier, tmp_path: Path
) -> None:
    (tmp_path / f"{NOTE}.json").write_text(json.dumps({"upload": f"/uploads/{earlier.ids['partial']}"}))
    path = tmp_path / "partial.csv"
    path.write_text(record.PARTIAL)
    file = outgoing(path, kind="polls", options={"on_error": "reject_file", "max_errors": "1000"}, read=lambda _: None)
    counted: list[int] = []
    with stopping_soon(), serving(resources, slots=1) as address:
        with closing(Uploader(address, memory=tmp_path, known_as="embedded")) as uploader:
            assert uploader.send(file, sent=counted.append) == earlier.ids["partial"]
        with httpx2.Client(base_url=address, timeout=60) as client:
            place = f"/datasets/{earlier.ids['partial']}"
            wait_until(lambda: client.get(place).json()["status"] == "ready")
    assert (counted[0], counted[-1]) == (record.SENT_BYTES, len(record.PARTIAL))


def test_what_was_loaded_without_a_dataset_becomes_one_when_it_is_loaded_again(
    resources: Resources, earlier: Earlier, tmp_path: Path, idle: TestClient
) -> None:
    before = idle.get("/entities/store/s1").json()
    for kind in ("hours", "review_times"):
        path = tmp_path / f"{kind}.csv"
        path.write_text(record.LOADED[kind])
        state = bring_in(resources, kind, path, options=load_options(), shown_as=path.name, told=lambda *_: None)
        assert state.status is DatasetStatus.READY
        assert state.record.id in {row["dataset_id"] for row in idle.get("/datasets").json()["datasets"]}
    assert idle.get("/entities/store/s1").json() == before
    with resources.engine.connect() as connection:
        samples = connection.execute(text("SELECT dataset_id, count(*) FROM review_time GROUP BY 1")).all()
    assert dict(map(tuple, samples)) == {earlier.ids["sample"]: 3, state.record.id: 3}
