"""The raw object of a table that is ready, of which any span can be read; it may be removed meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.errors import ObjectStoreUnavailable, TableRemoved
from app.series.table_files import TableFile
from app.storage.object_store import ObjectStore, ObjectStream


@dataclass(frozen=True, slots=True)
class StoredTable:
    """The raw object of a table."""

    store: ObjectStore
    file: TableFile

    @property
    def name(self) -> str:
        return self.file.name

    def span(self, first: int, end: int) -> Any:
        """A stream. Raises ObjectStoreUnavailable, TableRemoved, and so do its reads."""
        with self.reading():
            return _Stream(self, self.store.read(self.file.raw_key, span=(first, end)))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Tell an object that is gone, which never comes back, from a store that does not answer."""
        try:
            yield
        except ObjectStoreUnavailable as error:
            if self.store.size(self.file.raw_key) is not None:
                raise
            raise TableRemoved.of(self.file.dataset_id) from error


@dataclass(frozen=True, slots=True)
class _Stream:
    table: StoredTable
    stream: ObjectStream

    def read(self, size: int) -> bytes:
        with self.table.reading():
            return self.stream.read(size)

    def close(self) -> None:
        self.stream.close()
