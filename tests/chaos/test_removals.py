"""Many removals of one report at once: one does it, and the others say what became of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.chaos.asking import Answer, ask
from tests.chaos.conftest import Stage
from tests.chaos.scene import Scene

REMOVALS = 200

#: What those are told who are too many to wait for S3.
BUSY = {(503, "object_store_unavailable")}


def removed(scene: Scene, report_id: str) -> set[tuple[int, str]]:
    """What the clients were told: status, and what became of the report or the code of the problem."""

    def remove(_: int) -> Answer:
        return ask(f"{scene.clients.address}/reports/{report_id}", "DELETE")

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(remove, range(REMOVALS)))
    return {(one.status, one.json["status" if one.status == 200 else "code"]) for one in answers}


def recorded(scene: Scene, report_id: str) -> list[str]:
    """What the audit has of a report, but for its trigger and its links."""
    query = text("SELECT action FROM audit WHERE object_id = :id AND action IN ('report.cancel', 'report.remove')")
    with scene.resources.engine.connect() as connection:
        return list(connection.scalars(query, {"id": report_id}))


@pytest.mark.chaos
def test_a_complete_report_is_removed_once(stage: Stage) -> None:
    with stage(replicas=2, slots=1) as scene:
        report_id = scene.clients.trigger("parcel")
        assert report_id is not None
        scene.clients.settle(60)
        told = removed(scene, report_id)
        left = [item.key for page in scene.resources.object_store.pages(f"reports/{report_id}/") for item in page]
        done = recorded(scene, report_id)
    assert told - BUSY == {(200, "Removed"), (404, "unknown_report")}
    assert left == []
    assert done == ["report.remove"]


@pytest.mark.chaos
def test_a_report_that_runs_is_cancelled_once(stage: Stage) -> None:
    with stage(replicas=2, slots=1) as scene:
        report_id = scene.clients.trigger("parcel", {"seconds": 120})
        assert report_id is not None
        told = removed(scene, report_id)
        done = recorded(scene, report_id)
        found = scene.finish()
    assert told - BUSY == {(200, "Cancelled")}
    assert found.failed == {report_id: ("Cancelled",)}
    assert done == ["report.cancel"]
