"""Answers whose bytes are read while they are sent, and which may fail in the middle."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.errors import OpenhoursError

#: What uvicorn says when it cuts the connection of an answer without an end, whose reason is told here.
NO_NEWS: Final = "ASGI callable returned without completing response."

_log = logging.getLogger(__name__)


class Streamed(StreamingResponse):
    """Is cut off where its source fails: the status is sent, and only a connection that ends early tells the client."""

    def __init__(
        self,
        blocks: AsyncIterator[bytes] | Iterator[bytes],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        *,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """``ended`` is called when it has ended, however that came: sent, cut off, or failed."""
        super().__init__(blocks, status_code=status, headers=headers, media_type=media_type)
        self._ended = ended
        self._asked = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self._asked = f"{scope['method']} {scope['path']}"
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()

    async def stream_response(self, send: Send) -> None:
        """Without its last message if the source fails, upon which the server cuts the connection."""
        try:
            await super().stream_response(send)
        except OpenhoursError as error:
            _log.warning("%s: cut off in the middle: %s: %s", self._asked, error.code, error.message)


def tells_news(record: logging.LogRecord) -> bool:
    """A filter for uvicorn's log."""
    return record.msg != NO_NEWS
