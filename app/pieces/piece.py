"""What a piece of a job is, and what it finds where it is done.

A piece travels as the name of a function and JSON: no secrets and no connections, which each process takes from its own
settings. It leaves what it makes as objects in the bucket, below a prefix of its run, and returns their names. Only
names that a finished piece returned are read, so that a piece that was killed leaves orphans, never a mixture.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from app.settings import Settings
from app.storage.object_store import ObjectStore


@dataclass(frozen=True, slots=True)
class Place:
    """What a piece finds in the process that does it.

    Attributes:
        settings: of that process.
        store: the bucket.
        folder: empty, the piece's own, gone afterwards.
    """

    settings: Settings
    store: ObjectStore
    folder: Path


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a job that can be done anywhere.

    Attributes:
        function: ``module:name`` of a function of (Place, arguments) that returns JSON.
        arguments: JSON.
    """

    function: str
    arguments: Mapping[str, Any]

    def done(self, place: Place) -> Any:
        """Do it here; returns what the function returns."""
        module, _, name = self.function.partition(":")
        function: Callable[[Place, Mapping[str, Any]], Any] = getattr(import_module(module), name)
        return function(place, self.arguments)


def piece_of(function: Callable[[Place, Mapping[str, Any]], Any], arguments: Mapping[str, Any]) -> Piece:
    """The piece that calls a function of a module."""
    return Piece(f"{function.__module__}:{function.__name__}", arguments)


class Runner(Protocol):
    """Does pieces, here or elsewhere."""

    def run(self, pieces: Iterable[Piece]) -> Generator[tuple[int, Any]]:
        """The number of each piece with what it returned, in the order in which they end.

        A piece is asked for when it can be done at once, so that what it reads may be made then.
        To close it ends what is still running.
        """
