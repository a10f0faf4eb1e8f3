"""Hooks of the upload service, set by the owner of the files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.uploads.records import Upload

#: Connection, upload, key of the whole file in S3, its bytes, and its SHA-256 when it came in one plain request.
#: Returns what to call after the commit.
Accept = Callable[[Connection, Upload, str, int, str | None], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Announced:
    """What the sender of a new upload has told, and where it sends from.

    Attributes:
        client: as places.client_of has it.
        bytes: length of the file, or a little more; None if it is not known.
        sha256: of the whole file; None if it is not known.
    """

    client: str
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """Called at each step of an upload.

    Attributes:
        options: reads the options of the check from texts by name, among other texts. Raises an OpenhoursError for
            invalid ones.
        begin: in the transaction that records a new upload. May refuse it by raising an OpenhoursError.
        grow: in a transaction of its own, before an upload has so many bytes whose length was not announced. May refuse
            them by raising an OpenhoursError.
        accept: in the transaction that ends it, once for each upload: the file is complete and stays under its key for
            good. May refuse it by raising an OpenhoursError that is not retryable; the file is then removed.
        drop: in the transaction in which an upload ends otherwise: terminated, expired, lost, or interrupted.
        keeps: whether the file of an upload is in use, by its id: begun or accepted, and not dropped since.
    """

    accept: Accept
    options: Callable[[Mapping[str, str]], Mapping[str, Any]]
    begin: Callable[[Connection, Upload, Announced], None]
    grow: Callable[[Connection, Upload, int], None]
    drop: Callable[[Connection, Upload], None]
    keeps: Callable[[Connection, str], bool]
