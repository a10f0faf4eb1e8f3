"""Replicas are replaced under load as a Deployment does it: nobody notices."""

from signal import SIGTERM

import pytest

from tests.chaos.conftest import KILLS, Stage
from tests.chaos.scene import Scene

#: Replicas that are replaced, one after the other.
SIGTERMS = max(KILLS // 10, 3)

#: Requests a second meanwhile.
LOAD = 50

REPLICAS = 2


@pytest.mark.chaos
@pytest.mark.timeout(120 + 20 * SIGTERMS)
def test_a_rollout_fails_no_request_and_charges_no_attempt(stage: Stage) -> None:
    with stage(replicas=REPLICAS, slots=2) as scene:
        with scene.load(per_second=LOAD):
            for _ in range(SIGTERMS):
                replace_one(scene)
            codes = scene.cluster.exit_codes()
        found = scene.finish()
    failures = scene.ledger.failures
    again = sum(attempt > 1 for attempt in found.attempts.values())
    scene.promises.tell(
        "rollout",
        f"{len(failures)} of {scene.ledger.requests:,} requests failed over {SIGTERMS} SIGTERMs at {LOAD} requests/s; "
        f"{again} of {found.accepted} reports needed a second attempt",
    )
    assert failures == []
    assert set(codes) == {128 + SIGTERM}
    assert set(found.attempts.values()) == {1}
    assert found.failed == {}


def replace_one(scene: Scene) -> None:
    """Start a replica, wait until it is ready, then tell the oldest to stop, which takes a while."""
    oldest = scene.cluster.replicas[0]
    scene.cluster.start()
    scene.cluster.wait_ready(REPLICAS + 1)
    scene.cluster.retire(oldest)
