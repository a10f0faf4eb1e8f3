"""The Redis of the model answers the queue and the live status as a real one does, whatever they do in which order."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from redis import Redis as RealRedis

from app.jobs.queue import STREAM, Queue
from app.jobs.status import Live, LiveStatus
from app.storage.resources import Resources
from tests.model.scheduler import Host, Scheduler
from tests.model.servers import Redis

SEQUENCES = 20
STEPS = 40


class Pair:
    """The same queue and status on both."""

    def __init__(self, *clients: Any) -> None:
        self.clients = clients
        self.queues = [Queue(client) for client in clients]
        self.statuses = [LiveStatus(client) for client in clients]

    def step(self, random: Random) -> None:
        """Something at random; the answers must be the same."""
        match random.choice(["add", "add", "wait", "wait", "look", "tidy", "status", "flush"]):
            case "add":
                job_id = random.choice("abc")
                self._same([queue.add(job_id) for queue in self.queues])
            case "wait" if self.clients[0].xlen(STREAM) or random.random() < 0.1:  # a real one waits long for nothing
                self._same([queue.wait(random.choice("xy"), wait_ms=1) for queue in self.queues])
            case "look":
                self._same([queue.wait("x", wait_ms=None) for queue in self.queues])
            case "tidy":
                self._same([queue.tidy() for queue in self.queues])
            case "status":
                self._status(random)
            case "flush" if random.random() < 0.3:
                real, ours = self.clients
                real.flushall()
                ours.flush()
        self._same([client.xlen(STREAM) for client in self.clients])

    def _status(self, random: Random) -> None:
        job_id, act = random.choice("abc"), random.choice(["update", "forget", "end"])
        kind = random.choice(["dummy", "other"])
        live = [Live("loading", random.random())] if act == "update" else []
        for status in self.statuses:
            getattr(status, act)(job_id, *live, **({"kind": kind} if live else {}))
        self._same([[status.get(name, ("dummy",)) for name in "abc"] for status in self.statuses])

    def _same(self, answers: list[Any]) -> None:
        real, ours = answers
        assert real == ours


@pytest.fixture
def real(resources: Resources) -> Iterator[RealRedis]:
    yield resources.redis
    resources.redis.flushall()


def test_the_redis_of_the_model_answers_as_a_real_one(real: RealRedis) -> None:
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
