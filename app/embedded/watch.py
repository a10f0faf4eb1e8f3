"""Starts embedded servers again that die while a program uses them, on the port that everybody has been told."""

import fcntl
import logging
from collections.abc import Collection, Sequence
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self

from app.embedded.programs import SERVERS
from app.embedded.server import NoAnswerError
from app.embedded.share import Share
from app.errors import EmbeddedServerError

#: Between two looks at the processes, which read a line of /proc each, seconds.
LOOK_SECONDS: Final = 0.5

#: Between two starts of a server that dies again, doubling from the first to the last, seconds.
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 15.0

_log = logging.getLogger(__name__)


class Watch:
    """Looks after the servers of a share in a thread, for as long as the context is open.

    Every program on a home watches; the start lock lets one of them start what has died, and the others find it.
    """

    def __init__(self, share: Share, start_lock: int, names: Collection[str]) -> None:
        self._share = share
        self._start_lock = start_lock
        self._names = names
        self._ended = Event()
        self._thread = Thread(target=self._run, name="embedded-servers", daemon=True)
        #: The process of each server that answered last; any other is a new one that may still be starting.
        self._well = {name: share.pid(name) for name in names}
        #: For servers that do not answer: when the next start is due, and the pause after it.
        self._due: dict[str, tuple[float, float]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def down(self) -> Sequence[str]:
        """The titles of servers that have died and do not answer yet."""
        return [SERVERS[name].title.rstrip(",") for name in self._names if not self._is_well(name)]

    def _is_well(self, name: str) -> bool:
        return self._share.pid(name) == self._well[name] and self._share.runs(name)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for name in self._names:
                try:
                    self._look(name)
                except (OSError, EmbeddedServerError) as error:
                    _log.error("%s cannot be started again: %s", SERVERS[name].title, error)

    def _look(self, name: str) -> None:
        if self._is_well(name):
            return
        if self._share.runs(name):
            if self._answers(name):
                _log.warning("%s answers again on port %d", SERVERS[name].title, self._share.server(name).port)
                self._well[name] = self._share.pid(name)
                self._due.pop(name, None)
            return
        due, pause = self._due.get(name, (0.0, FIRST_PAUSE_SECONDS))
        if monotonic() >= due and self._locked():
            self._due[name] = monotonic() + pause, min(2 * pause, LONGEST_PAUSE_SECONDS)
            try:
                self._start(name)
            finally:
                fcntl.flock(self._start_lock, fcntl.LOCK_UN)

    def _locked(self) -> bool:
        """Take the start lock, unless another program starts or stops servers at this moment."""
        try:
            fcntl.flock(self._start_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _start(self, name: str) -> None:
        title, port = SERVERS[name].title, self._share.server(name).port
        if self._share.revive(name):
            _log.warning("%s has ended unexpectedly: it is restarted on port %d", title, port)

    def _answers(self, name: str) -> bool:
        try:
            self._share.server(name).ping()
        except NoAnswerError:
            return False
        return True
