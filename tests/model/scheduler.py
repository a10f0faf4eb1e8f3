"""Virtual time, and tasks that take turns in it: which one goes on when is drawn from one seeded generator.

A task is a greenlet: the code of the replicas runs as it is, and wherever it would wait for a server, a lock or the
clock it hands control to the scheduler instead. A host is a machine: its tasks stop for good when it is killed, and
for a while when it is paused.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any, NoReturn

from greenlet import getcurrent, greenlet


class Violation(AssertionError):
    """Something that must hold did not; ``kind`` says what in a word."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Killed(BaseException):
    """Thrown into the tasks of a host that was killed; nothing catches it but the task itself."""


class Host:
    """A machine with its tasks; until ``troubled_until`` it, or a thread of it, was or is held up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.paused_until = 0.0
        self.troubled_until = 0.0
        self.tasks: list[Task] = []


class Task(greenlet):
    """One thread of a host; ``turn`` tells the wake-up that counts from those that came too late."""

    def __init__(self, host: Host, name: str, work: Callable[[], None]) -> None:
        super().__init__(self._work)
        self.host = host
        self.name = name
        self.turn = 0
        self.woken = False
        self.work = work

    def _work(self) -> None:
        try:
            self.work()
        except Killed:
            return


class Scheduler:
    """Runs tasks one step at a time.

    Attributes:
        now: seconds since the beginning.
        random: the only source of chance.
        before_step: called at each step with its task and what it is; returns for how many seconds it is held up, or
            raises Killed.
        trace: what happened: when, which host and thread, what.
    """

    def __init__(self, random: Random) -> None:
        self.now = 0.0
        self.random = random
        self.before_step: Callable[[Task, tuple[Any, ...]], float] | None = None
        self.trace: list[tuple[float, str, str, tuple[Any, ...]]] = []
        self._queue: list[tuple[float, int, Task | Callable[[], None], int]] = []
        self._count = 0
        self._hub = getcurrent()
        self._violation: Violation | None = None

    def run(self, until: Callable[[], bool], *, limit_seconds: float) -> bool:
        """Go on until ``until()``, looked at after each event; False when the time ran out or nothing is left."""
        while self._queue and not until():
            at, _, what, turn = heappop(self._queue)
            if at > limit_seconds:
                return False
            if not isinstance(what, Task):
                self.now = at
                what()
            elif what.turn == turn and not what.host.is_dead:
                if what.host.paused_until > at:
                    self._push(what.host.paused_until, what, turn)
                else:
                    self.now = at
                    what.switch()
                    if self._violation is not None:
                        raise self._violation
        return until()

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """Call this at that time, outside every task."""
        self._push(seconds, event, 0)

    def spawn(self, host: Host, name: str, work: Callable[[], None]) -> Task:
        """Begin a task."""
        task = Task(host, name, work)
        task.parent = self._hub
        host.tasks.append(task)
        self._push(self.now, task, 0)
        return task

    def kill(self, host: Host) -> None:
        """End every task of the host where it is. A task that kills its own host must not go on."""
        host.is_dead = True
        self.at(self.now, lambda: self.bury(host))

    def bury(self, host: Host) -> None:
        """End what is left of a dead host's tasks, or of a whole run; not to be called by a task."""
        host.is_dead = True
        for task in host.tasks:
            if task:  # has begun and not ended
                task.throw(Killed)
        host.tasks.clear()

    def step(self, *what: Any, longest_seconds: float = 0.3) -> None:
        """A point at which others may come first, and at which hosts may die: a request to a server."""
        task = self.current()
        # Most answers come at once and few late: requests that were sent together come in any order.
        self._sleep(task, longest_seconds * self.random.random() ** 4)
        if self.before_step is not None and (held_up_seconds := self.before_step(task, what)):
            self._sleep(task, held_up_seconds)
        self.trace.append((self.now, task.host.name, task.name, what))

    def sleep(self, seconds: float) -> None:
        """Let time pass for this task."""
        self._sleep(self.current(), seconds)

    def park(self, seconds: float | None) -> bool:
        """Wait to be woken, at most that long; False when nobody did."""
        task = self.current()
        task.turn += 1
        task.woken = False
        if seconds is not None:
            self._push(self.now + seconds, task, task.turn)
        self._hub.switch()
        if task.host.is_dead:
            raise Killed
        return task.woken

    def wake(self, task: Task) -> None:
        """End a task's waiting."""
        task.woken = True
        task.turn += 1
        self._push(self.now, task, task.turn)

    def violated(self, kind: str, message: str) -> NoReturn:
        """End the run, past whatever the code under test would catch."""
        violation = Violation(kind, message)
        if isinstance(getcurrent(), Task):
            self._violation = violation
            self._hub.switch()
            raise Killed
        raise violation

    def note(self, *what: Any) -> None:
        """Write into the trace."""
        task = getcurrent()
        host, name = (task.host.name, task.name) if isinstance(task, Task) else ("", "")
        self.trace.append((self.now, host, name, what))

    def current(self) -> Task:
        """The task that asks; a dead one asks for nothing any more."""
        task = getcurrent()
        assert isinstance(task, Task), "only tasks wait"
        if task.host.is_dead:
            raise Killed
        return task

    def _sleep(self, task: Task, seconds: float) -> None:
        task.turn += 1
        self._count += 1
        heappush(self._queue, (self.now + seconds, self._count, task, task.turn))
        self._hub.switch()
        if task.host.is_dead:
            raise Killed

    def _push(self, at: float, what: Any, turn: int) -> None:
        self._count += 1
        heappush(self._queue, (at, self._count, what, turn))
