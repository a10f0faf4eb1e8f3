"""A server stalls, restarts or answers errors for a while: reports wait, and end as if nothing had been."""

import signal
from time import sleep

import pytest
from sqlalchemy import Engine, text

from tests.chaos.conftest import Stage
from tests.chaos.fault_proxy import FaultProxy, fault_proxy
from tests.chaos.scene import Scene
from tests.chaos.servers import Servers
from tests.commands import wait_until

#: How each kind of trouble is made, and for how long, seconds; a worker waits for an answer for twice 15 seconds.
PASSING_S3_FAULTS = {
    "answers 500": (lambda proxy: proxy.answering(500), 20),
    "hangs": (FaultProxy.hanging, 40),
    "cuts connections": (lambda proxy: proxy.cutting(after_bytes=20_000), 20),
    "refuses connections": (FaultProxy.refusing, 20),
}


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_triggers_and_polls_are_answered_while_redis_stalls(stage: Stage) -> None:
    with stage(replicas=2, slots=2) as scene:
        with scene.load(per_second=20):
            sleep(3)
            with scene.servers.paused("redis"):
                sleep(30)
            sleep(3)
        found = scene.finish()
        scene.promises.faults["stalls of Redis"] += 1
    assert scene.ledger.failures == []
    assert found.failed == {}


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_reports_that_read_when_postgres_restarts_read_again(stage: Stage) -> None:
    with stage(replicas=2, slots=2) as scene:
        for _ in range(4):
            scene.clients.trigger("copy", {"rows": 1000})
        wait_for_copies(scene, 4)
        scene.servers.restart("postgres", signal.SIGQUIT)
        found = scene.finish()
        scene.promises.faults["restarts of Postgres mid-COPY"] += 1
    assert found.completed == 4
    assert set(found.attempts.values()) == {2}


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", PASSING_S3_FAULTS)
def test_reports_complete_after_s3_was_away(stage: Stage, chaos_servers: Servers, fault: str) -> None:
    broken, seconds = PASSING_S3_FAULTS[fault]
    with fault_proxy(chaos_servers.port("s3")) as proxy, stage(replicas=2, slots=2, ports={"s3": proxy.port}) as scene:
        with scene.load(per_second=20):
            sleep(2)
            with broken(proxy):
                sleep(seconds)
        found = scene.finish()
        scene.promises.faults[f"S3 {fault}"] += 1
    assert max(found.attempts.values()) > 1
    assert found.failed == {}
    assert scene.ledger.failures == []


@pytest.mark.chaos
def test_a_report_that_s3_refuses_for_good_fails_with_a_stable_code(stage: Stage, chaos_servers: Servers) -> None:
    with fault_proxy(chaos_servers.port("s3")) as proxy, stage(replicas=1, slots=2, ports={"s3": proxy.port}) as scene:
        with proxy.answering(403):
            refused = scene.clients.trigger("parcel")
            scene.clients.settle(60)
        fine = scene.clients.trigger("parcel")
        found = scene.finish()
    assert found.failed == {refused: ("Failed", "object_store_unavailable")}
    assert found.attempts == {refused: 1, fine: 1}


def wait_for_copies(scene: Scene, number: int) -> None:
    """Return when that many COPYs are under way."""
    wait_until(lambda: copies(scene.resources.engine) >= number)


def copies(engine: Engine) -> int:
    with engine.connect() as connection:
        number: int = connection.execute(text("SELECT count(*) FROM pg_stat_progress_copy")).scalar_one()
        return number
