"""The files that pages load: of this service alone, at addresses that change with their content."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from app.routers.needs import open_to_all

FOLDER: Final = Path(__file__).parent / "static"

PATH: Final = "/static/{digest}/{name:path}"

#: Content types by the end of a name. Licences stand beside the files, and are as open as they are.
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}

#: A browser keeps a file for a year: another content has another address.
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file in memory.

    Attributes:
        digest: the first eight hexadecimal digits of its SHA-256.
        content: bytes.
        media_type: of the answer.
    """

    digest: str
    content: bytes
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All files by their names, relative to the folder."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in TYPES:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:8]
            found[path.relative_to(FOLDER).as_posix()] = StaticFile(digest, content, TYPES[path.suffix])
    return found


def address_of(name: str) -> str:
    """Where a file is.

    Raises:
        KeyError: there is none of that name.
    """
    return f"/static/{static_files()[name].digest}/{name}"


@open_to_all
def static_file(request: Request) -> Response:
    """A file. A page of another version may ask for an address that is not ours during an update: it gets our file."""
    name = request.path_params["name"]
    file = static_files().get(name)
    if file is None:
        raise HTTPException(404)
    is_current = request.path_params["digest"] == file.digest
    headers = {"Cache-Control": _FOR_EVER if is_current else "no-cache", "Vary": "Accept-Encoding"}
    content = file.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = _compressed(name)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=file.media_type, headers=headers)


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(static_files()[name].content, mtime=0)
