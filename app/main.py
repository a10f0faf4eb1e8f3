"""The application for any ASGI server: ``uvicorn app.main:app``.

It opens the servers of the settings when it starts and closes them when it stops, as ``openhours serve`` does. That
command also goes on answering for a while after SIGTERM, which an ASGI server does not tell its application of. Under
uvicorn its connections have the limits of ``serve``, too (app/web/bounds.py); under another server, that one's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from app.commands import opening
from app.commands.failures import TOLD, told
from app.errors import SetupError
from app.web.application import create_app
from app.web.bounds import Bounds, can_be_bounded, config_behind, show_peers
from app.web.limits import process_limits

_log = logging.getLogger(__name__)


class Application:
    """Speaks ASGI. Nothing is read, started or connected to before the lifespan begins."""

    def __init__(self) -> None:
        self._served: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a lifespan that cannot begin fails with the words that ``serve`` has for it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._served is None:
            raise SetupError("The lifespan of the application has not started: enable it in the ASGI server.")
        else:
            await self._served(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                self._served = await stack.enter_async_context(_opened())
            except TOLD as error:
                message = "\n".join(f"{code}: {words}" for code, words in told(error))
                await send({"type": "lifespan.startup.failed", "message": message})
                return
            await stack.enter_async_context(_bounded(receive))
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def _opened() -> AsyncIterator[ASGIApp]:
    settings = opening.settings(server=True)
    with opening.resources(settings, server=True) as (_, resources):
        served = create_app(resources, slots=settings.slots)
        async with served.router.lifespan_context(served):
            yield served


@asynccontextmanager
async def _bounded(receive: Receive) -> AsyncIterator[None]:
    """The limits of connections, as far as the server lets its application have them."""
    config = config_behind(receive)
    if config is not None:
        show_peers(config)
    if config is None or not can_be_bounded(config):
        _log.warning(
            "this ASGI server sets the limits for connections; docs/deployment.md describes what to put in front"
        )
        yield
        return
    bounds = Bounds(process_limits())
    bounds.apply_to(config)
    watching = asyncio.create_task(bounds.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


app = Application()
