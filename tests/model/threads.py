"""Stand-ins for what the worker uses of threading and time, on the scheduler's tasks."""

from collections.abc import Callable
from typing import Any

from tests.model.scheduler import Scheduler, Task


class Waiters:
    """Tasks that wait for the same thing, in order."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._tasks: list[Task] = []

    def wait(self, seconds: float | None) -> bool:
        """Wait to be woken; False when the time ran out."""
        task = self._scheduler.current()
        self._tasks.append(task)
        try:
            return self._scheduler.park(seconds)
        finally:
            if task in self._tasks:
                self._tasks.remove(task)

    def wake_one(self) -> None:
        """Wake the first one that lives."""
        while self._tasks:
            task = self._tasks.pop(0)
            if not task.host.is_dead:
                self._scheduler.wake(task)
                return

    def wake_all(self) -> None:
        """Wake everyone."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if not task.host.is_dead:
                self._scheduler.wake(task)


class Event:
    """As threading.Event."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._waiters = Waiters(scheduler)
        self._is_set = False

    def set(self) -> None:
        self._is_set = True
        self._waiters.wake_all()

    def clear(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        if not self._is_set:
            self._waiters.wait(timeout)
        return self._is_set


class Semaphore:
    """As threading.BoundedSemaphore; with the value 1 also as threading.Lock."""

    def __init__(self, scheduler: Scheduler, value: int = 1) -> None:
        self._waiters = Waiters(scheduler)
        self._scheduler = scheduler
        self._bound = value
        self.value = value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002 - as there
        if self.value:
            self.value -= 1
            return True
        deadline = None if timeout is None or timeout < 0 else self._scheduler.now + timeout
        while self.value == 0:
            left = None if deadline is None else deadline - self._scheduler.now
            if not blocking or (left is not None and left <= 0) or not self._waiters.wait(left):
                return False
        self.value -= 1
        return True

    def release(self) -> None:
        assert self.value < self._bound, "released more often than acquired"
        self.value += 1
        self._waiters.wake_one()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Thread:
    """As threading.Thread, on the host of whoever starts it."""

    def __init__(
        self,
        scheduler: Scheduler,
        target: Callable[..., None],
        name: str,
        args: tuple[Any, ...] = (),
        *,
        daemon: bool,
    ) -> None:
        assert daemon, "a thread that hangs would keep its process from ending"
        self._scheduler = scheduler
        self._work = target, args
        self._name = name
        self._ended = Event(scheduler)

    def start(self) -> None:
        self._scheduler.spawn(self._scheduler.current().host, self._name, self._run)

    def join(self, timeout: float | None = None) -> None:
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        return not self._ended.is_set()

    def _run(self) -> None:
        target, args = self._work
        target(*args)
        self._ended.set()
