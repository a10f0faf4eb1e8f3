"""Around every request: measure its duration, and while draining, accept no new requests on old connections."""

from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.replica.replica import Replica
from app.telemetry.metrics import REQUEST_SECONDS


class RequestMetrics:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, replica: Replica) -> None:
        self._app = app
        self._replica = replica

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = perf_counter(), 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._replica.draining:
                    # A proxy that kept this connection would send its next request during our shutdown.
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            route = scope.get("route")
            path = "other" if route is None else route.path
            if b"wait=" in scope["query_string"]:
                path += "?wait"  # takes as long as the client asks
            REQUEST_SECONDS.labels(scope["method"], path, status).observe(perf_counter() - begin)
