"""Stands in for whoever keeps the files: notes what it is told, and refuses when it is asked to."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.errors import OpenhoursError
from app.resources import Resources
from app.uploads.hooks import Hooks
from app.uploads.records import Upload


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was handed on."""

    upload: Upload
    raw_key: str
    bytes: int
    sha256: str | None


class Catalogue:
    """Hooks, and what they were told."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.begun: list[tuple[str, str | None]] = []
        self.accepted: list[Accepted] = []
        self.dispatched: list[str] = []
        self.dropped: list[str] = []
        self.refusal: OpenhoursError | None = None
        self.refusal_at_end: OpenhoursError | None = None
        self.hooks = Hooks(accept=self._accept, begin=self._begin, drop=self._drop, keeps=self._keeps)

    def stored(self, accepted: Accepted) -> bytes:
        """The raw object, from S3."""
        return self._resources.object_store.get_bytes(accepted.raw_key)

    def objects(self) -> set[str]:
        """Every key of the bucket."""
        return {item.key for page in self._resources.object_store.pages("") for item in page}

    def multiparts(self) -> int:
        """Uploads in parts that S3 knows."""
        store = self._resources.object_store
        return sum(len(page.get("Uploads", ())) for page in store._pages_of_uploads(""))

    def uploads(self) -> list[str]:
        """Ids of the rows."""
        with self._resources.engine.connect() as connection:
            return list(connection.scalars(text("SELECT id FROM upload ORDER BY id")))

    def _begin(self, _: Connection, upload: Upload, sha256: str | None) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append((upload.id, sha256))

    def _accept(
        self, _: Connection, upload: Upload, raw_key: str, size_bytes: int, sha256: str | None
    ) -> Callable[[], None]:
        if self.refusal_at_end is not None:
            raise self.refusal_at_end
        self.accepted.append(Accepted(upload, raw_key, size_bytes, sha256))
        return lambda: self.dispatched.append(upload.id)

    def _drop(self, _: Connection, upload: Upload) -> None:
        self.dropped.append(upload.id)

    def _keeps(self, _: Connection, upload_id: str) -> bool:
        return upload_id in {each for each, _ in self.begun} and upload_id not in self.dropped


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
