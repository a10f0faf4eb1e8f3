"""Runs the web application: in the foreground for ``serve`` and ``worker``, in a thread for ``report`` and ``demo``."""

import asyncio
import gc
import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from signal import SIGTERM
from threading import Event, Thread
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final, cast

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from app.access.principal import Principal
from app.access.secrets import Secret
from app.errors import SetupError
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.routers.dependencies import services_of
from app.storage.resources import Resources
from app.web.application import create_app
from app.web.bounds import Bounds
from app.web.limits import Limits, process_limits

_log = logging.getLogger(__name__)

#: How long HTTP is served after SIGTERM, open requests included, seconds.
HTTP_GRACE_SECONDS: Final = 15

#: How long reports may run on after SIGTERM, seconds.
JOB_GRACE_SECONDS: Final = 60

#: How long the last accepted connections may take to send their request, seconds.
LAST_REQUESTS_SECONDS: Final = 0.5

#: How long the application may take to end after a second signal, seconds.
FORCED_SECONDS: Final = 10

#: Time limit for the start of the server, seconds.
START_SECONDS: Final = 30

#: Time limit for a thread to begin, seconds.
BEGIN_SECONDS: Final = 1


class BoundedServer(uvicorn.Server):
    """An HTTP server that ends connections which take too long or too much: see bounded_config."""

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        cast("Bounds", self.config.http).check(asyncio.get_running_loop().time())
        return await super().on_tick(counter)


class Server(BoundedServer):
    """Shuts down in an order that fails no request.

    At SIGTERM the replica claims no more jobs and reports that it is not ready, but keeps serving for a while, because
    load balancers need some time to notice; then open requests finish, then reports. Ctrl-C does the same
    without waiting: running reports are released. A second signal of either kind ends all waiting.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain_seconds: float) -> None:
        super().__init__(config)
        services = services_of(app)
        self._replica, self._waiters = services.replica, services.waiters
        self._drain_seconds = drain_seconds
        self._terminated_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Record the signal; the event loop acts on it."""
        if sig == SIGTERM and self._terminated_at is None:
            self._terminated_at = monotonic()
            return
        self._replica.hurry()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if self._terminated_at is not None:
            if not self._replica.draining:
                self._replica.drain(grace_seconds=JOB_GRACE_SECONDS)
                _log.info(
                    "stopping: no new jobs are claimed; requests are answered for %g more seconds; %s",
                    self._drain_seconds,
                    _unfinished(self._replica.running()),
                )
                self._waiters.release()  # waiting requests would delay the shutdown
            if monotonic() >= self._terminated_at + self._drain_seconds:
                super().handle_exit(SIGTERM, None)
        if self.should_exit:
            if not self._replica.draining:
                self._replica.drain(grace_seconds=0)
            self._waiters.release()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, answer the open ones, then close.

        uvicorn closes at once: it resets a connection whose request is still in transit, and proxies do not resend
        a POST.
        """
        await asyncio.sleep(0)  # accept pending connections: closing now would reset them, too
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        await asyncio.sleep(LAST_REQUESTS_SECONDS)
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn leaves the application as it is then: its jobs would not be handed back
            with suppress(TimeoutError):
                await asyncio.wait_for(self.lifespan.shutdown(), FORCED_SECONDS)


def _unfinished(jobs: Sequence[str]) -> str:
    """What is told of the jobs that still run."""
    if not jobs:
        return "no job is running"
    return f"running on for {JOB_GRACE_SECONDS} seconds at most: {', '.join(jobs)}"


def serve(
    resources: Resources,
    *,
    host: str,
    port: int,
    slots: int,
    api: bool = True,
    kinds: Mapping[str, ReportKind] = REPORT_KINDS,
) -> None:
    """Serve until SIGINT or SIGTERM; without ``api``, only probes and metrics."""
    app = create_app(resources, slots=slots, api=api, host=host, kinds=kinds)
    with _listening(host, port) as listener:
        pages = "pages at /console, API page at /docs" if api else "probes at /livez and /readyz, metrics at /metrics"
        _log.info("listening on http://%s:%s, %s", host, listener.getsockname()[1], pages)
        drain_seconds = resources.settings.drain_seconds
        gc.freeze()  # what is imported and built by now stays: to look through it kept every request waiting for 0.2 s
        config = _config(app, grace_seconds=HTTP_GRACE_SECONDS - drain_seconds)
        Server(config, app, drain_seconds=drain_seconds).run(sockets=[listener])


@contextmanager
def serving(resources: Resources, *, slots: int, own: tuple[Secret, Principal] | None = None) -> Iterator[str]:
    """Serve on a free loopback port in a thread, for as long as the context is open; yields the address.

    ``own`` is a credential by which whoever opened it may ask, and as whom: the settings may want one.
    """
    with _listening("127.0.0.1", 0) as listener:
        app = create_app(resources, slots=slots, host="127.0.0.1", own=own)
        server = BoundedServer(_config(app, grace_seconds=HTTP_GRACE_SECONDS))
        begun, ended = Event(), Event()

        def run() -> None:
            begun.set()
            try:
                server.run(sockets=[listener])
            finally:
                ended.set()

        try:
            Thread(target=run, name="http").start()
            deadline = monotonic() + START_SECONDS
            while not server.started:
                if ended.is_set() or monotonic() > deadline:
                    raise SetupError("The HTTP server did not start; its log is above.")
                sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            try:
                _wait(begun, ended)
            except KeyboardInterrupt:  # it ends all the same: what it uses is closed next
                _wait(begun, ended)
                raise


def _wait(begun: Event, ended: Event) -> None:
    """Wait for a thread, and again after Ctrl-C: a join that was interrupted takes the thread for ended (CPython 3.11).

    Ctrl-C may also come before the thread has begun.
    """
    if begun.wait(BEGIN_SECONDS):
        ended.wait()


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


def bounded_config(app: ASGIApp, limits: Limits, **options: Any) -> uvicorn.Config:
    """Settings of uvicorn for an application behind a BoundedProtocol."""
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", Bounds(limits)),  # uvicorn only calls it
        ws="none",
        log_config=None,  # app.telemetry.logs is configured, and uvicorn logs through it
        reset_contextvars=True,  # log context of one request must not leak to the next on its connection
        access_log=False,
        proxy_headers=False,  # the application has them, by its settings
        timeout_keep_alive=cast("int", limits.idle_seconds),
        **options,
    )


def _config(app: FastAPI, *, grace_seconds: float) -> uvicorn.Config:
    return bounded_config(app, process_limits(), timeout_graceful_shutdown=max(ceil(grace_seconds), 1), lifespan="on")
