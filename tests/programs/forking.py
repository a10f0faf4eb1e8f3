"""The process that forks them: ``python -W error -m tests.programs.forking SOCKET``, until its input ends."""

import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import warnings
from contextlib import ExitStack, closing, suppress
from typing import Any

from app.files.without_pandas import keep_pandas_out
from tests.programs.ahead import fork_server_ahead

#: What programs, and the fork servers of their jobs, would import first.
IMPORTED = (
    *("app.cli", "app.catalogue.foreground", "app.web.server", "app.embedded.servers", "app.jobs.warm"),
    *("app.commands.administration", "app.commands.data", "app.commands.explain", "app.commands.loading"),
    *("app.commands.report", "openhours.client", "anyio._backends._asyncio", "numpy.ma", "uvicorn.loops.uvloop"),
)

#: Longest request, most of which is the environment, bytes.
LONGEST = 1 << 18


class Forking:
    """Waits for requests and for the ends of programs, in one thread."""

    def __init__(self, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._open: dict[int, ExitStack] = {}

    def close(self) -> None:
        self._selector.close()
        self._listener.close()

    def next_program(self) -> dict[str, Any] | None:
        """What this process, forked, is to run; None in the process that forks, at its end."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return None
                if key.fileobj is not self._listener:
                    key.data()
                elif (wanted := self._asked()) is not None:
                    return wanted

    def _asked(self) -> dict[str, Any] | None:
        channel, _ = self._listener.accept()
        request, files, _, _ = socket.recv_fds(channel, LONGEST, 3)
        if not request:
            channel.close()
            return None
        with warnings.catch_warnings(action="ignore"):  # of the threads of libraries, which none of them holds locks in
            pid = os.fork()
        if pid == 0:
            channel.close()
            self._forget()
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            wanted: dict[str, Any] = json.loads(request)
            return wanted
        for file in files:
            os.close(file)
        channel.send(str(pid).encode())
        self._watch(pid, channel)
        return None

    def _watch(self, pid: int, channel: socket.socket) -> None:
        """Tell how it ended; kill it when nobody wants to know any more."""
        ended = os.pidfd_open(pid)
        self._open[pid] = stack = ExitStack()
        stack.callback(os.close, ended)
        stack.callback(channel.close)

        def end() -> None:
            _, status = os.waitpid(pid, 0)
            with suppress(OSError):
                channel.send(str(status).encode())
            self._close(pid, ended, channel)

        def kill() -> None:
            os.kill(pid, signal.SIGKILL)
            self._selector.unregister(channel)

        self._selector.register(ended, selectors.EVENT_READ, end)
        self._selector.register(channel, selectors.EVENT_READ, kill)

    def _close(self, pid: int, ended: int, channel: socket.socket) -> None:
        for file in (ended, channel):
            with suppress(KeyError):
                self._selector.unregister(file)
        self._open.pop(pid).close()

    def _forget(self) -> None:
        """Leave to the process that forks what it watches."""
        for stack in self._open.values():
            stack.close()


def become(wanted: dict[str, Any]) -> None:
    """Run the module as if this process had just been started for it."""
    os.setsid()
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    time.tzset()
    sys.argv = [wanted["module"], *wanted["arguments"]]
    fork_server_ahead()
    try:
        runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int | None):
            _end(ended.code or 0)
        raise
    _end(0)


def _end(code: int) -> None:
    """End as the interpreter does, but leave what was imported as it is: to take it apart takes 0.6 seconds."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what is not closed is told
    with suppress(OSError):  # the interpreter, which tries again, tells that nobody reads
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    keep_pandas_out()
    for name in IMPORTED:
        __import__(name)
    gc.collect()
    gc.freeze()
    with closing(Forking(sys.argv[1])) as forking:
        program = forking.next_program()
    if program is not None:
        become(program)
