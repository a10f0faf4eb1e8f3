"""Every customer of the engine: its jobs are its own, and a new one is a kind that is registered."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from app.errors import SetupError
from app.files.artifact import Artifact
from app.jobs import lifecycle, records
from app.jobs.kind import JobClass, JobContext, JobKind, Params
from app.jobs.records import JobStatus
from app.jobs.status import Live, LiveStatus
from app.replica import registry
from app.replica.registry import OTHER_KINDS, job_kinds
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.settings import SLOT_SHARES
from app.storage.resources import Resources
from app.web.application import create_app
from tests.commands import wait_until
from tests.conftest import stopping_soon
from tests.kinds import KINDS
from tests.local_client import LocalClient

ALL = job_kinds(REPORT_KINDS)


class TidyParams(Params):
    """Parameters of a made-up kind."""

    lines: int


def tidy(context: JobContext, params: TidyParams) -> Sequence[Artifact]:
    context.progress("tidying", 0.5)
    path = context.folder / "tidied.txt"
    path.write_text("done\n" * params.lines)
    return [Artifact(path, "text/plain", rows=params.lines)]


#: A customer that no report and no dataset knows of.
TIDY = JobKind("tidy", TidyParams, tidy, first_stage="sorting", job_class=JobClass.MAINTENANCE, artifacts="tidied/")


@pytest.fixture
def client(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(registry, "OTHER_KINDS", (*OTHER_KINDS, TIDY))
    with stopping_soon(), LocalClient(create_app(resources, slots=1, kinds=KINDS)) as client:
        yield client


def created(connection: Connection, kind: str, params: Mapping[str, Any]) -> str:
    job_id = lifecycle.create(connection, kind=kind, params=params, params_sha256="")
    assert job_id is not None
    return job_id


@pytest.mark.parametrize("kind", ["tidy", "dataset", "small_dataset", "of_a_later_version"])
@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED])
def test_a_job_of_another_customer_is_no_report(resources: Resources, kind: str, status: JobStatus) -> None:
    with resources.engine.begin() as connection:
        job_id = created(connection, kind, {"lines": 1, "dataset_id": "0" * 32, "action": "load"})
        if status is not JobStatus.QUEUED:
            claim = lifecycle.claim(connection, job_id, owner="a")
            assert claim is not None
            if status is JobStatus.FAILED:
                lifecycle.fail(connection, claim, code="x", message="y")
    if status is JobStatus.RUNNING:
        LiveStatus(resources.redis).update(job_id, Live("checking", 0.5), kind=kind)
    with LocalClient(create_app(resources, slots=0, kinds=KINDS)) as client:
        assert client.get("/reports").json()["reports"] == []
        for answer in (
            client.get("/get_report", params={"report_id": job_id}),
            client.get(f"/reports/{job_id}/summary"),
            client.delete(f"/reports/{job_id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_report")
        assert client.get("/datasets").json()["datasets"] == []
    with resources.engine.connect() as connection:
        record = records.find(connection, job_id)
    assert record is not None
    assert record.status is status


def test_a_registered_kind_is_run_and_its_artifacts_lie_where_it_says(resources: Resources, client: TestClient) -> None:
    with resources.engine.begin() as connection:
        job_id = created(connection, "tidy", {"lines": 2})

    def complete() -> Any:
        with resources.engine.connect() as connection:
            record = records.find(connection, job_id)
        return record if record is not None and record.status is JobStatus.COMPLETE else None

    (artifact,) = wait_until(complete).artifacts
    assert (artifact.key, artifact.rows) == (f"tidied/{job_id}/a1/tidied.txt", 2)
    assert client.get("/reports").json()["reports"] == []


def test_jobs_of_other_customers_leave_room_for_reports(resources: Resources) -> None:
    settings = resources.settings.model_copy(update={"max_outstanding": 2})
    with resources.engine.begin() as connection:
        for _ in range(5):
            created(connection, "tidy", {"lines": 1})
    full = replace(resources, settings=settings)
    with LocalClient(create_app(full, slots=0, kinds=KINDS)) as client:
        answers = [client.post("/trigger_report", json={"report": "dummy"}).status_code for _ in range(3)]
    assert answers == [202, 202, 429]


def test_two_kinds_of_the_same_name_are_refused() -> None:
    with pytest.raises(SetupError, match="'dataset'"):
        job_kinds({"dataset": KINDS["dummy"]})


def test_every_class_has_a_share() -> None:
    assert set(SLOT_SHARES) == {one.value for one in JobClass}


class TestEveryJobKind:
    """What the engine relies on, for each kind that is registered."""

    @pytest.fixture(params=ALL.values(), ids=lambda kind: kind.name)
    def kind(self, request: pytest.FixtureRequest) -> JobKind:
        kind: JobKind = request.param
        return kind

    def test_its_function_and_model_travel_to_a_child_by_name(self, kind: JobKind) -> None:
        for thing in (kind.produce, kind.params):
            assert pickle.loads(pickle.dumps(thing)) == thing  # noqa: S301 - made in this line

    def test_its_artifacts_have_a_prefix_of_their_own_in_the_bucket(self, kind: JobKind) -> None:
        assert kind.artifacts.endswith("/")
        assert not kind.artifacts.startswith(("raw/", "uploads/"))

    def test_reports_are_of_the_class_that_people_wait_for(self, kind: JobKind) -> None:
        assert (kind.job_class is JobClass.REPORT) == isinstance(kind, ReportKind)
