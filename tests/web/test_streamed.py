"""An answer whose source fails in the middle: the client finds it cut off, and the log says why."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest
from starlette.types import Receive, Scope, Send

from app.errors import ObjectStoreUnavailable
from app.routers.streamed import Streamed
from app.web.limits import Limits
from app.web.server import BoundedServer, bounded_config

PATIENCE = 20


async def file(scope: Scope, receive: Receive, send: Send) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"begin"
        raise ObjectStoreUnavailable("The object store does not answer.")

    await Streamed(blocks(), headers={"Content-Length": "100"})(scope, receive, send)


def received() -> bytes:
    """All that comes on a connection until the server closes it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = BoundedServer(bounded_config(file, Limits(), lifespan="off", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with closing(socket.create_connection(listener.getsockname(), PATIENCE)) as connection:
            connection.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b""))
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def test_a_source_that_fails_in_the_middle_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = received()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nbegin")
    (line,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert line.exc_info is None
    assert line.getMessage() == (
        "GET /file: cut off in the middle: object_store_unavailable: The object store does not answer."
    )
