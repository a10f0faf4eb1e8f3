"""Runs the web application: in the foreground for ``serve``, beside a command for ``report`` and ``demo``."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Final

import uvicorn

from app.errors import SetupError
from app.main import create_app
from app.resources import Resources

_log = logging.getLogger(__name__)

#: How long requests under way may take once the server is told to stop, seconds.
DRAIN_SECONDS: Final = 15

#: A server that has not started by then does not start, seconds.
START_SECONDS: Final = 30


def serve(resources: Resources, *, host: str, port: int, slots: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    with _listening(host, port) as listener:
        config = _config(resources, slots=slots)
        _log.info("listening on http://%s:%s, API page at /docs", host, listener.getsockname()[1])
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(resources: Resources, *, slots: int) -> Iterator[str]:
    """Serve on a free loopback port in a thread, for as long as the context is open; yields the address."""
    with _listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(_config(resources, slots=slots))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="http")
        thread.start()
        try:
            deadline = monotonic() + START_SECONDS
            while not server.started:
                if not thread.is_alive() or monotonic() > deadline:
                    raise SetupError("The HTTP server did not start; its log is above.")
                sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port or OPENHOURS_PORT."
            ) from error
        listener.listen(1024)
        yield listener


def _config(resources: Resources, *, slots: int) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(resources, slots=slots),
        log_config=None,  # app.logs is configured; uvicorn writes through it
        reset_contextvars=True,  # what one request binds for its log, the next on its connection must not show
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        lifespan="on",
    )
