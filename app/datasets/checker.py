"""Reads a CSV block by block and checks every value; one checker for all dataset kinds.

The bulk is parsed by Arrow with every guess switched off (no types, no nulls: ``007`` and ``NULL`` stay text). Each
distinct value of a block is then parsed once by its column's function. Only when something is wrong the file is read
a second time, plainly, to name the lines.
"""

import csv
import gzip
import io
import zlib
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
    """The check of one file: iterate ``rows()``, then call ``finish()``."""

    kind: DatasetKind
    path: Path
    _wrong_values: list[tuple[int, str, str, str]] = field(default_factory=list)
    _wrong_widths: list[str] = field(default_factory=list)
    _whole_rows: int = 0
    _whole_rejected: int = 0
    # Counted apart: a thread of Arrow tells of these.
    _uneven_rows: int = 0

    @property
    def read(self) -> int:
        """Rows read so far, accepted or not."""
        return self._whole_rows + self._uneven_rows

    @property
    def rejected(self) -> int:
        """Rows rejected so far."""
        return self._whole_rejected + self._uneven_rows

    def rows(self) -> Iterator[Rows]:
        """The accepted rows of the file, a block at a time.

        Raises:
            RejectedFile: the file cannot be read as a CSV of this kind at all.
        """
        try:
            header, has_rows = self._header()
            if not has_rows:
                return
            with _opened(self.path) as file:
                reader = arrow_csv.open_csv(
                    file,
                    # Python decodes, because Arrow cannot hand over a row of the wrong width that is not UTF-8.
                    read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False, encoding="utf-8-sig"),
                    parse_options=arrow_csv.ParseOptions(
                        newlines_in_values=True, invalid_row_handler=self._wrong_width
                    ),
                    convert_options=arrow_csv.ConvertOptions(
                        column_types={name: pa.string() for name in header},
                        strings_can_be_null=False,
                        check_utf8=False,
                    ),
                )
                for batch in reader:
                    yield self._check({column.name: batch.column(at) for at, column in enumerate(header.values())})
        except (pa.ArrowInvalid, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
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

    def _header(self) -> tuple[dict[str, Column], bool]:
        """The header's names, each with the column that it means, and whether anything follows."""
        wanted = ", ".join(" or ".join((column.name, *column.aliases)) for column in self.kind.columns)
        rows = _plain_rows(self.path)
        line, names = next(rows, (1, []))
        if not names:
            raise RejectedFile(f"{self.path} is empty; a {self.kind.name} file begins with the header {wanted}.")
        meaning = {name: column for column in self.kind.columns for name in (column.name, *column.aliases)}
        header = {name: meaning[name] for name in names if name in meaning}
        if sorted(column.name for column in header.values()) != sorted(c.name for c in self.kind.columns) or len(
            header
        ) != len(names):
            raise RejectedFile(
                f"{self.path}, line {line}: the header is {_shown(','.join(names))}; "
                f"a {self.kind.name} file has exactly these columns, in any order: {wanted}."
            )
        return header, next(rows, None) is not None

    def _wrong_width(self, row: arrow_csv.InvalidRow) -> str:
        self._uneven_rows += 1
        if len(self._wrong_widths) < SHOWN:
            self._wrong_widths.append(f"has {row.actual_columns} fields instead of {row.expected_columns}")
        return "skip"

    def _check(self, columns: dict[str, pa.StringArray]) -> Rows:
        first_row = self._whole_rows
        count = len(next(iter(columns.values())))
        accepted = np.ones(count, bool)
        values, wrong = {}, []
        for column in self.kind.columns:
            values[column.name], reasons = _parse(column, columns[column.name])
            codes = values[column.name].codes
            rows = np.flatnonzero(accepted & np.isin(codes, list(reasons)))
            accepted[rows] = False
            for row in rows[:SHOWN].tolist():
                text = columns[column.name][row].as_py()
                wrong.append((first_row + row, column.name, text, reasons[int(codes[row])]))
        self._wrong_values += sorted(wrong)[: SHOWN - len(self._wrong_values)]
        self._whole_rows += count
        self._whole_rejected += count - int(accepted.sum())
        if not accepted.all():
            values = {name: Values(value.codes[accepted], value.distinct) for name, value in values.items()}
        return Rows(values, first_row)

    def _located(self) -> list[Rejection]:
        """The first rejected rows with their lines, found by reading the file again."""
        wrong_values = {row: (column, value, reason) for row, column, value, reason in self._wrong_values}
        widths = list(self._wrong_widths)
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
        except csv.Error as error:
            raise RejectedFile(f"{path}, line {line}: {error}.") from error


def _unreadable(path: Path, error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return _not_utf8(path)
        case EOFError() | zlib.error() | gzip.BadGzipFile():
            return f"{path} is a damaged gzip file: {error}."
        case OSError():
            return f"{path} cannot be read: {error.strerror}."
    if "straddling" in str(error):
        return f"{path} has a row of more than {BLOCK_BYTES:,} bytes; a quotation mark that is not closed makes one."
    return f"{path} cannot be read as a CSV: {error}."


def _not_utf8(path: Path) -> str:
    with _opened(path) as file:
        for line, content in enumerate(file, 1):
            try:
                content.decode()
            except UnicodeDecodeError as error:
                return f"{path}, line {line}: byte {error.start + 1} is not UTF-8; save the file as UTF-8."
    raise AssertionError(f"{path} changed while it was read")


def _shown(value: str) -> str:
    cut = value[:SHOWN_LENGTH]
    return (repr(cut) if cut.isprintable() else ascii(cut)) + ("…" if len(value) > SHOWN_LENGTH else "")
