"""Starts embedded servers again that die or hang while a program uses them, on the port that everybody was told."""

import fcntl
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self

from app.embedded.programs import SERVERS
from app.embedded.server import NoAnswerError
from app.embedded.share import Share
from app.embedded.silence import Silence
from app.errors import EmbeddedServerError

#: Between two looks at the processes, which read a line of /proc each, seconds.
LOOK_SECONDS: Final = 0.5

#: Between two pings of a server that answered the last one, seconds; after one that got nothing comes the next look.
PING_PAUSE_SECONDS: Final = 5.0

#: Between two starts of a server that dies again, doubling from the first to the last, seconds.
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 15.0

_log = logging.getLogger(__name__)


class Watch:
    """Looks after the servers of a share in a thread, for as long as the context is open.

    Every program on a home watches; the start lock lets one of them end what hangs and start what
    has ended, and the others find it.
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
        self._silences = {name: Silence() for name in names}
        self._next_ping = dict.fromkeys(names, monotonic() + PING_PAUSE_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def down(self) -> Sequence[str]:
        """The titles of servers that have died, or were ended because they hung, and do not answer yet."""
        return [SERVERS[name].title.rstrip(",") for name in self._names if not self._is_well(name)]

    def _is_well(self, name: str) -> bool:
        return self._share.pid(name) == self._well[name] and self._share.runs(name)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for name in self._names:
                if self._ended.is_set():
                    return
                try:
                    self._look(name)
                except (OSError, EmbeddedServerError) as error:
                    _log.error("%s is not started again: %s", SERVERS[name].title, error)

    def _look(self, name: str) -> None:
        if self._share.runs(name):
            self._ping(name)
            return
        due, pause = self._due.get(name, (0.0, FIRST_PAUSE_SECONDS))
        if monotonic() >= due:
            with self._lock() as locked:
                if locked:
                    self._due[name] = monotonic() + pause, min(2 * pause, LONGEST_PAUSE_SECONDS)
                    self._start(name)

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Hold the start lock, or give False if another program starts or stops servers at this moment."""
        try:
            fcntl.flock(self._start_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(self._start_lock, fcntl.LOCK_UN)

    def _start(self, name: str) -> None:
        title, port = SERVERS[name].title, self._share.server(name).port
        if self._share.revive(name):
            self._silences[name].note(None)
            _log.warning("%s has ended unexpectedly: it is restarted on port %d", title, port)

    def _ping(self, name: str) -> None:
        """Ask a server whose process is there: now and then if it is well, at each look if it is not."""
        pid, silence = self._share.pid(name), self._silences[name]
        if pid == self._well[name] and monotonic() < self._next_ping[name]:
            return
        try:
            self._share.server(name).ping()
        except NoAnswerError as error:
            silence.note(error)
            if silence.is_hang:
                self._end(name, pid, str(error))
            return
        silence.note(None)
        self._next_ping[name] = monotonic() + PING_PAUSE_SECONDS
        if pid != self._well[name]:
            _log.warning("%s answers again on port %d", SERVERS[name].title, self._share.server(name).port)
            self._well[name] = pid
            self._due.pop(name, None)

    def _end(self, name: str, pid: int, reason: str) -> None:
        """End a process that hangs; the next look finds it gone."""
        title, silence = SERVERS[name].title, self._silences[name]
        with self._lock() as locked:
            if locked:
                _log.warning("%s hangs (%d pings: %s): process %d is ended", title, silence.pings, reason, pid)
                silence.note(None)
                self._share.end(name, pid)
