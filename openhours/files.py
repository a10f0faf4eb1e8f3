"""A file of a report or a dataset, and how it is downloaded: whole or not at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx2

from openhours.connection import client_errors
from openhours.errors import DownloadFailed


@dataclass(frozen=True, slots=True)
class File:
    """A file as a poll names it.

    Attributes:
        name: such as ``uptime.csv``.
        url: presigned link, good for an hour unless the server is set otherwise; poll again for a new one.
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


def download(http: httpx2.Client, file: File, path: Path) -> None:
    """Download a file; it appears under its name only when it is whole.

    Raises:
        ServerUnreachable: the object store does not answer.
        DownloadFailed: it answers with an error, or with other bytes.
    """
    digest = hashlib.sha256()
    part = path.with_name(path.name + ".part")
    try:
        with client_errors(file.url.split("?")[0]), http.stream("GET", file.url) as response, part.open("wb") as out:
            if response.status_code != 200:
                raise DownloadFailed(f"The object store answered {response.status_code} for {file.name}.")
            for block in response.iter_bytes():
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != file.sha256:
            raise DownloadFailed(f"{file.name} did not arrive whole: its SHA-256 differs. Poll and download again.")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
