"""kill -9 of everything: no accepted report is lost, none shows two results, and takeovers come in time."""

import random
import signal
from collections import Counter
from time import monotonic, sleep, time

import pytest

from tests.chaos import audit
from tests.chaos.conftest import KILLS, MEASURING, Stage
from tests.chaos.failpoints import FAILPOINTS
from tests.chaos.scene import Scene
from tests.chaos.verdict import spread

#: How often each server is killed or emptied.
SERVER_FAULTS = max(KILLS // 10, 2)

#: Requests a second meanwhile, one of them a trigger: less than one replica can do, so that no report waits for a slot.
LOAD = 12

#: One of so many that are ready is killed, two are left.
REPLICAS = 3

#: Replicas beyond these, so that one may start while the next is killed: to start takes longest here.
SPARE = 1

#: A replica that may die at a failpoint does so at every fourth pass, or its reports would hardly ever end. Triggers
#: are rarer, and a death there costs no attempt.
PROBABILITIES = {name: 0.5 if name == "before_xadd" else 0.25 for name in FAILPOINTS}

#: How long leases last where nobody measures takeovers: the last deaths are waited for that long, seconds.
SHORT_LEASE_SECONDS = 10

#: Longest wait for a replica to die at a failpoint where by chance none has died yet, seconds.
FAILPOINT_SECONDS = 90

SEED = 20240101


def failpoints(number: int) -> dict[str, float]:
    """Of five replicas one has none and each other has one of its own."""
    names = [*FAILPOINTS, None]
    name = names[number % len(names)]
    return {} if name is None else {name: PROBABILITIES[name]}


@pytest.mark.timeout(600 + 10 * KILLS)
def test_every_accepted_report_ends_once_whatever_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(SEED)
    if not MEASURING:
        monkeypatch.setenv("CHAOS_LEASE_SECONDS", str(SHORT_LEASE_SECONDS))
    with stage(replicas=REPLICAS + SPARE, slots=4, failpoints=failpoints) as scene:
        with scene.load(per_second=LOAD, seed=SEED):
            break_servers(scene, chance)
            calm_since = time()
            kill_replicas(scene, chance, until=KILLS)
            await_failpoints(scene)
        found = scene.finish()
        deaths = {death.pid: death.at for death in scene.cluster.deaths if death.at > calm_since}
        seconds = [s for changes in scene.history().values() for s in audit.takeovers(changes, deaths)]
        too_late = late(scene, deaths)
    where = Counter(death.where for death in scene.cluster.deaths)
    scene.promises.faults.update({"replica kills": len(scene.cluster.deaths)})
    scene.promises.tell("takeover after a kill", spread(seconds))
    scene.promises.tell(
        "accepted reports lost", f"{found.completed} of {found.accepted} complete; deaths: {dict(where)}"
    )
    assert set(where) == {*FAILPOINTS, "SIGKILL"}
    assert not MEASURING or max(seconds) <= 40, too_late


def break_servers(scene: Scene, chance: random.Random) -> None:
    """Redis killed, Redis emptied, Postgres killed, in turns, while reports run."""
    faults = {
        "Redis kills": lambda: scene.servers.restart("redis"),
        "FLUSHALLs": scene.servers.flush,
        "Postgres kills": lambda: scene.servers.restart("postgres", chance.choice([signal.SIGKILL, signal.SIGQUIT])),
    }
    for name in [*faults] * SERVER_FAULTS:
        sleep(chance.uniform(0.5, 2))
        faults[name]()
        scene.promises.faults[name] += 1


def kill_replicas(scene: Scene, chance: random.Random, *, until: int) -> None:
    """Kill a ready replica again and again; those that die by themselves count."""
    while len(scene.cluster.deaths) < until:
        replica = chance.choice(scene.cluster.wait_ready(REPLICAS))
        sleep(chance.uniform(0, 1))
        scene.cluster.kill(replica)


def await_failpoints(scene: Scene) -> None:
    """Wait until a replica has died at each failpoint; those that cannot die at a missing one make way for the next."""
    deadline = monotonic() + FAILPOINT_SECONDS
    while (missing := {*FAILPOINTS} - {death.where for death in scene.cluster.deaths}) and monotonic() < deadline:
        for replica in scene.cluster.wait_ready(REPLICAS):
            if missing.isdisjoint(replica.failpoints):
                scene.cluster.kill(replica)
                break
        sleep(0.1)


def late(scene: Scene, deaths: dict[int, float]) -> str:
    """What happened to the reports that were taken over too late."""
    histories = scene.history().items()
    return scene.told(name for name, changes in histories if max(audit.takeovers(changes, deaths), default=0) > 40)
