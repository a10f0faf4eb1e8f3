"""A replica that stands still for longer than its lease comes back to reports that are no longer its own."""

import random
import signal
from time import sleep

import pytest

from tests.chaos import audit
from tests.chaos.audit import Change
from tests.chaos.conftest import KILLS, Stage

ROUNDS = max(KILLS // 100, 1)

#: Longer than a lease and a sweep, shorter than a client's patience, seconds.
PAUSE_SECONDS = (36, 45)


@pytest.mark.chaos
@pytest.mark.timeout(300 + 60 * ROUNDS)
def test_a_replica_that_was_paused_past_its_lease_publishes_nothing(stage: Stage) -> None:
    chance = random.Random(1)
    paused = set()
    with stage(replicas=3, slots=2) as scene:
        with scene.load(per_second=25):
            for _ in range(ROUNDS):
                sleep(5)
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


def completions(changes: list[Change]) -> int:
    return sum(change.status == "complete" for change in changes)
