"""Where the bytes of a raw file come from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable

from app.ingest.refusal import refusal
from app.mapping.records import Place, Records


class Source(Protocol):
    """A raw file, which can be read more than once."""

    @property
    def name(self) -> str:
        """The file's own name, for messages."""

    def open(self) -> IO[bytes]:
        """A new stream of its bytes, perhaps compressed; only ``read(n)`` and ``close()`` are used."""


@runtime_checkable
class RecordSource(Protocol):
    """A source whose records are not read out of a stream of bytes, but found by expressions."""

    def records(self, places: Sequence[Place]) -> Iterator[Records]:
        """What the places hold in each record, a block at a time."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on this machine; messages name it ``shown_as`` or, without that, by its file name."""

    path: Path
    shown_as: str = ""

    @property
    def name(self) -> str:
        return self.shown_as or self.path.name

    def open(self) -> IO[bytes]:
        """A new stream.

        Raises:
            RejectedFile: the file cannot be opened.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise refusal("unreadable", f"{self.name} cannot be read: {error.strerror}.") from error


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """The stream of the source; closes it at the end."""
    stream = source.open()
    try:
        yield stream
    finally:
        stream.close()
