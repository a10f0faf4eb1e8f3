"""The Redis of the model answers the queue and the live status as a real one does, whatever they do in which order."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from redis import Redis as RealRedis

from app.jobs import queue as queue_module
from app.jobs.queue import STREAM, Entry, Queue
from app.jobs.status import Live, LiveStatus
from app.storage.resources import Resources
from tests.model.scheduler import Host, Scheduler
from tests.model.servers import Redis

SEQUENCES = 20
STEPS = 40


class Pair:
    """The same queue and status on both; what was taken is kept, oldest first."""

    def __init__(self, *clients: Any) -> None:
        self.clients = clients
        self.queues = [Queue(client) for client in clients]
        self.statuses = [LiveStatus(client) for client in clients]
        self.taken: list[tuple[Entry, ...]] = []

    def step(self, random: Random) -> None:
        """Something at random; the answers must be the same."""
        match random.choice(["add", "take", "take", "done", "done", "abandoned", "depth", "status", "flush"]):
            case "add":
                ids = [random.choice("abc") for _ in range(random.randint(1, 3))]
                self._same([queue.add(*ids) for queue in self.queues])
            case "take" if self.clients[0].xlen(STREAM) or random.random() < 0.1:  # a real one waits long for nothing
                consumer, count = random.choice("xy"), random.randint(1, 2)
                self._keep([queue.take(consumer, count=count, wait_ms=1) for queue in self.queues])
            case "done" if self.taken:
                entries = self.taken.pop(random.randrange(len(self.taken)))
                self._same([queue.done(entry) for queue, entry in zip(self.queues, entries, strict=True)])
            case "abandoned":
                self._keep([queue.take_abandoned("x", count=100) for queue in self.queues])
            case "depth":
                self._same([queue.depth() for queue in self.queues])
            case "status":
                self._status(random)
            case "flush" if random.random() < 0.3:
                real, ours = self.clients
                real.flushall()
                ours.flush()
                self.taken.clear()  # within a millisecond a real one would give their numbers to new entries

    def _status(self, random: Random) -> None:
        report_id, act = random.choice("abc"), random.choice(["update", "forget", "end"])
        live = [Live("loading", random.random())] if act == "update" else []
        for status in self.statuses:
            getattr(status, act)(report_id, *live)
        self._same([[status.get(name) for name in "abc"] for status in self.statuses])

    def _keep(self, answers: list[list[Entry]]) -> None:
        self._same([[entry.report_id for entry in answer] for answer in answers])
        self.taken += zip(*answers, strict=True)

    def _same(self, answers: list[Any]) -> None:
        real, ours = answers
        assert real == ours


@pytest.fixture
def real(resources: Resources) -> Iterator[RealRedis]:
    yield resources.redis
    resources.redis.flushall()


def test_the_redis_of_the_model_answers_as_a_real_one(real: RealRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "ABANDONED_MS", 0)
    steps = 0

    def work() -> None:
        nonlocal steps
        for seed in range(SEQUENCES):
            random = Random(seed)
            real.flushall()
            pair = Pair(real, Redis(scheduler))
            for _ in range(STEPS):
                pair.step(random)
                steps += 1

    scheduler = Scheduler(Random(0))
    scheduler.spawn(Host("here"), "main", work)
    scheduler.run(lambda: steps == SEQUENCES * STEPS, limit_seconds=3600)
    assert steps == SEQUENCES * STEPS
