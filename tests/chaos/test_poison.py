"""Reports that harm: they are given up, and neither their neighbours nor their replica's machine suffer."""

from pathlib import Path

import pytest

from tests.chaos.conftest import Stage
from tests.chaos.scene import Scene
from tests.commands import wait_until

#: Each kind that never goes well, and the attempts and the end it comes to.
POISON = {
    "segfault": (3, "worker_crashed"),
    "devour": (1, "memory_limit_exceeded"),
    "loop": (1, "time_limit_exceeded"),
    "grip": (1, "time_limit_exceeded"),
}

NEIGHBOURS = 20


@pytest.mark.chaos
def test_poison_reports_are_given_up_and_harm_no_neighbour(stage: Stage, tmp_path: Path) -> None:
    limits = {"report_memory_limit_mb": 300, "report_time_limit_seconds": 10}
    with stage(replicas=2, slots=2, **limits) as scene:
        poison = {trigger_trouble(scene, kind, tmp_path): kind for kind in POISON}
        for _ in range(NEIGHBOURS):
            scene.clients.trigger("parcel")
        found = scene.finish()
    ends = {
        kind: (len(list((tmp_path / kind).iterdir())), found.failed[report_id][1]) for report_id, kind in poison.items()
    }
    harmed = [name for name, attempt in found.attempts.items() if name not in poison and attempt > 1]
    told = ", ".join(f"{kind}: {attempts} times {code}" for kind, (attempts, code) in ends.items())
    scene.promises.tell("poison job", f"{told}; {len(harmed)} of {NEIGHBOURS} neighbours harmed")
    assert ends == POISON
    assert harmed == []
    assert found.completed == NEIGHBOURS


@pytest.mark.chaos
def test_processes_of_a_killed_replica_end_by_themselves(stage: Stage, tmp_path: Path) -> None:
    with stage(replicas=1, slots=3) as scene:
        for kind in ("hang", "loop", "grip"):
            trigger_trouble(scene, kind, tmp_path)
        wait_until(lambda: len(list(tmp_path.glob("*/[0-9]*"))) == 3)
        scene.cluster.kill(scene.cluster.replicas[0])
        assert [process.cmdline() for process in scene.cluster.orphans()] == []


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_a_report_that_finds_the_disk_full_is_tried_again(stage: Stage, tmp_path: Path) -> None:
    with stage(replicas=1, slots=2) as scene:
        for failures in (1, 99):
            (tmp_path / str(failures)).mkdir()
        once = scene.clients.trigger("full_disk", {"folder": str(tmp_path / "1"), "failures": 1})
        always = scene.clients.trigger("full_disk", {"folder": str(tmp_path / "99"), "failures": 99})
        found = scene.finish()
    assert found.failed == {always: ("Failed", "disk_full")}
    assert found.attempts == {once: 2, always: 5}


def trigger_trouble(scene: Scene, kind: str, folder: Path) -> str:
    (folder / kind).mkdir()
    report_id = scene.clients.trigger(kind, {"folder": str(folder / kind)})
    assert report_id is not None
    return report_id
