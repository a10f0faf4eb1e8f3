"""kill -9 in the middle of sealing and unsealing: whoever reads sees the polls of before or of after, never others."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Event, Thread
from time import sleep

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import Engine, text

from app.jobs.cleanup import clean_up
from app.replica.registry import PREFIXES
from app.series import poll_reading
from app.series.entities import STORE, read_entities
from app.series.snapshots import take_snapshot
from app.series.turns import wait_for_turn
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from app.timeline import Micros, from_micros, to_micros
from app.timeline.hourly import Status
from tests.chaos import weeks
from tests.chaos.conftest import KILLS
from tests.chaos.promises import Promises
from tests.series.sealed.weeks import (
    FIRST,
    SECOND,
    STATUSES,
    Poll,
    at,
    bring,
    file_of,
    in_bucket,
    kept,
    sealed,
    some_polls,
)

#: Rounds, each with a kill.
ROUNDS = max(KILLS // 2, 4)

#: Sealing and unsealing these weeks takes about so long, seconds.
LONGEST_SECONDS = 1.5

#: Threads that read all the time, with pauses in which a partition can be dropped, seconds.
READERS = 2
PAUSE_SECONDS = 0.05

SEED = 20240101
STORES = 20
POLLS = some_polls(stores=STORES, each=60)

State = frozenset[Poll]


@dataclass
class Ledger:
    """What has been true: ``known`` is the number of the last state that is committed; one more may be under way."""

    states: list[State]
    known: int = 0
    reads: int = 0
    torn: list[str] = field(default_factory=list)

    def begin(self, late: Poll | None) -> None:
        if late is not None:
            rest = {poll for poll in self.states[-1] if (poll[0], poll[2]) != (late[0], late[2])}
            self.states.append(frozenset({*rest, late}))

    def commit(self) -> None:
        self.known = len(self.states) - 1


def seen(resources: Resources, engine: Engine) -> State:
    """All polls as a report reads them."""
    found: list[Poll] = []

    def consume(number: npt.NDArray[np.integer], when: Micros, status: Status) -> None:
        columns = (number.tolist(), status.tolist(), when.tolist())
        found.extend(
            (everyone.keys[one], STATUSES[said], from_micros(micros))
            for one, said, micros in zip(*columns, strict=True)
        )

    source = poll_reading.PollSource(engine, lambda: resources.object_store)
    with take_snapshot(engine) as snapshot:
        everyone = read_entities(snapshot[0], STORE)
        poll_reading.read(
            source,
            snapshot,
            everyone,
            first=to_micros(at(FIRST, 0)),
            last=to_micros(at(SECOND, 10_000)),
            scope="all",
            connections=2,
            consume=consume,
            progress=lambda _: None,
        )
    return frozenset(found)


@contextmanager
def reading(resources: Resources, ledger: Ledger) -> Iterator[None]:
    """Compare what readers see with what was true at any time while they read."""
    ended = Event()
    engine = build_engine(resources.database_url, pool_size=4 * READERS)

    def loop() -> None:
        while not ended.wait(PAUSE_SECONDS):
            first = ledger.known
            try:
                found = seen(resources, engine)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test fails by it
                ledger.torn.append(repr(error))
                return
            ledger.reads += 1
            if found not in ledger.states[first:]:
                ledger.torn.append(f"{len(found)} polls, {len(found ^ ledger.states[first])} others than before")

    threads = [Thread(target=loop, name="reader") for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        engine.dispose()


def settled(resources: Resources) -> None:
    """Wait until the transaction of a process that was killed has ended."""
    with resources.engine.begin() as connection:
        wait_for_turn(connection)


@pytest.mark.chaos
@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_a_kill_at_any_moment_leaves_the_polls_of_before_or_of_after(
    resources: Resources, tmp_path: Path, promises: Promises
) -> None:
    chance = random.Random(SEED)
    bring(resources, POLLS, tmp_path)
    ledger, outcomes = Ledger([frozenset(POLLS)]), Counter[str]()
    with reading(resources, ledger):
        for number in range(ROUNDS):
            late = next_change(resources, chance, number)
            what: date | Path = file_of([late], tmp_path / "late.csv") if late else next_week(resources)
            ledger.begin(late)
            process = weeks.begun(resources.database_url, resources.object_store.address, what)
            sleep(chance.uniform(0, LONGEST_SECONDS))
            process.kill()
            process.join()
            settled(resources)
            found = frozenset(kept(resources))
            assert found in ledger.states[ledger.known :]
            done = found == ledger.states[-1] if late else what in sealed(resources)
            outcomes[f"{'load' if late else 'seal'} {'done' if done else 'undone'}"] += 1
            if not done:
                process = weeks.begun(resources.database_url, resources.object_store.address, what)
                process.join()
                assert process.exitcode == weeks.DONE
            ledger.commit()
            assert frozenset(kept(resources)) == ledger.states[-1]
    clean_up(resources, {}, prefixes=PREFIXES, orphan_hours=-1)
    with resources.engine.connect() as connection:
        named = connection.scalars(text("SELECT key FROM sealed_object UNION SELECT key FROM unsealed_object")).all()
    left = set(in_bucket(resources)) ^ set(named)
    promises.count("different states of sealed weeks", len(ledger.torn))
    promises.tell("different states of sealed weeks", f"{ROUNDS} kills, {ledger.reads} reports; {dict(outcomes)}")
    assert ledger.torn == []
    assert left == set()
    assert frozenset(kept(resources)) == ledger.states[-1]
    assert ledger.reads > ROUNDS


def next_change(resources: Resources, chance: random.Random, number: int) -> Poll | None:
    """A poll that comes late for a sealed week, if there is one; None: a week is to be sealed."""
    there = sealed(resources)
    if not there or (len(there) == 1 and number % 2):
        return None
    minutes = 7 * chance.randrange(80) + chance.randrange(STORES)
    return f"store {chance.randrange(STORES)}", chance.choice(STATUSES), at(chance.choice(there), minutes)


def next_week(resources: Resources) -> date:
    return next(week for week in (FIRST, SECOND) if week not in sealed(resources))
