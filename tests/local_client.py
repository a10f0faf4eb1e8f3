"""A client on this machine of an application in this process: Starlette's own makes up a peer and a host."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from anyio.from_thread import BlockingPortal
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, BaseTransport, ByteStream, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

#: Its address.
LOOPBACK = "127.0.0.1"


class LocalClient(TestClient):
    """As a program on this machine asks."""

    def __init__(
        self, app: ASGIApp, *, peer: str = LOOPBACK, base_url: str = "http://localhost", **options: Any
    ) -> None:
        super().__init__(app, base_url=base_url, client=(peer, 50_000), **options)
        inner = ASGITransport(
            _AsServed(app), raise_app_exceptions=options.get("raise_server_exceptions", True), client=(peer, 50_000)
        )
        self._transport = _AtOnce(inner, self._portal_factory)


class _AtOnce(BaseTransport):
    """Gives a request to the thread of the application, and takes the whole answer from it.

    Starlette's own goes to and fro eight times, which takes longer than most requests.
    """

    def __init__(self, inner: ASGITransport, portal: Callable[[], AbstractContextManager[BlockingPortal]]) -> None:
        self._inner, self._portal = inner, portal

    def handle_request(self, request: Request) -> Response:
        request.read()
        with self._portal() as portal:
            return portal.call(self._answered, request)

    async def _answered(self, request: Request) -> Response:
        answer = await self._inner.handle_async_request(request)
        body = b"".join([part async for part in answer.stream])  # as it was sent, perhaps compressed
        return Response(answer.status_code, headers=answer.headers, stream=ByteStream(body))


class _AsServed:
    """An application that learns the port, as from a server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, port = scope["server"]
        scope["server"] = (host, port or (443 if scope["scheme"] == "https" else 80))
        await self._app(scope, receive, send)
