"""What a job leaves behind."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that was made; of a report the first one is its main result."""

    path: Path
    media_type: str
    rows: int
