"""What all requests and responses of tus have in common, around the routes of uploads."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The protocol, https://tus.io/protocols/resumable-upload
VERSION: Final = "1.0.0"

#: The routes that implement it.
PATH: Final = "/uploads"

#: Methods that a client which can send only POST may name in a header.
OVERRIDABLE: Final = frozenset({"HEAD", "PATCH", "DELETE", "OPTIONS"})

#: Headers of answers that a page of another origin may read, if it may use the API.
EXPOSED: Final = (
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires", "Location", "Retry-After"),
)


class TusHeaders:
    """ASGI middleware: adds the version to every response, and lets a header override the method."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or not is_tus(scope["path"].removeprefix(scope["root_path"])):
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = VERSION
                if message["status"] == 412:
                    headers["Tus-Version"] = VERSION
            await send(message)

        method = Headers(scope=scope).get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and method in OVERRIDABLE:
            scope = {**scope, "method": method}
        await self._app(scope, receive, answer)


def is_tus(path: str) -> bool:
    """Whether a path belongs to uploads."""
    return path == PATH or path.startswith(f"{PATH}/")
