"""The HTTP contract around a report's life: idempotency keys, limits, waiting, cancelling, removing, expiring."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from sqlalchemy import Connection, func, select

from app.ids import new_id
from app.jobs import lifecycle
from app.jobs.status import Live, LiveStatus
from app.jobs.tables import job
from app.storage.postgres import build_engine
from app.storage.redis_client import build_redis
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import api
from tests.kinds import KINDS
from tests.routers.test_reports_api import assert_problem, finish


@pytest.fixture
def idle(resources: Resources) -> Iterator[TestClient]:
    """An API without slots: what is triggered stays queued."""
    with api(resources, slots=0, kinds=KINDS) as client:
        yield client


@pytest.fixture
def busy(resources: Resources) -> Iterator[TestClient]:
    """An API with one slot."""
    with api(resources, slots=1, kinds=KINDS) as client:
        yield client


@pytest.fixture(scope="module")
def asking(untouched: Resources) -> Iterator[TestClient]:
    """As idle, one for all tests in which everything is refused."""
    with api(untouched, slots=0, kinds=KINDS) as client:
        yield client


def trigger(client: TestClient, kind: str = "dummy", key: str | None = None, **params: Any) -> httpx2.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/trigger_report", json={"report": kind, "params": params}, headers=headers)


def count_reports(resources: Resources) -> int:
    with resources.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(job)) or 0


def test_the_same_request_with_the_same_key_is_one_report(idle: TestClient, resources: Resources) -> None:
    first = trigger(idle, key="monday", lines=2)
    again = trigger(idle, key="monday", lines=2)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert trigger(idle, key="tuesday", lines=2).json() != first.json()
    assert count_reports(resources) == 2


def test_without_a_key_every_trigger_is_a_new_report(idle: TestClient) -> None:
    assert trigger(idle).json() != trigger(idle).json()


def test_another_request_with_a_used_key_is_refused(idle: TestClient, resources: Resources) -> None:
    trigger(idle, key="monday", lines=2)
    problem = assert_problem(trigger(idle, key="monday", lines=3), 422, "idempotency_conflict")
    assert "monday" in problem["detail"]
    assert count_reports(resources) == 1


def test_a_key_is_refused_that_is_empty_or_too_long(idle: TestClient, resources: Resources) -> None:
    assert trigger(idle, key="k" * 255).status_code == 202
    for key in ("", "k" * 256):
        problem = assert_problem(trigger(idle, key=key), 422, "malformed_request")
        assert problem["errors"][0]["parameter"] == "idempotency-key"
    assert count_reports(resources) == 1


def test_a_key_works_for_older_clients_too_and_whatever_the_order_of_members(idle: TestClient) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    bodies = [
        '{"report": "dummy", "params": {"lines": 1, "word": "a"}}',
        '{"params":{"word":"a","lines":1},"report":"dummy"}',
    ]
    answers = [idle.post("/trigger_report", content=body, headers=headers) for body in bodies]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["report_id"] for answer in answers}) == 1


def test_a_hundred_triggers_at_once_with_one_key_are_one_report(idle: TestClient, resources: Resources) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: trigger(idle, key="storm").json()["report_id"], range(100)))
    assert len(set(answers)) == 1
    assert count_reports(resources) == 1


def test_beyond_the_limit_reports_are_refused_and_told_when_to_come_back(resources: Resources) -> None:
    small = replace(resources, settings=resources.settings.model_copy(update={"max_outstanding": 3}))
    with api(small, slots=0, kinds=KINDS) as client:
        kept = [trigger(client, key=str(number)).json()["report_id"] for number in range(3)]
        response = trigger(client)
        problem = assert_problem(response, 429, "too_many_reports")
        assert int(response.headers["retry-after"]) == 3  # three waiting, a second each
        assert "3 reports are queued" in problem["detail"]
        assert trigger(client, key="0").json()["report_id"] == kept[0]
    assert count_reports(resources) == 3


def test_when_all_connections_to_postgres_are_busy_it_asks_to_come_back(resources: Resources) -> None:
    one = build_engine(resources.database_url, pool_size=1)
    with api(replace(resources, engine=one), slots=0, kinds=KINDS) as client, one.connect():
        begin = monotonic()
        response = trigger(client)
        assert 0.5 <= monotonic() - begin < 10
    assert_problem(response, 503, "database_unavailable")
    assert int(response.headers["retry-after"]) >= 1
    one.dispose()
    assert count_reports(resources) == 0


def test_a_poll_that_waits_is_answered_as_soon_as_the_report_ends(busy: TestClient) -> None:
    report_id = trigger(busy).json()["report_id"]
    begin = monotonic()
    answer = busy.get("/get_report", params={"report_id": report_id, "wait": 30}).json()
    assert answer["status"] == "Complete"
    assert monotonic() - begin < 15


def test_a_poll_that_waits_for_a_job_of_the_same_process_waits_for_no_look(
    busy: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.waiters.LOOK_SECONDS", 60)
    report_id = trigger(busy).json()["report_id"]
    answer = busy.get("/get_report", params={"report_id": report_id, "wait": 30}).json()
    assert answer["status"] == "Complete"


def test_a_poll_that_waits_in_vain_is_answered_after_its_time(idle: TestClient) -> None:
    report_id = trigger(idle).json()["report_id"]
    begin = monotonic()
    response = idle.post("/get_report", params={"wait": 0.5}, json={"report_id": report_id})
    assert response.json()["status"] == "Running"
    assert monotonic() - begin >= 0.5
    assert "retry-after" in response.headers


def test_a_trigger_that_waits_answers_with_the_report(busy: TestClient) -> None:
    response = busy.post("/trigger_report", params={"wait": 30}, json={"report": "dummy"})
    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "Complete"
    assert response.headers["location"].endswith(answer["report_id"])
    assert "retry-after" not in response.headers
    assert httpx2.get(answer["url"]).status_code == 200


def test_a_trigger_that_waits_in_vain_answers_202_with_the_id(idle: TestClient) -> None:
    response = idle.post("/trigger_report", params={"wait": 0.1}, json={"report": "dummy"})
    assert response.status_code == 202
    assert response.json()["status"] == "Running"
    assert len(response.json()["report_id"]) == 32


@pytest.mark.parametrize("wait", ["-1", "30.1", "nan", "inf", "long"])
@pytest.mark.usefixtures("stores_nothing")
def test_a_wait_out_of_bounds_is_refused(asking: TestClient, wait: str) -> None:
    for method, path in (("GET", "/get_report"), ("POST", "/trigger_report")):
        answer = asking.request(method, path, params={"report_id": "x", "wait": wait})
        assert_problem(answer, 422, "malformed_request")


def test_waiting_for_an_unknown_report_is_not_waited_for(idle: TestClient) -> None:
    begin = monotonic()
    assert_problem(idle.get("/get_report", params={"report_id": "x", "wait": 30}), 404, "unknown_report")
    assert monotonic() - begin < 15


def test_a_wait_that_saw_the_end_is_not_answered_with_older_progress(idle: TestClient, resources: Resources) -> None:
    report_id = trigger(idle).json()["report_id"]

    def cancel_behind_the_back_of_redis() -> None:
        with resources.engine.begin() as connection:
            lifecycle.cancel(connection, report_id)
        LiveStatus(resources.redis).update(report_id, Live("computing", 0.5), kind="dummy")

    timer = Timer(0.3, cancel_behind_the_back_of_redis)
    timer.start()
    answer = idle.get("/get_report", params={"report_id": report_id, "wait": 30}).json()
    timer.join()
    assert answer == {"status": "Cancelled"}


def test_many_may_wait_and_all_are_told_when_it_is_cancelled(idle: TestClient) -> None:
    report_id = trigger(idle).json()["report_id"]
    timer = Timer(0.5, lambda: idle.delete(f"/reports/{report_id}"))
    timer.start()
    with ThreadPoolExecutor(30) as pool:
        waiting = {"report_id": report_id, "wait": 30}
        answers = list(pool.map(lambda _: idle.get("/get_report", params=waiting).json(), range(30)))
    timer.join()
    assert answers == [{"status": "Cancelled"}] * 30


def test_who_waits_is_sent_away_when_the_replica_stops(idle: TestClient) -> None:
    report_id = trigger(idle).json()["report_id"]
    waiters = idle.app.state.services.waiters  # type: ignore[attr-defined]
    timer = Timer(0.3, lambda: idle.portal.call(waiters.release))  # type: ignore[union-attr]
    timer.start()
    begin = monotonic()
    answer = idle.get("/get_report", params={"report_id": report_id, "wait": 30}).json()
    timer.join()
    assert answer["status"] == "Running"
    assert monotonic() - begin < 15


def test_a_queued_report_is_cancelled_and_stays_so_however_often(idle: TestClient) -> None:
    report_id = trigger(idle).json()["report_id"]
    for _ in range(2):
        response = idle.delete(f"/reports/{report_id}")
        assert (response.status_code, response.json()) == (200, {"status": "Cancelled"})
        assert idle.get("/get_report", params={"report_id": report_id}).json() == {"status": "Cancelled"}


def test_a_cancelled_report_is_never_run(idle: TestClient, resources: Resources) -> None:
    report_id = trigger(idle).json()["report_id"]
    idle.delete(f"/reports/{report_id}")
    with api(resources, slots=1, kinds=KINDS) as client:
        other = client.post("/trigger_report", params={"wait": 30}, json={"report": "dummy"}).json()
        assert other["status"] == "Complete"
        assert finish(client, report_id) == {"status": "Cancelled"}


def test_a_running_report_is_cancelled_and_its_worker_cannot_bring_it_back(
    busy: TestClient, resources: Resources, tmp_path: Path
) -> None:
    report_id = trigger(busy, "hang", folder=str(tmp_path)).json()["report_id"]
    poll = {"report_id": report_id}
    wait_until(lambda: busy.get("/get_report", params=poll).json().get("stage") == "computing")
    assert busy.delete(f"/reports/{report_id}").json() == {"status": "Cancelled"}
    LiveStatus(resources.redis).update(report_id, Live("computing", 0.5), kind="dummy")
    assert busy.get("/get_report", params={"report_id": report_id}).json() == {"status": "Cancelled"}


def test_removing_a_complete_report_removes_its_record_and_its_files(busy: TestClient, resources: Resources) -> None:
    answer = busy.post("/trigger_report", params={"wait": 30}, json={"report": "dummy"}).json()
    path = f"/reports/{answer['report_id']}"
    assert busy.delete(path).json() == {"status": "Removed"}
    assert httpx2.get(answer["url"]).status_code == 404
    assert list(resources.object_store.pages("reports/")) in ([], [[]])
    assert_problem(busy.get("/get_report", params={"report_id": answer["report_id"]}), 404, "unknown_report")
    assert_problem(busy.delete(path), 404, "unknown_report")


def test_of_two_that_remove_a_report_at_once_the_later_hears_that_it_is_removed(
    busy: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = busy.post("/trigger_report", params={"wait": 30}, json={"report": "dummy"}).json()["report_id"]
    cancel, told = lifecycle.cancel, []

    def cancel_late(connection: Connection, job_id: str) -> bool:
        if not told:
            told.append(None)
            told[0] = busy.delete(f"/reports/{report_id}").json()
        return cancel(connection, job_id)

    monkeypatch.setattr(lifecycle, "cancel", cancel_late)
    later = busy.delete(f"/reports/{report_id}")
    assert (told, later.json()) == ([{"status": "Removed"}], {"status": "Removed"})


def test_a_report_that_was_cancelled_before_stays_cancelled(idle: TestClient) -> None:
    report_id = trigger(idle).json()["report_id"]
    told = [idle.delete(f"/reports/{report_id}").json() for _ in range(2)]
    assert told == [{"status": "Cancelled"}] * 2


def test_a_failed_report_can_be_removed(busy: TestClient, tmp_path: Path) -> None:
    body = {"report": "raise_defect", "params": {"folder": str(tmp_path)}}
    report_id = busy.post("/trigger_report", params={"wait": 30}, json=body).json()["report_id"]
    assert busy.delete(f"/reports/{report_id}").json() == {"status": "Removed"}


def test_an_id_that_is_older_than_reports_are_kept_says_so(idle: TestClient) -> None:
    old = new_id(datetime.now(UTC) - timedelta(days=31))
    young = new_id(datetime.now(UTC) - timedelta(days=29))
    problem = assert_problem(idle.get("/get_report", params={"report_id": old}), 404, "report_expired")
    assert "30 days" in problem["detail"]
    assert_problem(idle.delete(f"/reports/{old}"), 404, "report_expired")
    assert_problem(idle.get("/get_report", params={"report_id": young}), 404, "unknown_report")


def test_what_redis_remembers_from_before_it_was_away_is_not_believed(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api(resources, slots=0, kinds=KINDS) as client:
        report_id = trigger(client).json()["report_id"]
        with resources.engine.begin() as connection:
            lifecycle.cancel(connection, report_id)
        LiveStatus(resources.redis).update(report_id, Live("computing", 0.5), kind="dummy")
        with monkeypatch.context() as away:
            away.setattr(Redis, "pipeline", _fail)
            answers = [client.get("/get_report", params={"report_id": report_id}).json()]
        answers.append(client.get("/get_report", params={"report_id": report_id}).json())
    assert answers == [{"status": "Cancelled"}] * 2


def _fail(*_: object, **__: object) -> None:
    raise RedisConnectionError


def test_triggers_and_polls_go_on_without_redis(resources: Resources) -> None:
    gone = build_redis("redis://127.0.0.1:1/0", timeout_seconds=0.2)
    with api(replace(resources, redis=gone, request_redis=gone), slots=0, kinds=KINDS) as client:
        report_id = trigger(client).json()["report_id"]
        assert client.get("/get_report", params={"report_id": report_id}).json()["stage"] == "queued"
        assert client.delete(f"/reports/{report_id}").json() == {"status": "Cancelled"}
        assert client.get("/readyz").status_code == 200
    gone.close()
