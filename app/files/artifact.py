"""The files that a job produces."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: What a file can be.
MediaType = Literal[
    "text/csv",
    "text/html",
    "application/json",
    "application/vnd.apache.parquet",
    "application/vnd.vegalite.v6+json",
    "image/png",
]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a job made; the first one of a report is its main result."""

    path: Path
    media_type: MediaType
    rows: int


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A file of a job that is in S3, as its record keeps it.

    A job whose files are larger together than the disk stores each when it is made, below the prefix of its attempt,
    and returns these in place of files. ``key`` ends with ``name``; ``sha256`` is hexadecimal.
    """

    name: str
    key: str
    media_type: str
    bytes: int
    rows: int
    sha256: str
