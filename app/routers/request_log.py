"""Around every request: measure it, write it to the access log, and while draining, close its connection."""

import logging
from time import perf_counter
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.replica.replica import Replica
from app.telemetry.metrics import REQUEST_SECONDS

#: What asks every few seconds; in the access log only when it fails.
_PROBES: Final = frozenset({"/livez", "/readyz", "/metrics"})

_log = logging.getLogger("app.access")


class RequestLog:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, replica: Replica, access_log: bool) -> None:
        self._app = app
        self._replica = replica
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status, sent = perf_counter(), 500, 0

        async def observe(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._replica.draining:
                    # A proxy that kept this connection would send its next request during our shutdown.
                    MutableHeaders(scope=message)["Connection"] = "close"
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            seconds = perf_counter() - begin
            REQUEST_SECONDS.labels(scope["method"], _route(scope), status).observe(seconds)
            if self._access_log and not (status < 400 and scope["path"].removeprefix(scope["root_path"]) in _PROBES):
                _write(scope, status=status, sent=sent, seconds=seconds)


def _route(scope: Scope) -> str:
    """The path of the route that answered, in a set of its own when the client asked to wait."""
    route = scope.get("route")
    path = "other" if route is None else route.path
    return f"{path}?wait" if b"wait=" in scope["query_string"] else path


def _write(scope: Scope, *, status: int, sent: int, seconds: float) -> None:
    """One line; the query is left out, because it may name what only the client should know."""
    client = scope["client"][0] if scope.get("client") else "-"
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "bytes": sent,
        "client": client,
    }
    _log.info("%s %s %d", scope["method"], scope["path"], status, extra=fields)
