"""Reads tables: a whole file when it is checked, and later any range of it."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import IO, Any, Final, Protocol

from app.ingest.csv.blocks import Blocks
from app.ingest.csv.unpack import BOM, GZIP, PIECE_BYTES, unpacked
from app.ingest.kind import Raw
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.source import Source, opened
from app.ingest.table.header import table_header
from app.ingest.table.split import Splitter, TableBlock
from app.series.table_files import Start, TableFile

#: Distance of row starts that are kept of a plain file, bytes.
START_BYTES: Final = 64 << 20


class Spans(Protocol):
    """A raw file that can be read from any byte on."""

    @property
    def name(self) -> str:
        """The file's own name, for messages."""

    def span(self, first: int, end: int) -> IO[bytes]:
        """A stream of the bytes from ``first`` on, up to ``end``, which is not among them."""


def read_rows(
    source: Spans,
    file: TableFile,
    start: Start,
    end: int | None,
    *,
    wanted: Sequence[str],
    limits: Limits,
    rejects: Rejects,
    block_bytes: int | None = None,
) -> Generator[TableBlock, None, None]:
    """The rows of a range of a table that was checked.

    Args:
        source: its bytes.
        file: what the check has found.
        start: where the range begins: one of ``file.starts``.
        end: the offset of a later start, or the size of the file; None for a gzip file.
        wanted: columns whose text is wanted.
        limits: those of the check, or wider ones.
        rejects: takes the rows of wrong width or quoting, which are left out.
        block_bytes: size of a block; None: the size at which reading is fastest.

    Raises:
        RejectedFile: the bytes are not those that were checked.
        ObjectStoreUnavailable, TableRemoved: they cannot be read now, or not any more.
    """
    splitter = Splitter(file.columns, wanted=wanted, name=source.name, limits=limits, rejects=rejects)
    first, last = (0, file.bytes) if file.is_packed else (start.offset, file.bytes if end is None else end)
    if first >= last:
        return
    with closing(source.span(first, last)) as stream:
        if file.is_packed:
            pieces = _without(unpacked(stream, source.name, limits, may_be_mapped=False), start.offset)
        else:
            pieces = iter(partial(stream.read, min(PIECE_BYTES, block_bytes or PIECE_BYTES)), b"")
        blocks = Blocks(pieces, source.name, limits, first_line=start.line, block_bytes=block_bytes)
        yield from splitter.rows(blocks, (), start.offset)


class TableCheck:
    """The check of a whole table, in one pass: iterate ``blocks()``.

    Args:
        source: the file.
        columns: names for a file without a header.
        limits: of the file.
        rejects: takes the rows of wrong width or quoting.

    Attributes:
        columns: names, once the header was read.
        is_packed: gzip.
        starts: see TableFile.
        passed: rows that passed, so far.
    """

    def __init__(self, source: Source, *, columns: Sequence[str] | None, limits: Limits, rejects: Rejects) -> None:
        self.columns = tuple(columns or ())
        self.is_packed = False
        self.starts: list[Start] = []
        self.passed = 0
        self.rejects = rejects
        self.name = source.name
        self._source = source
        self._limits = limits

    @property
    def read(self) -> int:
        """Rows so far, rejected or not."""
        return self.passed + self.rejects.count

    @property
    def span(self) -> tuple[None, None]:
        """Tables have no instants."""
        return None, None

    def found(self, dataset_id: str, raw: Raw) -> TableFile:
        """What is known of the file once all blocks were read."""
        return TableFile(
            dataset_id=dataset_id,
            raw_key=raw.key,
            name=raw.name,
            is_packed=self.is_packed,
            bytes=raw.bytes,
            sha256=raw.sha256,
            columns=self.columns,
            starts=tuple(self.starts),
            rows=self.passed,
        )

    def blocks(self, *, wanted: Sequence[str] = ()) -> Generator[TableBlock, None, None]:
        """The rows that pass, a block at a time; ends early once too many were rejected.

        Raises:
            RejectedFile: the file cannot be read as a table at all.
        """
        name, limits = self.name, self._limits
        with opened(self._source) as stream:
            head = _Head(stream)
            blocks = Blocks(unpacked(head, name, limits, may_be_mapped=False), name, limits)
            begun, offset, line = [], 0, 1
            if not self.columns:
                self.columns, rest, offset = table_header(blocks, name, limits)
                begun, line = [rest], rest.first_line
            splitter = Splitter(self.columns, wanted=wanted, name=name, limits=limits, rejects=self.rejects)
            for block in splitter.rows(blocks, begun, offset):
                self.passed += len(block)
                self._note(head, Start(offset, line), block.start)
                yield block
            self._note(head, Start(offset, line))

    def _note(self, head: "_Head", first: Start, *begun: Start) -> None:
        """Keep the first start, and those of a plain file that are far enough behind the one before."""
        self.is_packed = head.is_packed
        for start in (first, *begun):
            place = Start(start.offset + head.mark_bytes, start.line)
            is_far = self.starts and not self.is_packed and place.offset - self.starts[-1].offset >= START_BYTES
            if is_far or not self.starts:
                self.starts.append(place)


def _without(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Bytes without that many at their beginning."""
    for piece in pieces:
        yield piece[size:]
        size = max(size - len(piece), 0)


class _Head:
    """A stream that remembers how it began."""

    def __init__(self, stream: Any) -> None:
        self._beginning = b""
        self._stream = stream

    def read(self, size: int) -> bytes:
        block: bytes = self._stream.read(size)
        if len(self._beginning) < len(BOM):
            self._beginning = (self._beginning + block)[: len(BOM)]
        return block

    @property
    def is_packed(self) -> bool:
        return self._beginning.startswith(GZIP)

    @property
    def mark_bytes(self) -> int:
        """Bytes of the byte order mark, which nobody counts who reads the plain text."""
        return len(BOM) if self._beginning.startswith(BOM) else 0
