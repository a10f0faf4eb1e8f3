"""Files that go through the service: as they are in S3, in blocks, to a bounded number of readers."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from time import monotonic
from typing import Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from app.access.principal import actor
from app.errors import ReplicaUnavailable
from app.files.artifact import StoredArtifact
from app.routers.answers import problem
from app.routers.byte_range import selected
from app.routers.store_threads import StoreThreads
from app.routers.streamed import Streamed

#: Downloads that one process serves at a time; each holds a block and one of the 32 pooled connections to S3.
MOST: Final = 24

#: Of these, those of one principal.
MOST_OF_ONE: Final = 8

#: A reader that takes longer for a block of 64 KiB is cut off, seconds. One that takes nothing is cut off sooner, see
#: app/web/limits.py.
BLOCK_SECONDS: Final = 60.0

#: When to ask again, seconds.
RETRY_SECONDS: Final = 5

#: What a file name may be of without being encoded; anything else could end the header, or lead out of a folder.
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._ -]")

#: Opens a file, or a span of it: returns its blocks. Called in a thread.
Open = Callable[[tuple[int, int] | None], Iterator[bytes]]


class Downloads:
    """Those of one process."""

    def __init__(self) -> None:
        self._threads = StoreThreads()
        self._open: Counter[str] = Counter()

    async def answer(self, request: Request, artifact: StoredArtifact, open_: Open) -> Response:
        """The answer to GET or HEAD of a file.

        Raises:
            ReplicaUnavailable, ObjectStoreUnavailable: it cannot be read now.
        """
        etag = f'"{artifact.sha256}"'
        wanted = selected(request.headers, etag=etag, size=artifact.bytes, is_head=request.method == "HEAD")
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
        if wanted.status == 304:
            return Response(status_code=304, headers=headers)
        if wanted.status == 416:
            return _out_of_range(artifact)
        first, end = wanted.span or (0, artifact.bytes)
        headers |= {"Content-Length": str(end - first), "Content-Disposition": disposition(artifact.name)}
        headers["Content-Type"] = artifact.media_type
        if wanted.span is not None:
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{artifact.bytes}"
        if request.method == "HEAD":
            return Response(status_code=200, headers=headers)
        return await self._stream(partial(open_, wanted.span), wanted.status, headers)

    async def _stream(self, open_: Callable[[], Iterator[bytes]], status: int, headers: dict[str, str]) -> Response:
        who = actor().name
        self._take_place(who)
        try:
            source = await self._threads.run(open_)
            blocks = await self._threads.blocks(source)
        except BaseException:
            self._leave(who)
            raise
        return Streamed(self._paced(blocks), status, headers, ended=partial(self._end, who, source))

    async def _paced(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for block in blocks:
            given_at = monotonic()
            yield block
            if monotonic() - given_at > BLOCK_SECONDS:
                raise ReplicaUnavailable("The client reads the file too slowly.")  # which cuts the connection

    def _take_place(self, who: str) -> None:
        if self._open.total() >= MOST or self._open[who] >= MOST_OF_ONE:
            error = ReplicaUnavailable(
                f"{self._open[who]} downloads of yours and {self._open.total()} in all are open at this replica; "
                f"allowed are {MOST_OF_ONE} and {MOST}. Try again when one has ended."
            )
            error.retry_after_seconds = RETRY_SECONDS
            raise error
        self._open[who] += 1

    def _leave(self, who: str) -> None:
        self._open[who] -= 1
        self._open += Counter()  # forgets those who have none

    def _end(self, who: str, source: Iterator[bytes]) -> None:
        self._leave(who)
        source.close()  # type: ignore[attr-defined]  # a generator


def disposition(name: str) -> str:
    """The header that has a browser store a file under a name, whatever the name has in it (RFC 6266)."""
    plain = _PLAIN.sub("_", name).lstrip(".") or "file"
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def _out_of_range(artifact: StoredArtifact) -> Response:
    answer = problem(
        code="range_not_satisfiable",
        title="No such bytes",
        status=416,
        detail=f"Range: {artifact.name} has {artifact.bytes} bytes; the requested range lies outside them.",
    )
    answer.headers["Content-Range"] = f"bytes */{artifact.bytes}"
    return answer
