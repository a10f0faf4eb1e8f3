"""Loads in threads of their own, which go on by one block when they are told to."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Semaphore
from typing import Any

from app.ingest.load import Loaded
from app.storage.resources import Resources
from tests.conftest import load_file

#: Whoever waits longer waits for somebody who is held, seconds.
PATIENCE_SECONDS = 20


class SteppedLoad:
    """A load that stands still before each block; everything before that is checked and staged."""

    def __init__(self, pool: ThreadPoolExecutor, resources: Resources, kind: str, path: Path, **options: Any) -> None:
        self._may_go = Semaphore(0)
        self._goes_on = Event()
        self._told: SimpleQueue[str] = SimpleQueue()
        self.blocks = 0
        self.has_ended = False
        self._future: Future[Loaded] = pool.submit(
            self._run, lambda: load_file(resources, kind, path, progress=self._stand, **options)
        )
        self._hear()

    def step(self) -> None:
        """Go on to the next block or to the end."""
        if not self.has_ended:
            self._may_go.release()
            self._hear()

    def finish(self) -> Loaded:
        """Go on to the end; raises what the load raises."""
        self._goes_on.set()
        self._may_go.release()
        return self._future.result(timeout=PATIENCE_SECONDS)

    def _stand(self, _: int) -> None:
        self.blocks += 1
        self._told.put("stands")
        assert self._goes_on.is_set() or self._may_go.acquire(timeout=2 * PATIENCE_SECONDS)

    def _run(self, load: Callable[[], Loaded]) -> Loaded:
        try:
            return load()
        finally:
            self._told.put("ended")

    def _hear(self) -> None:
        self.has_ended = self._told.get(timeout=PATIENCE_SECONDS) == "ended"
