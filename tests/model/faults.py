"""What goes wrong: drawn from the seed, thickly in some runs and thinly in others."""

from collections.abc import Callable
from typing import Any

from tests.model.machines import Machine
from tests.model.scheduler import Host, Killed, Scheduler, Task
from tests.model.servers import Bucket, Engine, Redis, Server
from tests.model.work import Work

#: Until then things go wrong, seconds; what is paused or down may stay so a while longer.
FAULTS_SECONDS = 60

#: Longest pause of a replica or of one of its threads, seconds; a lease lasts a third of it.
LONGEST_PAUSE_SECONDS = 90

#: Longest outage of a server, seconds.
LONGEST_OUTAGE_SECONDS = 40

#: A replica that is gone is started again within, seconds.
LONGEST_ABSENCE_SECONDS = 40


class BrokenOff(BaseException):
    """The API replica that answered a request died over it."""


class Faults:
    """Injects faults into machines, requests and servers.

    Attributes:
        over_at: when the last of them that have begun is over.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        machines: list[Machine],
        clients: Host,
        *,
        servers: tuple[Engine, Redis, Bucket],
        work: Work,
        lossy: bool,
    ) -> None:
        """``lossy``: answers get lost and replicas are told to stop often, and all else goes wrong seldom."""
        self.over_at = float(FAULTS_SECONDS)
        self._scheduler = scheduler
        self._random = scheduler.random
        self._machines = {machine.name: machine for machine in machines}
        self._clients = clients
        self._servers = servers
        self._work = work
        engine, redis, _ = servers
        self._table, self._redis = engine.table, redis
        usual = 0.3 if lossy else 1.0
        rates = (usual * rate for rate in (0.02, 0.02, 0.01, 0.1))
        self._kill, self._pause, self._stall, self._break_off = map(self._rate, rates)
        work.crash_rate = self._rate(usual * 0.3)
        for server in servers:
            server.lost_answers = self._rate(0.25 if lossy else 0.03)
            self._often(2, lambda server=server: self._outage(server))
        self._often(2, self._flush)
        self._often(6, self._repeat)
        self._often(4, self._lose)
        self._often(16 if lossy else 4, self._terminate)
        for machine in machines:
            machine.stopped = lambda machine=machine: self._restart(machine)
        scheduler.before_step = self._before_step
        scheduler.at(FAULTS_SECONDS, self._end)

    def _rate(self, most: float) -> float:
        """Up to ``most``; in half of the runs none at all."""
        return most * max(0.0, self._random.uniform(-1, 1))

    def _often(self, most: int, fault: Callable[[], None]) -> None:
        for _ in range(self._random.randint(-most, most)):
            self._scheduler.at(self._random.uniform(0, FAULTS_SECONDS), fault)

    def _end(self) -> None:
        self._scheduler.note("NO MORE FAULTS")
        self._kill = self._pause = self._stall = self._break_off = self._work.crash_rate = 0.0
        for server in self._servers:
            server.lost_answers = 0.0

    def _before_step(self, task: Task, what: tuple[Any, ...]) -> float:
        """Whether something happens to this task or its host before this step; seconds for which it is held up."""
        draw = self._random.random()
        if task.host is self._clients:
            if draw < self._break_off:
                self._scheduler.note("BROKEN OFF before", *what)
                raise BrokenOff
            return 0
        if draw > self._kill + self._pause + self._stall:
            return 0
        machine = self._machines[task.host.name.partition(".")[0]]
        if draw < self._kill:
            self._scheduler.note("KILLED before", *what)
            machine.kill()
            self._restart(machine)
            raise Killed
        seconds = LONGEST_PAUSE_SECONDS * self._random.random() ** 2
        task.host.troubled_until = max(task.host.troubled_until, self._over_in(seconds))
        if draw < self._kill + self._pause:
            self._scheduler.note(f"PAUSED for {seconds:.0f} s before", *what)
            machine.pause(seconds)
            return seconds
        self._scheduler.note(f"STALLED for {seconds:.0f} s before", *what)
        return seconds

    def _restart(self, machine: Machine) -> None:
        self._scheduler.at(self._over_in(self._random.uniform(0.1, LONGEST_ABSENCE_SECONDS)), machine.start)

    def _outage(self, server: Server) -> None:
        seconds = self._random.uniform(1, LONGEST_OUTAGE_SECONDS)
        self._scheduler.note(f"{type(server).__name__} DOWN for {seconds:.0f} s")
        server.is_down = True
        self._scheduler.at(self._over_in(seconds), lambda: setattr(server, "is_down", False))

    def _flush(self) -> None:
        self._scheduler.note("FLUSHALL")
        self._redis.failed_at = self._scheduler.now
        self._redis.flush()

    def _repeat(self) -> None:
        if self._table.rows:
            report_id = self._random.choice(list(self._table.rows))
            self._scheduler.note("REPEATED entry", report_id)
            self._redis.repeat(report_id)

    def _lose(self) -> None:
        self._scheduler.note("LOST entry")
        self._redis.lose_entry()

    def _terminate(self) -> None:
        machine = self._random.choice(list(self._machines.values()))
        machine.terminate(grace_seconds=self._random.choice([0, 5, 60]))

    def _over_in(self, seconds: float) -> float:
        end = self._scheduler.now + seconds
        self.over_at = max(self.over_at, end)
        return end
