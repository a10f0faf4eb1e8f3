"""A server of a command's own process."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from app.storage.resources import Resources
from app.web.server import BoundedServer, serving


def test_ctrl_c_while_it_ends_waits_for_its_end(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    shutdown = BoundedServer.shutdown

    async def slowly(self: BoundedServer, sockets: list[socket.socket] | None = None) -> None:
        os.kill(os.getpid(), signal.SIGINT)  # the main thread has it, which waits by now
        await asyncio.sleep(0.3)
        await shutdown(self, sockets)
        ended.append(True)

    monkeypatch.setattr(BoundedServer, "shutdown", slowly)
    with _ctrl_c_interrupts(), pytest.raises(KeyboardInterrupt), serving(resources, slots=0):
        pass
    assert ended == [True]


def test_ctrl_c_while_it_begins_waits_for_its_end(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Thread.start

    def interrupted(self: Thread) -> None:
        start(self)
        if self.name == "http":
            raise KeyboardInterrupt

    monkeypatch.setattr(Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), serving(resources, slots=0):
        raise AssertionError
    for thread in threading.enumerate():
        if thread.name == "http":
            thread.join(5)  # it may be about to return
            assert not thread.is_alive()


@contextmanager
def _ctrl_c_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process that runs tests may ignore it
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
