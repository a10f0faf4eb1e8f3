"""The pages of a dataset as a source of records."""

import gzip
import hashlib
import io
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, cast

from app.ingest.pages.envelope import Envelope, unpacked
from app.ingest.pages.plan import PagePlan
from app.ingest.pages.records import Repositories, record_blocks
from app.mapping.records import Place, Records
from app.storage.object_store import ObjectStore

#: How the key of a dataset of pages ends: its objects lie below.
FOLDER: Final = "/"


class PagesSource:
    """The objects below a prefix, in their order; as one stream they are a gzip file of lines.

    Args:
        store: where they are.
        prefix: ends in a slash.
        name: for messages.
        plan: of their stream.
        repositories: as they are called today.

    Attributes:
        read_bytes: of the latest reading, so far.
    """

    def __init__(
        self, store: ObjectStore, prefix: str, *, name: str, plan: PagePlan, repositories: Repositories
    ) -> None:
        self.name = name
        self.read_bytes = 0
        self._store = store
        self._prefix = prefix
        self._plan = plan
        self._repositories = repositories
        self._sha256: str | None = None

    def records(self, places: Sequence[Place]) -> Iterator[Records]:
        """What expressions find in each row, a block at a time."""
        unused = self._plan.unused_children(map(str, places))
        return record_blocks(self._envelopes(unused), self._plan, self._repositories, places)

    def open(self) -> BinaryIO:
        """All bytes as one stream."""
        return cast(BinaryIO, _Joined(self._objects()))

    def sha256(self) -> str:
        """SHA-256 of all bytes, hexadecimal; reads them if that has not been done."""
        if self._sha256 is None:
            for _ in self._objects():
                pass
        assert self._sha256 is not None  # noqa: S101 - set behind the last object; this tells the type checker
        return self._sha256

    def _envelopes(self, unused: Container[str | None]) -> Iterator[Envelope]:
        """Those of one object while a thread gets and unpacks the next one: most of its time others may run."""
        objects = self._objects()
        with ThreadPoolExecutor(1, thread_name_prefix="pages") as pool:
            upcoming = pool.submit(_unpacked, objects)
            while (lines := upcoming.result()) is not None:
                upcoming = pool.submit(_unpacked, objects)
                yield from unpacked(lines, without=unused)

    def _objects(self) -> Iterator[bytes]:
        digest, self.read_bytes = hashlib.sha256(), 0
        for key in sorted(item.key for page in self._store.pages(self._prefix) for item in page):
            content = self._store.get_bytes(key)
            digest.update(content)
            self.read_bytes += len(content)
            yield content
        self._sha256 = digest.hexdigest()


def _unpacked(objects: Iterator[bytes]) -> bytes | None:
    content = next(objects, None)
    return None if content is None else gzip.decompress(content)


class _Joined(io.RawIOBase):
    """Objects, one after the other."""

    def __init__(self, objects: Iterator[bytes]) -> None:
        self._objects = objects
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            content = next(self._objects, None)
            if content is None:
                break
            self._rest += content
        end = len(self._rest) if size < 0 else size
        found, self._rest = self._rest[:end], self._rest[end:]
        return found
