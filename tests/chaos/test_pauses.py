"""A replica that stands still for longer than its lease comes back to reports that are no longer its own."""

import random
import signal
from time import sleep

import pytest

from tests.chaos import audit
from tests.chaos.audit import Change
from tests.chaos.conftest import KILLS, Stage
from tests.chaos.scene import Scene

ROUNDS = max(KILLS // 100, 1)

#: Longer than a lease and a sweep, shorter than a client's patience, seconds.
PAUSE_SECONDS = (36, 45)


SLOTS = 2


@pytest.mark.chaos
@pytest.mark.timeout(300 + 60 * ROUNDS)
def test_a_replica_that_was_paused_past_its_lease_publishes_nothing(stage: Stage) -> None:
    chance = random.Random(1)
    paused = set()
    with stage(replicas=3, slots=SLOTS) as scene:
        with scene.load(per_second=12):
            for _ in range(ROUNDS):
                fill_slots(scene)
                replica = chance.choice(scene.cluster.replicas)
                paused.add(replica.pid)
                replica.send(signal.SIGSTOP)
                sleep(chance.uniform(*PAUSE_SECONDS))
                replica.send(signal.SIGCONT)
            sleep(10)
        found = scene.finish()
        history = scene.history().values()
    lost_by = {audit.owner_pid(claim) for changes in history for claim, _ in audit.lost_claims(changes)}
    scene.promises.faults["pauses past the lease"] += ROUNDS
    assert found.failed == {}
    assert lost_by == paused
    assert all(completions(changes) == 1 for changes in history)


def fill_slots(scene: Scene) -> None:
    """Give every replica reports whose processes end while it is paused."""
    for _ in range(len(scene.cluster.replicas) * SLOTS):
        scene.clients.trigger("parcel", {"seconds": 10})
    sleep(3)


def completions(changes: list[Change]) -> int:
    return sum(change.status == "complete" for change in changes)
