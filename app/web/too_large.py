"""The answer to a body that is too large, as a problem: Starlette's own is plain text if the length is announced."""

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.routers.answers import problem


def install(app: FastAPI, *, limit_bytes: int) -> None:
    """Put it around everything: FastAPI's limit stands outside of all middleware that can be added."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: _Problems(build(), limit_bytes)  # type: ignore[method-assign]


class _Problems:
    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_replaced = False

        async def answer(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                is_replaced = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
                if is_replaced:
                    await self._problem(scope, receive, send)
            if not is_replaced:
                await send(message)

        await self._app(scope, receive, answer)

    async def _problem(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body has more than {self._limit_bytes} bytes, which is the limit."
        answer = problem(code="too_large", title="Request too large", status=413, detail=detail)
        await answer(scope, receive, send)
