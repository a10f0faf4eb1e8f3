"""Reads a CSV block by block and checks every value; one checker for all dataset kinds.

The bulk is parsed by Arrow with every guess switched off (no types, no nulls: ``007`` and ``NULL`` stay text). Each
distinct value of a block is then parsed once by its column's function. Only when something is wrong the file is read
a second time, plainly, to name the lines.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.datasets.kind import Column, DatasetKind, Rows, Values
from app.errors import RejectedFile

#: Text parsed at a time: some 280,000 polls, so that a key is checked once in many rows, bytes.
BLOCK_BYTES: Final = 16 << 20

#: Rejected rows that are shown; the others are counted.
SHOWN: Final = 20

#: Longest piece of a value that is shown, characters.
SHOWN_LENGTH: Final = 80

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row cannot be loaded. ``value`` is escaped, so that a terminal shows every character of it."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.value} {self.reason}"


@dataclass(slots=True)
class Checker:
    """The check of one file: iterate ``rows()``, then call ``finish()``.

    Attributes:
        read: rows read so far, accepted or not.
        rejected: rows rejected so far.
    """

    kind: DatasetKind
    path: Path
    read: int = 0
    rejected: int = 0
    _wrong_values: list[tuple[int, str, str, str]] = field(default_factory=list)
    _wrong_widths: list[tuple[int, str]] = field(default_factory=list)
    _whole_rows: int = 0

    def rows(self) -> Iterator[Rows]:
        """The accepted rows of the file, a block at a time.

        Raises:
            RejectedFile: the file cannot be read as a CSV of this kind at all.
        """
        header = self._header()
        try:
            with _opened(self.path) as file:
                reader = arrow_csv.open_csv(
                    file,
                    read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
                    parse_options=arrow_csv.ParseOptions(
                        newlines_in_values=True, invalid_row_handler=self._wrong_width
                    ),
                    convert_options=arrow_csv.ConvertOptions(
                        column_types={name: pa.string() for name in header}, strings_can_be_null=False
                    ),
                )
                for batch in reader:
                    yield self._check({column.name: batch.column(at) for at, column in enumerate(header.values())})
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise RejectedFile(_unreadable(self.path, error)) from error

    def finish(self) -> None:
        """Raise RejectedFile if any row was rejected, with the lines of the first ones."""
        if not self.rejected:
            return
        shown = self._located()
        rest = self.rejected - len(shown)
        lines = [str(rejection) for rejection in shown] + ([f"… and {rest} more rejected rows"] if rest else [])
        raise RejectedFile(
            f"{self.path} was not loaded: {self.rejected} of {self.read} rows cannot be accepted.\n" + "\n".join(lines),
            rejected=self.rejected,
            rows=[{"line": r.line, "column": r.column, "value": r.value, "reason": r.reason} for r in shown],
        )

    def _header(self) -> dict[str, Column]:
        """The header's names, each with the column that it means."""
        wanted = ", ".join(" or ".join((column.name, *column.aliases)) for column in self.kind.columns)
        names = next(_plain_rows(self.path), (0, []))[1]
        if not names:
            raise RejectedFile(f"{self.path} is empty; a {self.kind.name} file begins with the header {wanted}.")
        meaning = {name: column for column in self.kind.columns for name in (column.name, *column.aliases)}
        header = {name: meaning[name] for name in names if name in meaning}
        if sorted(column.name for column in header.values()) != sorted(c.name for c in self.kind.columns) or len(
            header
        ) != len(names):
            raise RejectedFile(
                f"{self.path}, line 1: the header is {_shown(','.join(names))}; "
                f"a {self.kind.name} file has exactly these columns, in any order: {wanted}."
            )
        return header

    def _wrong_width(self, row: arrow_csv.InvalidRow) -> str:
        self.read += 1
        self.rejected += 1
        if len(self._wrong_widths) < SHOWN:
            reason = f"has {row.actual_columns} fields instead of {row.expected_columns}"
            self._wrong_widths.append((self.rejected, reason))
        return "skip"

    def _check(self, columns: dict[str, pa.StringArray]) -> Rows:
        first_row = self._whole_rows
        count = len(next(iter(columns.values())))
        accepted = np.ones(count, bool)
        values = {}
        for column in self.kind.columns:
            values[column.name], reasons = _parse(column, columns[column.name])
            if not reasons:
                continue
            for row in np.flatnonzero(accepted & np.isin(values[column.name].codes, list(reasons))):
                code = int(values[column.name].codes[row])
                accepted[row] = False
                if len(self._wrong_values) < SHOWN:
                    text = columns[column.name][int(row)].as_py()
                    self._wrong_values.append((first_row + int(row), column.name, text, reasons[code]))
        self._whole_rows += count
        self.read += count
        self.rejected += count - int(accepted.sum())
        if not accepted.all():
            values = {name: Values(value.codes[accepted], value.distinct) for name, value in values.items()}
        return Rows(values, first_row)

    def _located(self) -> list[Rejection]:
        """The first rejected rows with their lines, found by reading the file again."""
        values = sorted(self._wrong_values)[:SHOWN]
        wrong_values = {row: (column, value, reason) for row, column, value, reason in values}
        widths = [reason for _, reason in self._wrong_widths]
        found: list[Rejection] = []
        rows = _plain_rows(self.path)
        width = len(next(rows)[1])
        whole = 0
        for line, fields in rows:
            if len(fields) != width:
                if widths:
                    found.append(Rejection(line, "row", _shown(",".join(fields)), widths.pop(0)))
                continue
            if whole in wrong_values:
                column, value, reason = wrong_values.pop(whole)
                found.append(Rejection(line, column, _shown(value), reason))
            whole += 1
            if not wrong_values and not widths:
                break
        return found[:SHOWN]


def _parse(column: Column, texts: pa.StringArray) -> tuple[Values, dict[int, str]]:
    """Values of a column, and the codes of those that are wrong with the reason."""
    if column.parse_all is not None and (array := column.parse_all(texts)) is not None:
        return Values(np.arange(len(array)), array), {}
    encoded = texts.dictionary_encode()
    distinct, reasons = [], {}
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            distinct.append(column.parse(text))
        except ValueError as error:
            reasons[code] = str(error)
            distinct.append(distinct[0] if distinct else None)
    return Values(encoded.indices.to_numpy(), _array(distinct)), reasons


def _array(values: list[object]) -> npt.NDArray[np.generic]:
    array = np.array(values)
    return array if array.dtype.kind in "bi" else np.array(values, dtype=object)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path) if zipped else path.open("rb")  # type: ignore[return-value]


def _plain_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank with the line on which each begins, in the order of the file."""
    with _opened(path) as file, io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text)
        line = 1
        try:
            for fields in reader:
                if fields:
                    yield line, fields
                line = reader.line_num + 1
        except (csv.Error, EOFError, gzip.BadGzipFile) as error:
            raise RejectedFile(f"{path}, line {line}: {error}.") from error


def _unreadable(path: Path, error: BaseException) -> str:
    if "UTF8" in str(error):
        with _opened(path) as file:
            for line, content in enumerate(file, 1):
                try:
                    content.decode()
                except UnicodeDecodeError as wrong:
                    return f"{path}, line {line}: byte {wrong.start + 1} is not UTF-8; save the file as UTF-8."
    if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
        return f"{path} cannot be read: {error.strerror}."
    return f"{path} cannot be read as a CSV: {error}"


def _shown(value: str) -> str:
    cut = value if len(value) <= SHOWN_LENGTH else value[:SHOWN_LENGTH] + "…"
    return ascii(cut) if not cut.isprintable() else repr(cut)
