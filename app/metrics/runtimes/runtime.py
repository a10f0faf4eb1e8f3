"""What is said of a runtime: its name, its version, and whether it is tested or declared."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

How = Literal["tested", "declared"]

#: Of a file that cannot be read, or that calls a workflow elsewhere: it may test any runtime.
UNKNOWN_RUNTIME: Final = "unknown"

#: How many numbers of a version name what is supported as one: Python 3.11, Node 20.
CYCLE_NUMBERS: Final = {"python": 2, "node": 1, "go": 2, "java": 1, "ruby": 2, "php": 2, "dotnet": 1, "rust": 2}

#: Every name of a runtime; all but the last are real ones.
RUNTIMES: Final = (*CYCLE_NUMBERS, UNKNOWN_RUNTIME)

#: Longest text that is read. Sources collect files of less than 48 KiB, so a longer one is not a manifest.
MAX_CHARACTERS: Final = 65_536


class Unknown(Enum):
    """What a text does not say: neither a value nor its absence."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Runtime:
    """One version of a runtime, by one file.

    Attributes:
        runtime: one of RUNTIMES.
        version: as the file writes it, or the lowest of a declared range; None if the file does not tell it.
        how: a workflow tests it, or a manifest declares it.
        path: of the file.
    """

    runtime: str
    version: str | None
    how: How
    path: str


class UnreadableFile(Exception):
    """A text that is not what its name says, or more than is read."""
