"""Rejected rows: counts them, keeps the first ones for the response, and writes all to ``rejects.csv``."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from app.files.csv_output import escape_formula
from app.ingest.values import is_visible

#: Rejected rows kept for the response; the others are only counted and written.
SHOWN: Final = 20

#: Longest piece of a value that is shown, characters.
SHOWN_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Why a row is not loaded.

    Attributes:
        line: the line on which the row begins.
        column: canonical name of the first invalid column, or ``row``.
        value: the value, with invisible characters escaped.
        code: for programs; one of refusal.REJECTIONS.
        reason: for people; continues "<value> …".
    """

    line: int
    column: str
    value: str
    code: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.value} {self.reason}"


class Rejects:
    """The rejected rows of one file, in its order; to be closed."""

    def __init__(self, path: Path | None = None) -> None:
        self.count = 0
        self.shown: list[RejectedRow] = []
        self._path = path
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, rejections: Iterable[RejectedRow]) -> None:
        """Add rejections; the file is created with the first one."""
        for rejection in rejections:
            self.count += 1
            if len(self.shown) < SHOWN:
                self.shown.append(rejection)
            if self._path is not None:
                self._write(self._path, rejection)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, path: Path, rejection: RejectedRow) -> None:
        if self._file is None:
            self._file = path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow(field.name for field in fields(RejectedRow))
        self._writer.writerow(escape_formula(str(value)) for value in astuple(rejection))


def shown(value: str) -> str:
    """A value in quotation marks, truncated if it is long, escaped if it has invisible characters."""
    cut = value[:SHOWN_LENGTH]
    return (repr(cut) if is_visible(cut) else ascii(cut)) + ("…" if len(value) > SHOWN_LENGTH else "")
