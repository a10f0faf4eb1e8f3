"""kill -9 of everything: no accepted report is lost, none shows two results, and takeovers come in time."""

import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep, time

import psutil
import pytest

from tests.chaos import audit
from tests.chaos.conftest import KILLS, MEASURING, Stage
from tests.chaos.failpoints import FAILPOINTS
from tests.chaos.scene import Scene
from tests.chaos.servers import standing_still
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

#: Reports that wait all the time where takeovers are measured: who dies with one of them must not go to their end.
BACKLOG = 1000 if MEASURING else 0

#: Every third fault is another than the death of one replica.
OTHER_FAULTS = 1 / 3

#: How long what is paused stands still: longer than any timeout of a request, seconds.
PAUSE_SECONDS = 8

#: Longest that a backlog may take to be worked off, seconds.
PATIENCE_SECONDS = 900


def failpoints(number: int) -> dict[str, float]:
    """Of five replicas one has none and each other has one of its own."""
    names = [*FAILPOINTS, None]
    name = names[number % len(names)]
    return {} if name is None else {name: PROBABILITIES[name]}


@pytest.mark.chaos
@pytest.mark.timeout(600 + 10 * KILLS)
def test_every_accepted_report_ends_once_whatever_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(SEED)
    if not MEASURING:
        monkeypatch.setenv("CHAOS_LEASE_SECONDS", str(SHORT_LEASE_SECONDS))
    with stage(replicas=REPLICAS + SPARE, slots=4, failpoints=failpoints) as scene:
        with scene.load(per_second=LOAD, seed=SEED):
            break_servers(scene, chance)
            with scene.backlog(BACKLOG):
                calm_since = time()
                break_replicas(scene, chance, until=KILLS)
            await_failpoints(scene)
        found = scene.finish(patience_seconds=PATIENCE_SECONDS)
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


def break_replicas(scene: Scene, chance: random.Random, *, until: int) -> None:
    """Break a ready replica, or something that it needs, again and again; those that die by themselves count."""
    others: Counter[str] = Counter()
    while len(scene.cluster.deaths) + others.total() < until:
        replica = chance.choice(scene.cluster.wait_ready(REPLICAS))
        sleep(chance.uniform(0, 1))
        if chance.random() > OTHER_FAULTS:
            scene.cluster.kill(replica)
        else:
            name, fault = chance.choice([*FAULTS.items()])
            others[name] += 1
            fault(scene, replica.pid)
    scene.promises.faults.update(others)


def kill_fork_server(_: Scene, pid: int) -> None:
    for process in fork_servers(pid):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def pause_fork_server(_: Scene, pid: int) -> None:
    """It stands still, and goes on if it has not been replaced meanwhile."""
    with standing_still(fork_servers(pid)):
        sleep(PAUSE_SECONDS)


def kill_all_replicas(scene: Scene, _: int) -> None:
    """Nobody can take over until one of those that follow is there: their deaths count from that moment."""
    begin = time()
    for replica in scene.cluster.ready():
        scene.cluster.kill(replica)
    scene.cluster.wait_ready(1)
    scene.cluster.postpone_deaths(since=begin)


def kill_backend(scene: Scene, _: int) -> None:
    """One process of Postgres dies; it ends all others and recovers."""
    scene.servers.crash_postgres()


def pause_redis(scene: Scene, _: int) -> None:
    with scene.servers.paused("redis"):
        sleep(PAUSE_SECONDS)


def fork_servers(pid: int) -> list[psutil.Process]:
    """The processes from which a replica forks those of its reports."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(pid).children()
        return [child for child in children if any("forkserver" in part for part in _command(child))]
    return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


#: What else breaks, by the name in the table of promises.
FAULTS: dict[str, Callable[[Scene, int], None]] = {
    "fork server kills": kill_fork_server,
    "fork server pauses": pause_fork_server,
    "kills of all replicas at once": kill_all_replicas,
    "crash recoveries of Postgres": kill_backend,
    "Redis pauses": pause_redis,
}


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
