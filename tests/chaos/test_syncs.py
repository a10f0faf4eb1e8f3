"""kill -9 in the middle of syncs, while what they read changes: after two quiet ones the tables equal the truth."""

import random
import signal
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import Connection

from app.jobs import lifecycle
from app.jobs.fork_server import ForkServer
from app.jobs.kind import JobContext
from app.jobs.lifecycle import Claim
from app.series.turns import wait_for_turn
from app.settings import Settings
from app.sources.service import SourceService
from app.sources.sync import SYNC_JOB, SyncParams
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.chaos.conftest import KILLS
from tests.sources.histories import STREAMS, history

#: Rounds, each with a kill.
ROUNDS = max(KILLS // 2, 4)

#: A sync of this world takes about so long, seconds.
LONGEST_SECONDS = 3.0

SEED = 20240102


def sync_in_a_process(database_url: str, settings: Settings, store: StoreAddress, claim: Claim, folder: Path) -> None:
    """Entry of a process that syncs, and then waits until it is killed."""

    def fence(connection: Connection) -> None:
        lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt)

    context = JobContext(
        engine=build_engine(database_url, pool_size=4),
        settings=settings,
        store=store,
        folder=folder,
        prefix="",
        progress=lambda *_: None,
        job_id=claim.id,
        fence=fence,
    )
    SYNC_JOB.produce(context, SyncParams.model_validate(claim.params))
    sleep(60)


def claimed(resources: Resources) -> Claim | None:
    """The sync that was killed, or the next one."""
    with resources.engine.begin() as connection:
        return lifecycle.claim_next(connection, owner="here", kinds=[SYNC_JOB.name])


@pytest.mark.chaos
@pytest.mark.timeout(180 + 20 * ROUNDS)
def test_syncs_that_are_killed_at_any_moment_lose_nothing_and_repeat_nothing(
    resources: Resources, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    processes = ForkServer({SYNC_JOB.name: SYNC_JOB}).context
    store = resources.object_store.address
    with history(resources, SEED, streams=list(STREAMS), repositories=1, steps=40) as lived:
        for number in range(ROUNDS):
            lived.to_come = 10
            if number % 3 == 0:  # else the sync that was killed before goes on
                SourceService(resources).sync(lived.name)
            lived.pass_seconds(300)
            lived.take_over()
            claim = claimed(resources)
            if claim is None:
                continue
            arguments = (resources.database_url, resources.settings, store, claim, tmp_path)
            process = processes.Process(target=sync_in_a_process, args=arguments)
            process.start()
            sleep(chance.uniform(0, LONGEST_SECONDS))
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
            with resources.engine.begin() as connection:
                wait_for_turn(connection)  # Postgres ends the transaction of who was killed a little later
        lived.take_over()
        lived.go_on()
        lived.quiet_syncs()
        assert lived.differences() == []
