"""A file of a report or a dataset, and how it is downloaded: whole or not at all."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import httpx2

from openhours.connection import client_errors
from openhours.errors import DownloadFailed, InvalidInput
from openhours.whole_files import written_whole

#: A file at the server itself, whatever the address at which the server believes to be.
_AT_SERVER: Final = re.compile(r"/(?:reports|datasets)/[0-9a-f]{32}/files/[^/?#]+$")


@dataclass(frozen=True, slots=True)
class File:
    """A file as a poll names it.

    Attributes:
        name: such as ``uptime.csv``.
        url: presigned link, which ends soon, poll again for a new one; or its address at the server itself.
        bytes: its size.
        rows: rows of a table, or what a chart is drawn of.
        sha256: of its bytes, hexadecimal.
    """

    name: str
    url: str
    bytes: int
    rows: int
    sha256: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "File":
        """A file out of an answer; members that a later server adds are left out."""
        return cls(**{field.name: answer[field.name] for field in fields(cls)})


def download(http: httpx2.Client, file: File, path: Path, *, address: str) -> None:
    """Download a file; it appears under its name only when it is whole.

    Args:
        http: sends the key to the server alone.
        file: a presigned link, or its address at the server.
        path: where to.
        address: of the server.

    Raises:
        ServerUnreachable: the server or its object store does not answer.
        DownloadFailed: it answers with an error, or with other bytes.
        OSError: the file cannot be written; the error names the path.
        InvalidInput: the path is of something else than a file, such as a device, whose place the file would take.
    """
    if path.exists() and not path.is_file():
        raise InvalidInput(f"{path} is there and is no file; give the name of a file")
    digest = hashlib.sha256()
    url = url_at(file.url, address)
    asked = "The server" if url.startswith(f"{address}/") else "The object store"
    with client_errors(url.split("?")[0]), http.stream("GET", url) as response, written_whole(path) as out:
        if response.status_code != 200:
            raise DownloadFailed(f"{asked} answered {response.status_code} for {file.name}.")
        for block in response.iter_bytes():
            digest.update(block)
            out.write(block)
        if digest.hexdigest() != file.sha256:
            raise DownloadFailed(f"{file.name} did not arrive whole: its SHA-256 differs. Poll and download again.")


def url_at(url: str, address: str) -> str:
    """A link as it can be asked for: a file of the server at the address at which it is reached, others as they are."""
    found = _AT_SERVER.search(url)
    return url if found is None else address + found[0]
