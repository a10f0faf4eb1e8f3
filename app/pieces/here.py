"""Does pieces one after the other in this process."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.pieces.piece import Piece, Place
from app.settings import Settings
from app.storage.object_store import ObjectStore


@dataclass(frozen=True, slots=True)
class Here:
    """See piece.Runner; each piece has a folder of its own below ``folder``."""

    settings: Settings
    store: ObjectStore
    folder: Path

    def run(self, pieces: Iterable[Piece]) -> Generator[tuple[int, Any]]:
        for number, piece in enumerate(pieces):
            with TemporaryDirectory(dir=self.folder, prefix="piece-") as folder:
                result = piece.done(Place(self.settings, self.store, Path(folder)))
            yield number, result
