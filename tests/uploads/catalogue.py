"""The catalogue, noting what it is told; it refuses when it is asked to."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from app.catalogue.intake import upload_hooks
from app.catalogue.service import DatasetService
from app.errors import OpenhoursError
from app.storage.resources import Resources
from app.uploads.hooks import Announced
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
        self._real = upload_hooks(DatasetService(resources))
        self.hooks = replace(self._real, accept=self._accept, begin=self._begin, drop=self._drop)

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

    def _begin(self, connection: Connection, upload: Upload, announced: Announced) -> None:
        if self.refusal is not None:
            raise self.refusal
        self._real.begin(connection, upload, announced)
        self.begun.append((upload.id, announced.sha256))

    def _accept(
        self, connection: Connection, upload: Upload, raw_key: str, size_bytes: int, sha256: str | None
    ) -> Callable[[], None]:
        if self.refusal_at_end is not None:
            raise self.refusal_at_end
        dispatch = self._real.accept(connection, upload, raw_key, size_bytes, sha256)
        self.accepted.append(Accepted(upload, raw_key, size_bytes, sha256))

        def dispatched() -> None:
            self.dispatched.append(upload.id)
            dispatch()

        return dispatched

    def _drop(self, connection: Connection, upload: Upload) -> None:
        self._real.drop(connection, upload)
        self.dropped.append(upload.id)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
