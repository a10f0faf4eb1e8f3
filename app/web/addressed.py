"""The address of a request as routes know it, that of an answer as clients do: a proxy may put a path before both."""

import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Paths that end in what the client chose, in which a slash counts.
_CHOSEN: Final = re.compile(r"(?:/console)?/(?:entities/[^/]+|echo)/.")


class Addressed:
    """ASGI middleware: takes paths with and without the root path, and ignores slashes at their end.

    Every ``Location`` that begins with a slash gets the root path, so that routes need not know it.
    """

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = scope.get("root_path") or self._root_path  # another ASGI server may have one of its own
        path = _own(scope["path"], root)
        scope = {**scope, "root_path": root, "path": root + path}

        async def answer(message: Message) -> None:
            if root and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                place = headers.get("Location", "")
                if place.startswith("/"):
                    headers["Location"] = root + place
            await send(message)

        await self._app(scope, receive, answer if root else send)


def _own(path: str, root: str) -> str:
    """A path without the root path, if it has that, and without a slash at its end."""
    if path == root or path.startswith(f"{root}/"):
        path = path.removeprefix(root)
    return path if _CHOSEN.match(path) else path.rstrip("/") or "/"
