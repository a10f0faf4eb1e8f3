"""Ends waits for a Postgres that stands still with open connections: a paused machine, a stopped process, a hung disk.

Its kernel acknowledges what comes, so no timeout of the network ends such a wait, and the driver has none of its own. A
thread shuts the socket of a connection that waits for too long, which the driver then finds closed.
"""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, RLock, Thread
from time import monotonic
from typing import Any, Final, TypeVar

import psycopg2
from psycopg2.extensions import connection, cursor
from sqlalchemy import Engine, PoolProxiedConnection, QueuePool, event

from app.errors import DatabaseUnavailable

T = TypeVar("T")

#: After so long without any answer, on any connection, Postgres counts as silent, seconds.
SILENT_SECONDS: Final = 5.0

#: How long a statement waits while nothing at all is answered, seconds.
PATIENCE_SECONDS: Final = 10.0

#: How much longer than the longest statement one waits if others are answered: its session alone hangs, seconds.
GRACE_SECONDS: Final = 3.0

#: While Postgres is silent, one question is let through in this time, to see whether it still is, seconds.
RETRY_SECONDS: Final = 1.0

#: Between two looks at what waits, seconds.
LOOK_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Wait:
    """A question to Postgres that has no answer yet; without a connection, that for a new one."""

    connection: "_Connection | None"
    began: float
    is_cut: bool = False


class Waits:
    """What the connections of an engine wait for now, and whether Postgres answers anything at all."""

    def __init__(self, statement_seconds: float) -> None:
        """``statement_seconds``: after which Postgres, while it works, ends a statement itself."""
        self._longest = statement_seconds + GRACE_SECONDS
        # One that a thread may take twice: it may collect garbage while it has it, and so roll back a transaction.
        self._lock = RLock()
        self._waiting: set[_Wait] = set()
        self._answered_at = monotonic()
        self._is_silent = False
        self._next_try = 0.0
        self._ended = Event()
        self._thread: Thread | None = None

    def of(self, engine: Engine) -> None:
        """Watch the connections of an engine from the first one on, until it is disposed of."""

        def connect(_: Any, __: Any, arguments: Any, named: Any) -> _Connection:
            self._watch()
            how = {**named, "connection_factory": _Connection, "cursor_factory": _Cursor}
            made: _Connection = self.ask(None, psycopg2.connect, *arguments, **how)
            made.waits, made.socket_id = self, _socket_id(made.fileno())
            return made

        event.listen(engine, "do_connect", connect)
        event.listen(engine, "engine_disposed", lambda _: self._stop())

    def pool(self) -> type[QueuePool]:
        """A pool that refuses at once while Postgres is silent."""
        let_in = self._let_in

        class Pool(QueuePool):
            __module__ = QueuePool.__module__  # by which it is called in the log, where only warnings are wanted

            def connect(self) -> PoolProxiedConnection:
                let_in()
                return super().connect()

        return Pool

    def ask(self, of: "_Connection | None", call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call what waits for Postgres; an OperationalError if the wait was ended here."""
        wait, is_answer = _Wait(of, monotonic()), False
        with self._lock:
            self._waiting.add(wait)
        try:
            answer = call(*arguments, **named)
            is_answer = True
        except psycopg2.Error as error:
            if wait.is_cut:
                raise psycopg2.OperationalError(_WORDS.format(monotonic() - wait.began)) from error
            is_answer = error.pgcode is not None
            raise
        else:
            return answer
        finally:
            with self._lock:
                self._waiting.discard(wait)
                if is_answer:
                    self._answered_at = monotonic()
                    self._is_silent = False

    def _let_in(self) -> None:
        """Raise DatabaseUnavailable while Postgres is silent, except now and then, to see whether it still is.

        Else each request would wait for as long as those that found out, until every thread waits.
        """
        if not self._is_silent:
            return
        with self._lock:
            now = monotonic()
            if self._is_silent and now < self._next_try:
                raise DatabaseUnavailable(_WORDS.format(now - self._answered_at))
            self._next_try = now + RETRY_SECONDS

    def _watch(self) -> None:
        with self._lock:
            if self._thread is None:
                self._ended = Event()
                self._thread = Thread(target=self._run, args=(self._ended,), name="silent-postgres", daemon=True)
                self._thread.start()

    def _stop(self) -> None:
        with self._lock:
            self._ended.set()
            self._thread = None

    def _run(self, ended: Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            for seconds in self._look(monotonic()):
                _log.warning("a connection to Postgres is given up: no answer for %.0f seconds", seconds)

    def _look(self, now: float) -> list[float]:
        """Cut what has waited for too long; returns for how long, each."""
        cut = []
        with self._lock:  # so that no wait ends meanwhile
            for wait in tuple(self._waiting):
                seconds, in_silence = now - wait.began, now - max(wait.began, self._answered_at)
                self._is_silent = self._is_silent or in_silence >= SILENT_SECONDS
                is_over = in_silence >= PATIENCE_SECONDS or seconds >= self._longest
                if is_over and not wait.is_cut and wait.connection is not None:  # a new one has a timeout of its own
                    wait.is_cut = True
                    _shut(wait.connection)
                    cut.append(seconds)
        return cut


_WORDS: Final = "Postgres has not answered for {:.0f} seconds; try again in a moment."


class _Cursor(cursor):
    connection: "_Connection"

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name
        self.connection.waits.ask(self.connection, super().execute, query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        self.connection.waits.ask(self.connection, super().executemany, query, vars_list)


class _Connection(connection):
    waits: Waits
    socket_id: tuple[int, int]

    def commit(self) -> None:
        self.waits.ask(self, super().commit)

    def rollback(self) -> None:
        self.waits.ask(self, super().rollback)


def _socket_id(descriptor: int) -> tuple[int, int]:
    """What the kernel gives to no other socket while this one is open; descriptors are soon used again."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _shut(of: _Connection) -> None:
    """Shut the socket of a connection that another thread waits for, unless that closes it at this moment."""
    with suppress(psycopg2.Error, OSError):
        copy = os.dup(of.fileno())
        if _socket_id(copy) != of.socket_id:
            return os.close(copy)
        with socket.socket(fileno=copy) as own:
            own.shutdown(socket.SHUT_RDWR)
    return None
