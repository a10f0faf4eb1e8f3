"""Writes pages into the raw layer, before anything is made of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from app.ingest.pages.envelope import Envelope, packed
from app.storage.object_store import ObjectStore
from app.uploads.keys import RAW

#: Pages of children that are held before they go into an object without the page of their list, bytes as they came.
_MOST_BYTES: Final = 16 << 20

_MEDIA_TYPE: Final = "application/gzip"


def prefix_of(source_kind: str, stream: str, dataset_id: str, day: datetime) -> str:
    """Where the pages of a dataset lie: nobody else writes there."""
    return f"{RAW}{source_kind}.{stream}/{day:%Y/%m/%d}/{dataset_id}/"


class RawPages:
    """The objects of one stream and one sync.

    Attributes:
        records: items that were taken.
        bytes: of the objects.
    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.records = 0
        self.bytes = 0
        self._store = store
        self._prefix = prefix
        self._held: list[Envelope] = []
        self._held_bytes = 0
        self._objects = 0

    def add(self, children: Iterable[Envelope], size_bytes: int) -> None:
        """Pages of one item's children; ``size_bytes``: about how long they are."""
        self._held += children
        self._held_bytes += size_bytes
        if self._held_bytes >= _MOST_BYTES:
            self._write()

    def close(self, page: Envelope) -> None:
        """The page of the list that they belong to: from here on all of them are kept."""
        self._held.append(page)
        self.records += len(page.taken)
        self._write()

    def drop(self) -> None:
        """Forget the children that are held: their list is not kept."""
        self._held, self._held_bytes = [], 0

    def _write(self) -> None:
        self._objects += 1
        content = packed(self._held)
        self._store.put_bytes(content, f"{self._prefix}{self._objects:06d}.jsonl.gz", media_type=_MEDIA_TYPE)
        self.bytes += len(content)
        self.drop()
