"""Splits a block into rows with the line of each: for quoted fields, and for blocks that contain an error.

The rules are those of RFC 4180: a field that begins with a quotation mark ends with the next one that is not doubled,
and only a comma or the end of the line may follow. Elsewhere a quotation mark is an ordinary character.
"""

import csv
import re
import sys
from collections.abc import Iterable, Iterator

from app.ingest.csv.blocks import Block, line_ends
from app.ingest.policy import Limits
from app.ingest.refusal import refusal

# We check the limits of fields and rows ourselves; Python's own limit would end the reading.
csv.field_size_limit(sys.maxsize)

_END = re.compile(rb"(?:\r\n|\r|\n|)\Z")


class BadQuoting(str):
    """A row, as in the file, with text after a closing quotation mark; it ends with that line."""

    __slots__ = ()


class Records:
    """The rows of a block that are not blank.

    Attributes:
        rest: the lines of a row that continues after the block; no bytes if there is none.
        line: number of the line after the last row.
        taken: bytes of the block up to that line.
    """

    def __init__(self, block: Block, name: str, limits: Limits, *, delimiter: str = ",") -> None:
        self._delimiter = delimiter
        self.rest = b""
        self.line = block.first_line
        self.taken = 0
        self._block = block
        self._name = name
        self._limits = limits
        self._lines: list[bytes] = []
        self._exhausted = False

    def __iter__(self) -> Iterator[tuple[int, list[str]] | tuple[int, BadQuoting]]:
        """Each row with the line on which it begins.

        Raises:
            RejectedFile: a row is too long, or a quotation mark is never closed.
        """
        reader = csv.reader(self._fed(), strict=True, delimiter=self._delimiter)
        while True:
            fields: list[str] | BadQuoting | None
            try:
                fields = next(reader, None)
            except csv.Error:
                fields = None if self._exhausted else BadQuoting(b"".join(self._lines).decode().rstrip("\r\n"))
            if fields is None:
                break
            if len(self._lines) > 1:
                self._require_short()
            line = self.line
            self.line += len(self._lines)
            self.taken += sum(map(len, self._lines))
            self._lines.clear()
            if fields:
                yield line, fields  # type: ignore[misc]
        self._finish()

    def _fed(self) -> Iterator[str]:
        for line in _lines(self._block.data):
            self._lines.append(line)
            yield line.decode()
        self._exhausted = True

    def _finish(self) -> None:
        if not self._lines:
            return
        self._require_short()
        self.rest = b"".join(self._lines)
        if self._block.last:
            line = self.line + _opened_behind(self.rest, self._delimiter)
            message = f"{self._name}, line {line}: a quotation mark opens a field here and is never closed."
            raise refusal("unclosed_quote", message, line=line)

    def _require_short(self) -> None:
        limit = self._limits.max_row_bytes
        if sum(map(len, self._lines)) - len(_END.search(self._lines[-1])[0]) > limit:  # type: ignore[index]
            message = (
                f"{self._name}, line {self.line}: the row that begins here is longer than {limit:,} bytes; "
                "look for a quotation mark that is not closed."
            )
            raise refusal("row_too_long", message, line=self.line)


def line_records(block: Block, *, delimiter: str = ",") -> list[tuple[int, list[str] | BadQuoting]]:
    """The rows, with their lines, of a block whose every line is a row."""
    lines = map(bytes.decode, block.data.splitlines(keepends=True))
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    return [(line, fields) for line, fields in enumerate(reader, block.first_line) if fields]


def _lines(data: bytes, piece_bytes: int = 1 << 20) -> Iterable[bytes]:
    """Lines with their ends, split piecewise so that a block of tiny lines does not become millions of objects."""
    at = 0
    while at < len(data):
        end = max(data.rfind(b"\n", at, at + piece_bytes), data.rfind(b"\r", at, at + piece_bytes)) + 1
        if data[end - 1 : end + 1] == b"\r\n":
            end += 1
        piece = data[at:end] if end > at else data[at:]
        yield from piece.splitlines(keepends=True)
        at += len(piece)


def _opened_behind(rest: bytes, delimiter: str) -> int:
    """Number of lines of an unfinished row that end before the unclosed quotation mark."""
    sign = re.escape(delimiter)
    whole_field = re.compile(rf'(?:"[^"]*(?:""[^"]*)*"|[^"{sign}][^{sign}]*|){sign}')
    text, at = rest.decode(), 0
    while field := whole_field.match(text, at):
        at = field.end()
    return line_ends(text[:at].encode())
