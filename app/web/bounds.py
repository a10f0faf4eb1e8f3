"""The limits of a server's connections: what makes each of them, and looks at them all."""

import asyncio
import logging
from collections.abc import Collection
from typing import Any, Final, cast

import uvicorn
from starlette.types import Receive
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.routers.streamed import tells_news
from app.web.connections import Connections
from app.web.limits import Limits
from app.web.protocol import BoundedProtocol

#: How often the times of the connections are compared with their limits where the server does not do it, seconds.
LOOK_SECONDS: Final = 0.1

#: The protocols of uvicorn in whose place a BoundedProtocol may be put; whoever chose another wants that one.
_REPLACED: Final = ("auto", "httptools")


class Bounds:
    """Makes the connections of one server; all of them share the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting = Connections(limits.waiting)
        self._open: Collection[object] = ()
        logging.getLogger("uvicorn.error").addFilter(tells_news)

    def __call__(self, **options: Any) -> BoundedProtocol:
        """A connection, as uvicorn asks for one."""
        made = BoundedProtocol(limits=self._limits, waiting=self._waiting, **options)
        self._open = made.connections  # the set that uvicorn keeps of those that are open
        return made

    def apply_to(self, config: uvicorn.Config) -> None:
        """Have a server make these connections from now on, and none of WebSockets: nothing here speaks them."""
        config.http_protocol_class = cast("type[asyncio.Protocol]", self)  # uvicorn only calls it
        config.ws_protocol_class = None
        config.reset_contextvars = True  # log context of one request must not leak to the next on its connection

    def check(self, now: float) -> None:
        """End the connections that take too long; ``now``: of the loop's clock, seconds."""
        for connection in tuple(self._open):
            if isinstance(connection, BoundedProtocol):
                connection.check(now)

    async def watch(self) -> None:
        """Check them until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.check(asyncio.get_running_loop().time())


def config_behind(receive: Receive) -> uvicorn.Config | None:
    """The configuration of the uvicorn whose lifespan this is; None: another server.

    uvicorn looks up what makes a connection, and what answers it, only once its lifespan has begun, and gives the
    lifespan a method of an object that has the configuration.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    return config if isinstance(config, uvicorn.Config) else None


def can_be_bounded(config: uvicorn.Config) -> bool:
    """Whether the connections of this server can be replaced; not if it was told to use another protocol."""
    return config.http in _REPLACED


def show_peers(config: uvicorn.Config) -> None:
    """Have the application see the peer of each connection: its own settings say whose forwarded headers count.

    By default uvicorn believes them of whoever connects from this machine, and hides that machine.
    """
    while isinstance(config.loaded_app, ProxyHeadersMiddleware):
        config.loaded_app = config.loaded_app.app
