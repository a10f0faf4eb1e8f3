"""A client on this machine of an application in this process: Starlette's own makes up a peer and a host."""

from typing import Any

from fastapi.testclient import TestClient
from starlette.types import ASGIApp

#: Its address.
LOOPBACK = "127.0.0.1"


class LocalClient(TestClient):
    """As a program on this machine asks."""

    def __init__(
        self, app: ASGIApp, *, peer: str = LOOPBACK, base_url: str = "http://localhost", **options: Any
    ) -> None:
        super().__init__(app, base_url=base_url, client=(peer, 50_000), **options)
