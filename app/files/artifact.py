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
