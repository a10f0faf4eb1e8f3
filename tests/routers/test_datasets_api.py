"""Datasets over HTTP, with a worker, in this process: what a file becomes, and what can be done with it."""

import gzip
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from inspect import signature

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.catalogue.options import LoadOptions
from app.commands import data as commands
from app.ingest.policy import MAX_FIELD_BYTES, MAX_ROW_BYTES, MAX_UNPACKED_BYTES, Policy
from app.ingest.registry import DATASET_KINDS
from app.jobs import lifecycle
from app.jobs.status import Live, LiveStatus
from app.storage.resources import Resources
from tests.catalogue.bringing import HEADER, POLLS, bring, ended, keys_below, polls
from tests.commands import wait_until
from tests.conftest import api
from tests.ingest.mutants import mutant
from tests.reference import csv_check, csv_values
from tests.strategies import examples

#: Files that chance has changed and that come over HTTP; the checker alone is tried on thousands.
MUTATIONS = examples(80)

LOADED = [
    ("s1", "2023-01-22 12:00", True),
    ("s1", "2023-01-22 13:00", False),
    ("s2", "2023-01-23 08:30", True),
]

#: The second row has a status that is none, the third an instant without an offset.
WRONG = HEADER + "s1,active,2023-01-22 12:00:00 UTC\ns1,up,2023-01-22 13:00:00 UTC\n=s2,active,2023-01-23 08:30:00\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


@pytest.fixture(scope="module")
def asking(untouched: Resources) -> Iterator[TestClient]:
    """One for all tests in which everything is refused."""
    with api(untouched, slots=0) as client:
        yield client


def test_beyond_their_limit_uploads_are_refused_and_triggers_are_not(resources: Resources) -> None:
    limits = {"max_outstanding_uploads": 2, "max_outstanding": 3}
    small = replace(resources, settings=resources.settings.model_copy(update=limits))
    with api(small, slots=0) as client:
        first, _ = [
            client.post("/datasets?kind=polls", content=HEADER + f"s{number},active,2023-01-22 12:00:00 UTC\n").json()
            for number in range(2)
        ]
        tus = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "9",
            "Upload-Metadata": f"kind {b64encode(b'polls').decode()}",
        }
        refused = [
            client.post("/datasets?kind=polls", content=POLLS),
            client.post("/uploads", headers=tus),
        ]
        told = [(answer.status_code, answer.json()["code"], answer.headers["retry-after"]) for answer in refused]
        assert told == [(429, "too_many_uploads", "2")] * 2  # two waiting, a second each
        assert "2 dataset loads are queued" in refused[0].json()["detail"]
        assert len(client.get("/datasets").json()["datasets"]) == 2
        triggered = [client.post("/trigger_report", json={"report": "pull_requests"}) for _ in range(3)]
        assert [answer.status_code for answer in triggered] == [202] * 3, triggered[0].text
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE report SET status = 'failed' WHERE kind = 'small_dataset'"))
        assert client.post("/datasets?kind=polls", content=POLLS).status_code == 202
        assert client.post(f"/datasets/{first['dataset_id']}/reload").status_code == 202


def test_a_file_is_checked_loaded_and_accounted_for(client: TestClient, resources: Resources) -> None:
    content = POLLS + "s1,active,2023-01-22 13:00:00 UTC\n"
    answer = client.post("/datasets?kind=polls&filename=week 3.csv", content=content)
    assert answer.status_code == 202
    accepted = answer.json()
    assert answer.headers["location"] == f"/datasets/{accepted['dataset_id']}"
    assert accepted["status"] in {"checking", "loading", "ready"}
    found = ended(client, accepted["dataset_id"])
    assert found["status"] == "ready"
    assert found["progress"] == 1
    assert (found["kind"], found["filename"]) == ("polls", "week 3.csv")
    assert found["bytes"] == len(content)
    assert found["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")] == [4, 3, 0, 1]
    assert (found["first_at"], found["last_at"]) == ("2023-01-22T12:00:00Z", "2023-01-23T08:30:00Z")
    assert found["rejections"] == []
    assert found["rejects"] is found["error"] is found["duplicate_of"] is None
    assert found["created_at"] <= found["uploaded_at"] <= found["started_at"] <= found["finished_at"]
    # The later row about the same store and instant counts.
    assert polls(resources) == [(key, at, active or at.endswith("13:00")) for key, at, active in LOADED]


def test_the_raw_object_is_the_file_byte_for_byte_by_kind_and_day(client: TestClient, resources: Resources) -> None:
    plain = bring(client, POLLS, filename="../../etc/passwd")
    packed = bring(client, gzip.compress(POLLS.encode()))
    assert plain["filename"] == "passwd"
    keys = keys_below(resources, "raw/")
    day = r"raw/polls/\d{4}/\d\d/\d\d/"
    assert [re.sub(day, "", key) for key in sorted(keys)] == [
        f"{plain['dataset_id']}.csv",
        f"{packed['dataset_id']}.csv.gz",
    ]
    assert resources.object_store.read(min(keys)).read() == POLLS.encode()
    assert (plain["status"], packed["status"]) == ("ready", "ready")


def test_one_wrong_row_rejects_the_file_and_all_wrong_rows_are_listed(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG)
    assert found["status"] == "rejected"
    assert found["error"]["code"] == "rejected_rows"
    assert "2 of 3 rows" in found["error"]["message"]
    assert [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")] == [3, 1, 2, 0]
    assert [(row["line"], row["column"], row["code"]) for row in found["rejections"]] == [
        (3, "status", "not_allowed"),
        (4, "timestamp_utc", "no_zone"),
    ]
    lines = httpx2.get(found["rejects"]["url"]).text.splitlines()
    assert lines[0] == "line,column,value,code,reason"
    assert len(lines) == 3
    assert lines[1].startswith("3,status,'up',not_allowed,")
    assert polls(resources) == []


def test_the_other_rows_are_loaded_when_wrong_ones_are_to_be_skipped(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG, on_error="skip_rows")
    assert found["status"] == "ready"
    assert [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")] == [3, 1, 2, 0]
    assert found["rejects"]["rows"] == 2
    assert polls(resources) == LOADED[:1]


def test_too_many_wrong_rows_reject_a_file_whose_wrong_rows_were_to_be_skipped(
    client: TestClient, resources: Resources
) -> None:
    found = bring(client, WRONG, on_error="skip_rows", max_errors=1)
    assert found["status"] == "rejected"
    assert found["options"] == {
        "on_error": "skip_rows",
        "max_errors": 1,
        "columns": None,
        "force": False,
        "mapping": None,
        "set": None,
        "assume_zone": None,
        "valid_from": None,
        "source": None,
        "covers": None,
        "covers_from": None,
        "covers_to": None,
        "snapshot": False,
        "notify": None,
    }
    assert polls(resources) == []


def test_a_file_without_a_header_is_loaded_when_its_columns_are_named(client: TestClient, resources: Resources) -> None:
    without = POLLS.removeprefix(HEADER)
    refused = bring(client, without)
    assert refused["status"] == "rejected"
    assert "store_id" in refused["error"]["message"]
    assert bring(client, without, columns="store_id,status,timestamp_utc")["status"] == "ready"
    assert polls(resources) == LOADED


def test_the_same_bytes_are_refused_until_they_are_forced(client: TestClient, resources: Resources) -> None:
    first = bring(client, POLLS)
    again = client.post("/datasets?kind=polls", content=POLLS)
    assert again.status_code == 409
    assert again.json()["code"] == "duplicate_dataset"
    assert again.json()["dataset_id"] == first["dataset_id"]
    assert len(keys_below(resources, "raw/")) == 1
    assert bring(client, POLLS, force=True)["status"] == "ready"
    assert bring(client, POLLS, kind="hours")["status"] == "rejected"  # another kind, another file


def test_the_bytes_of_a_rejected_file_may_come_again(client: TestClient) -> None:
    assert bring(client, WRONG)["status"] == "rejected"
    assert bring(client, WRONG, on_error="skip_rows")["status"] == "ready"


def test_whom_a_file_is_to_be_told_to_must_be_known_when_it_comes(client: TestClient) -> None:
    refused = client.post("/datasets?kind=polls&notify=ops-channel", content=POLLS)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameters")
    assert "ops-channel" in refused.json()["detail"]
    assert client.post("/datasets?kind=polls&notify=", content=POLLS).status_code == 202


def test_a_form_brings_a_file_in_too(client: TestClient, resources: Resources) -> None:
    answer = client.post("/datasets?kind=polls", files={"file": ("mine.csv", POLLS, "text/csv")})
    assert answer.status_code == 202, answer.text
    found = ended(client, answer.json()["dataset_id"])
    assert (found["status"], found["filename"]) == ("ready", "mine.csv")
    assert polls(resources) == LOADED


def test_a_lost_table_comes_back_from_the_raw_layer(client: TestClient, resources: Resources) -> None:
    found = bring(client, POLLS)
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM poll"))
    answer = client.post(f"/datasets/{found['dataset_id']}/reload")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/datasets/{found['dataset_id']}"
    assert ended(client, found["dataset_id"])["status"] == "ready"
    assert polls(resources) == LOADED


def test_a_dataset_is_loaded_again_although_another_has_the_same_bytes(
    client: TestClient, resources: Resources
) -> None:
    first = bring(client, POLLS)["dataset_id"]
    bring(client, POLLS, force=True)
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM poll"))
    client.post(f"/datasets/{first}/reload").raise_for_status()
    assert ended(client, first)["status"] == "ready"
    assert polls(resources) == LOADED


def test_a_rejected_file_is_loaded_again_with_other_options(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG)
    answer = client.post(f"/datasets/{found['dataset_id']}/reload?on_error=skip_rows")
    assert answer.status_code == 202
    again = ended(client, found["dataset_id"])
    assert (again["status"], again["error"]) == ("ready", None)
    assert polls(resources) == LOADED[:1]


def test_names_of_columns_are_taken_back_by_a_reload(client: TestClient, resources: Resources) -> None:
    found = bring(client, POLLS, columns="store_id,status,timestamp_utc")
    assert (found["status"], found["rows_rejected"]) == ("rejected", 1)  # its header
    client.post(f"/datasets/{found['dataset_id']}/reload?columns=").raise_for_status()
    again = ended(client, found["dataset_id"])
    assert (again["status"], again["options"]["columns"]) == ("ready", None)
    assert polls(resources) == LOADED


def test_an_unknown_kind_is_the_same_mistake_however_the_file_comes(client: TestClient) -> None:
    answers = [client.post("/datasets?kind=menu", content=POLLS), begun(client, POLLS.encode(), kind="menu")]
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = ({name: answer.json()[name] for name in ("code", "detail", "allowed")} for answer in answers)
    assert first == second
    assert first["code"] == "unknown_dataset_kind"


def test_the_options_of_a_load_are_the_same_wherever_they_are_given(client: TestClient) -> None:
    names = list(LoadOptions.model_fields)
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/datasets", "/datasets/{dataset_id}/reload"):
        assert [one["name"] for one in paths[path]["post"]["parameters"] if one["name"] in names] == names
    given = signature(commands.upload).parameters
    defaults = LoadOptions()
    assert {name: given[name].default for name in names} == {name: getattr(defaults, name) for name in names}
    assert defaults.policy == Policy()


def test_a_reload_that_is_rejected_says_that_earlier_rows_stay(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG)
    assert (found["status"], found["rows_loaded"]) == ("rejected", False)
    assert "stay" not in found["error"]["message"]
    dataset_id = found["dataset_id"]
    client.post(f"/datasets/{dataset_id}/reload?on_error=skip_rows").raise_for_status()
    assert ended(client, dataset_id)["rows_loaded"]
    client.post(f"/datasets/{dataset_id}/reload?on_error=reject_file").raise_for_status()
    again = ended(client, dataset_id)
    assert (again["status"], again["rows_loaded"]) == ("rejected", True)
    first, second, *_ = again["error"]["message"].split("\n")
    assert first.endswith("was not loaded: 2 of 3 rows are invalid. The rows of the earlier run are still loaded.")
    assert second.startswith("line 3, status: 'up'")
    assert polls(resources) == LOADED[:1]
    refused = client.post("/datasets?kind=polls", content=WRONG)
    assert (refused.status_code, refused.json()["dataset_id"]) == (409, dataset_id)
    assert client.delete(f"/datasets/{dataset_id}").status_code == 200
    assert polls(resources) == LOADED[:1]


def test_a_file_is_loading_only_when_its_rows_are_merged(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        dataset_id = client.post("/datasets?kind=polls", content=POLLS).json()["dataset_id"]

        def status(stage: str) -> str:
            LiveStatus(resources.redis).update(job_id, Live(stage, 0.9), kind="dataset")
            return str(client.get(f"/datasets/{dataset_id}").json()["status"])

        with resources.engine.connect() as connection:
            job_id = str(connection.scalar(text("SELECT job_id FROM dataset")))
        assert [status(stage) for stage in ("checking", "loading")] == ["checking", "loading"]
        # The list of rejected rows is uploaded, of a file that was refused as of one that was loaded.
        for outcome, shown in (("rejected", "checking"), ("ready", "loading")):
            with resources.engine.begin() as connection:
                connection.execute(text("UPDATE dataset SET outcome = :outcome"), {"outcome": outcome})
            assert status("uploading") == shown


def test_a_dataset_is_removed_and_its_rows_stay(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG, on_error="skip_rows")
    answer = client.delete(f"/datasets/{found['dataset_id']}")
    assert (answer.status_code, answer.json()) == (200, {"status": "removed"})
    assert client.get(f"/datasets/{found['dataset_id']}").status_code == 404
    assert keys_below(resources, "") == []
    assert polls(resources) == LOADED[:1]


def test_a_dataset_is_removed_with_the_rows_that_are_still_its_own(client: TestClient, resources: Resources) -> None:
    found = bring(client, POLLS)
    bring(client, HEADER + "s1,inactive,2023-01-22 12:00:00 UTC\ns3,active,2023-01-22 12:00:00 UTC\n")
    answer = client.delete(f"/datasets/{found['dataset_id']}?rows=true")
    assert (answer.status_code, answer.json()) == (202, {"status": "removing"})
    wait_until(lambda: client.get(f"/datasets/{found['dataset_id']}?wait=1").status_code == 404)
    assert polls(resources) == [("s1", "2023-01-22 12:00", False), ("s3", "2023-01-22 12:00", True)]
    wait_until(lambda: len(keys_below(resources, "raw/")) == 1)  # objects go after the rows
    assert not [key for key in keys_below(resources, "raw/") if found["dataset_id"] in key]


def test_a_removal_that_is_asked_for_again_goes_on(resources: Resources) -> None:
    with api(resources, slots=1) as client:
        dataset_id = bring(client, POLLS)["dataset_id"]
    with api(resources, slots=0) as client:
        answers = [client.delete(f"/datasets/{dataset_id}?rows=true") for _ in range(2)]
        assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"status": "removing"})] * 2
        with resources.engine.connect() as connection:
            jobs = connection.scalars(text("SELECT id FROM report WHERE params ->> 'action' = 'unload'")).all()
        assert len(jobs) == 1
        assert client.get(f"/datasets/{dataset_id}").json()["status"] == "removing"


def test_a_dataset_whose_rows_could_not_be_taken_out_is_still_ready(resources: Resources) -> None:
    with api(resources, slots=1) as client:
        dataset_id = bring(client, POLLS)["dataset_id"]
    with api(resources, slots=0) as client:
        client.delete(f"/datasets/{dataset_id}?rows=true").raise_for_status()
        with resources.engine.begin() as connection:
            job_id = connection.scalar(text("SELECT job_id FROM dataset"))
            claim = lifecycle.claim(connection, str(job_id), owner="x")
            assert claim is not None
            lifecycle.fail(connection, claim, code="time_limit_exceeded", message="It ran too long.")
        found = client.get(f"/datasets/{dataset_id}").json()
        assert (found["status"], found["error"]) == (
            "ready",
            {"code": "time_limit_exceeded", "message": "It ran too long."},
        )
        assert [one["dataset_id"] for one in client.get("/datasets?status=ready").json()["datasets"]] == [dataset_id]
    assert polls(resources) == LOADED
    with api(resources, slots=1) as client:
        client.delete(f"/datasets/{dataset_id}?rows=true").raise_for_status()
        wait_until(lambda: keys_below(resources, "raw/") == [])  # the last that goes
    assert polls(resources) == []


def test_rows_go_as_they_came_whatever_was_tried_with_the_file_since(client: TestClient, resources: Resources) -> None:
    found = bring(client, POLLS.removeprefix(HEADER), columns="store_id,status,timestamp_utc")["dataset_id"]
    client.post(f"/datasets/{found}/reload?columns=status,store_id,timestamp_utc").raise_for_status()
    assert ended(client, found)["status"] == "rejected"
    assert polls(resources) == LOADED
    assert client.delete(f"/datasets/{found}?rows=true").json() == {"status": "removing"}
    wait_until(lambda: client.get(f"/datasets/{found}?wait=1").status_code == 404)
    assert polls(resources) == []
    wait_until(lambda: keys_below(resources, "") == [])  # objects go after the rows


def test_other_bytes_than_were_announced_are_loaded_when_that_is_asked_for(
    client: TestClient, resources: Resources
) -> None:
    announced, found_sha256 = "a" * 64, hashlib.sha256(POLLS.encode()).hexdigest()
    dataset_id = begun(client, POLLS.encode(), sha256=announced).headers["location"].removeprefix("/uploads/")
    found = ended(client, dataset_id)
    assert (found["status"], found["error"]["code"]) == ("rejected", "checksum_differs")
    assert all(sha256 in found["error"]["message"] for sha256 in (announced, found_sha256))
    assert found["sha256"] == found_sha256
    assert polls(resources) == []
    client.post(f"/datasets/{dataset_id}/reload").raise_for_status()
    found = ended(client, dataset_id)
    assert (found["status"], found["sha256"]) == ("ready", found_sha256)
    assert polls(resources) == LOADED


def test_a_claim_is_not_shown_as_the_hash_of_bytes_that_nobody_has_read(client: TestClient) -> None:
    answer = begun(client, POLLS.encode(), length=1000, sha256="a" * 64)
    found = client.get(f"/datasets/{answer.headers['location'].removeprefix('/uploads/')}").json()
    assert (found["status"], found["sha256"]) == ("uploading", None)


def test_work_on_a_dataset_is_no_report_to_look_at_or_to_remove(client: TestClient, resources: Resources) -> None:
    found = bring(client, WRONG, on_error="skip_rows")
    job_id = found["rejects"]["url"].partition("/reports/")[2].partition("/")[0]
    assert client.get(f"/get_report?report_id={job_id}").status_code == 404
    assert client.delete(f"/reports/{job_id}").status_code == 404
    assert client.get(f"/datasets/{found['dataset_id']}").json()["status"] == "ready"
    assert httpx2.get(found["rejects"]["url"]).status_code == 200
    assert len(polls(resources)) == 1


def test_the_list_is_newest_first_by_page_and_by_filter(client: TestClient) -> None:
    ready = bring(client, POLLS)["dataset_id"]
    rejected = bring(client, WRONG)["dataset_id"]
    hours = bring(client, "store_id,day,start_time_local,end_time_local\ns1,0,09:00,17:00\n", kind="hours")[
        "dataset_id"
    ]

    def listed(query: str) -> list[str]:
        return [one["dataset_id"] for one in client.get(f"/datasets{query}").json()["datasets"]]

    assert listed("") == [hours, rejected, ready]
    assert listed("?kind=polls") == [rejected, ready]
    assert listed("?status=ready") == [hours, ready]
    assert listed("?status=rejected&kind=polls") == [rejected]
    page = client.get("/datasets?limit=2").json()
    assert [one["dataset_id"] for one in page["datasets"]] == [hours, rejected]
    assert listed(f"?limit=2&cursor={page['next_cursor']}") == [ready]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/datasets/" + "0" * 32, 404, "unknown_dataset"),
        ("GET", "/datasets/x", 404, "unknown_dataset"),
        ("DELETE", "/datasets/" + "0" * 32, 404, "unknown_dataset"),
        ("POST", "/datasets/x/reload", 404, "unknown_dataset"),
        ("GET", "/datasets?kind=poll", 404, "unknown_dataset_kind"),
        ("POST", "/datasets?kind=poll", 404, "unknown_dataset_kind"),
        ("POST", "/datasets", 422, "malformed_request"),
        ("GET", "/datasets?cursor=x", 422, "invalid_parameters"),
        ("GET", "/datasets?status=done", 422, "malformed_request"),
        ("POST", "/datasets?kind=polls&on_error=ignore", 422, "malformed_request"),
        ("POST", "/datasets?kind=polls&max_errors=-1", 422, "malformed_request"),
        ("POST", "/datasets?kind=polls&max_errors=100001", 422, "invalid_parameters"),
        ("POST", "/datasets?kind=polls&columns=", 422, "invalid_parameters"),
        ("POST", "/datasets?kind=polls&columns=store_id,status,when", 422, "invalid_parameters"),
    ],
)
@pytest.mark.usefixtures("stores_nothing")
def test_what_cannot_be_is_refused_by_name(asking: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = asking.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_work_on_datasets_is_not_listed_among_reports(client: TestClient) -> None:
    bring(client, POLLS)
    assert client.get("/reports").json()["reports"] == []


def test_the_kinds_are_described_with_their_columns(client: TestClient) -> None:
    described = {kind["name"]: kind for kind in client.get("/datasets/kinds").json()}
    assert list(described) == [*DATASET_KINDS]
    assert {"polls", "hours", "timezones", "pull_requests", "review_times"} <= set(described)
    store, team, entity, kind, day = described["hours"]["columns"][:5]
    assert (day["name"], day["aliases"], day["required"]) == ("day", ["dayOfWeek"], True)
    assert [one["name"] for one in (store, team, entity, kind)] == ["store_id", "team", "entity", "entity_kind"]
    assert [one["instead_of"] for one in (store, team, entity, kind)] == [None, "store_id", "store_id", None]
    assert [one["required"] for one in (store, team, entity, kind)] == [True, True, True, False]
    assert (kind["type"], kind["allowed"]) == ("store or team", ["store", "team"])
    assert [one["allowed"] for one in described["polls"]["columns"]] == [[], ["active", "inactive", "unknown"], []]
    optional = [one["name"] for one in described["pull_requests"]["columns"] if not one["required"]]
    assert (optional[:3], len(optional)) == (["team", "author", "first_commit_at"], 21)
    assert [(one["name"], one["may_be_empty"]) for one in described["review_times"]["columns"]] == [
        (name, True) for name in ("review_time", "merge_time", "date", "team")
    ]


def begun(client: TestClient, content: bytes, *, length: int | None = None, **metadata: str) -> httpx2.Response:
    """An upload by tus, with its first bytes, or all of them."""
    texts = {"kind": "polls", **metadata}
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(content) if length is None else length),
        "Upload-Metadata": ",".join(f"{name} {b64encode(text.encode()).decode()}" for name, text in texts.items()),
        "Content-Type": "application/offset+octet-stream",
    }
    return client.post("/uploads", headers=headers, content=content)


def test_an_upload_becomes_a_dataset_with_its_name_and_options(client: TestClient, resources: Resources) -> None:
    answer = begun(client, WRONG.encode(), filename="C:\\files\\wrong.csv", on_error="skip_rows", max_errors="2")
    assert answer.status_code == 201, answer.text
    found = ended(client, answer.headers["location"].removeprefix("/uploads/"))
    assert (found["status"], found["filename"], found["rows_rejected"]) == ("ready", "wrong.csv", 2)
    assert polls(resources) == LOADED[:1]


def test_an_upload_of_the_same_bytes_is_refused_before_it_begins_or_when_they_have_been_read(
    client: TestClient, resources: Resources
) -> None:
    first = bring(client, POLLS)["dataset_id"]
    announced = begun(client, POLLS.encode(), sha256=hashlib.sha256(POLLS.encode()).hexdigest())
    assert (announced.status_code, announced.json()["code"]) == (409, "duplicate_dataset")
    assert announced.json()["dataset_id"] == first
    answer = begun(client, POLLS.encode())
    assert answer.status_code == 201
    found = ended(client, answer.headers["location"].removeprefix("/uploads/"))
    assert (found["status"], found["error"]["code"], found["duplicate_of"]) == ("rejected", "duplicate_dataset", first)
    assert len(client.get("/datasets").json()["datasets"]) == 2
    assert len(polls(resources)) == 3


def test_what_is_still_coming_cannot_be_loaded_but_given_up(client: TestClient, resources: Resources) -> None:
    dataset_id = begun(client, POLLS.encode(), length=1000).headers["location"].removeprefix("/uploads/")
    assert client.get(f"/datasets/{dataset_id}").json()["status"] == "uploading"
    reload = client.post(f"/datasets/{dataset_id}/reload")
    assert (reload.status_code, reload.json()["code"]) == (409, "dataset_busy")
    assert client.delete(f"/datasets/{dataset_id}").json() == {"status": "removed"}
    assert client.get(f"/datasets/{dataset_id}").status_code == 404
    assert keys_below(resources, "") == []


def test_a_dataset_that_waits_for_a_worker_cannot_be_loaded_again_but_removed(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        dataset_id = client.post("/datasets?kind=polls", content=POLLS).json()["dataset_id"]
        found = client.get(f"/datasets/{dataset_id}")
        assert (found.json()["status"], found.headers["retry-after"]) == ("checking", "1")
        reload = client.post(f"/datasets/{dataset_id}/reload")
        assert (reload.status_code, reload.json()["code"]) == (409, "dataset_busy")
        assert client.delete(f"/datasets/{dataset_id}").json() == {"status": "removed"}
    with api(resources, slots=1) as client:
        assert bring(client, HEADER)["rows_read"] == 0  # the worker is past the removed one
    assert polls(resources) == []
    assert len(keys_below(resources, "raw/")) == 1


def test_work_on_a_dataset_that_is_removed_is_called_off(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        dataset_id = client.post("/datasets?kind=polls", content=POLLS).json()["dataset_id"]
        with resources.engine.begin() as connection:
            job_id = connection.execute(text("SELECT job_id FROM dataset")).scalar_one()
            claim = lifecycle.claim(connection, job_id, owner="x")
        assert claim is not None
        assert client.delete(f"/datasets/{dataset_id}").json() == {"status": "removed"}
    with resources.engine.begin() as connection:
        assert lifecycle.renew(connection, [claim]) == set()
        assert connection.execute(text("SELECT count(*) FROM report")).scalar_one() == 0


def test_whatever_comes_is_answered_and_every_row_of_it_accounted_for(client: TestClient) -> None:
    outcomes = set()
    for seed in range(MUTATIONS):
        file = mutant(seed, kinds=("polls", "hours", "timezones"))
        skip = bool(seed % 2)
        policy = {"on_error": "skip_rows", "max_errors": 1000} if skip else {}
        columns = {"columns": ",".join(file.names)} if file.names else {}
        found = bring(client, file.content, kind=file.kind, force=True, **policy, **columns)
        verdict = csv_check.check(
            file.content,
            csv_values.KINDS[file.kind],
            names=file.names,
            row_bytes=MAX_ROW_BYTES,
            field_bytes=MAX_FIELD_BYTES,
            total_bytes=MAX_UNPACKED_BYTES,
            now=datetime.now(UTC),
        )
        counts = [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")]
        assert counts[0] == sum(counts[1:]), seed
        if verdict.refusals:
            assert found["error"]["code"] in {reason for reason, _ in verdict.refusals}, seed
        else:
            rejected = verdict.rejected
            assert found["status"] == ("rejected" if rejected and not skip else "ready"), seed
            assert counts[0] == len(verdict.rows) + rejected, seed
            assert counts[2] == rejected, seed
            assert [row["line"] for row in found["rejections"]] == [line for line, *_ in verdict.rejections[:20]], seed
        outcomes.add(found["status"])
    assert outcomes == {"ready", "rejected"}
