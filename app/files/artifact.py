"""The files that a job produces."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a job made; the first one of a report is its main result."""

    path: Path
    media_type: str
    rows: int
