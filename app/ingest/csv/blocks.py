"""Plain bytes to blocks of whole lines: UTF-8 without NUL bytes, no line longer than allowed.

A line ends with CR LF, LF or CR alone, in any mixture, as everywhere in this package.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.ingest.policy import Limits
from app.ingest.refusal import refusal

#: Size of a block: about 70,000 polls; twice as much is no faster and takes 40 MiB more, bytes.
BLOCK_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines. ``first_line`` is the line number of the first one; ``last`` marks the last block."""

    data: bytes
    first_line: int
    last: bool


class Blocks:
    """The blocks of a file, one at a time; the end of a block can be pushed back. ``first_line`` is where it begins."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        name: str,
        limits: Limits,
        *,
        first_line: int = 1,
        block_bytes: int | None = None,
    ) -> None:
        """``block_bytes``: size of a block, but for what is left of the one before; None: BLOCK_BYTES."""
        self._block_bytes = block_bytes or BLOCK_BYTES
        self._pieces = pieces
        self._name = name
        self._limits = limits
        self._rest = b""
        self._line = first_line

    def __iter__(self) -> "Blocks":
        return self

    def __next__(self) -> Block:
        """The next block.

        Raises:
            RejectedFile: the block has NUL bytes, bytes that are not UTF-8, or a line that is too long.
        """
        data, cut = b"", 0
        while not cut:
            data, ended = self._filled()
            if not data:
                raise StopIteration
            cut = len(data) if ended else last_line_end(data)
            block = Block(data[:cut], self._line, ended)
            self._rest, self._line = data[cut:], self._line + line_ends(block.data)
            self._require_text(block)
            self._require_short_lines(block.data, block.first_line)
            self._require_short_lines(self._rest, self._line)
        return block

    def push_back(self, data: bytes, line: int) -> None:
        """Push back the last lines of the last block; ``line`` is the number of the first."""
        self._rest, self._line = data + self._rest, line

    def _filled(self) -> tuple[bytes, bool]:
        """The rest and the bytes of the next block, and whether that is the end of the file."""
        parts, size = [self._rest], 0
        while size < self._block_bytes:
            if (piece := next(self._pieces, None)) is None:
                return b"".join(parts), True
            parts.append(piece)
            size += len(piece)
        return b"".join(parts), False

    def _require_text(self, block: Block) -> None:
        if (at := block.data.find(b"\0")) >= 0:
            line, byte = _place(block, at)
            raise refusal("nul_byte", f"{self._name}, line {line}: byte {byte} is a NUL byte; remove it.", line=line)
        if block.data.isascii():
            return
        try:
            block.data.decode()
        except UnicodeDecodeError as error:
            line, byte = _place(block, error.start)
            message = f"{self._name}, line {line}: byte {byte} is not UTF-8; save the file as UTF-8."
            raise refusal("not_utf8", message, line=line) from error

    def _require_short_lines(self, data: bytes, first_line: int) -> None:
        limit = self._limits.max_row_bytes
        if (at := _long_line(data, limit)) is not None:
            line = first_line + line_ends(data[:at])
            raise refusal("row_too_long", f"{self._name}, line {line} is longer than {limit:,} bytes.", line=line)


def line_ends(data: bytes) -> int:
    """Number of line ends in ``data``."""
    ends = int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))  # several times as fast as count()
    return ends + data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else ends


def parts(block: Block, size: int) -> Iterator[Block]:
    """A block whose every line is a row, in parts of about ``size`` bytes."""
    at, line = 0, block.first_line
    while at < len(block.data):
        end = last_line_end(block.data[at : at + size]) if at + size < len(block.data) else 0
        data = block.data[at : at + end] if end else block.data[at:]
        yield Block(data, line, last=False)
        at, line = at + len(data), line + line_ends(data)


def last_line_end(data: bytes) -> int:
    """Bytes up to the last certain end of a line; an LF may still follow a CR at the very end."""
    line_feed = data.rfind(b"\n")
    return max(line_feed, data.rfind(b"\r", line_feed + 1, len(data) - 1)) + 1


def _long_line(data: bytes, limit: int) -> int | None:
    """Offset of the first line longer than ``limit`` bytes, found by leaps of whole lines."""
    at = 0
    while len(data) - at > limit:
        end = max(data.rfind(b"\n", at, at + limit + 1), data.rfind(b"\r", at, at + limit + 1))
        if end < 0:
            return at
        at = end + 1
    return None


def _place(block: Block, at: int) -> tuple[int, int]:
    """Line and byte in that line, both from 1, of an offset in a block."""
    start = max(block.data.rfind(b"\n", 0, at), block.data.rfind(b"\r", 0, at)) + 1
    return block.first_line + line_ends(block.data[:start]), at - start + 1


def lines_of(block: Block) -> npt.NDArray[np.int64]:
    """The numbers of the lines of a block that are not blank."""
    return np.flatnonzero([bool(line) for line in block.data.splitlines()]) + block.first_line
