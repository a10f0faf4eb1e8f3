"""Rejected rows: counted, the first ones kept for the answer, every one written to ``rejects.csv``."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from app.files.csv_output import escape_formula
from app.ingest.values import is_visible

#: Rejected rows that are kept for the answer; the others are counted and written.
SHOWN: Final = 20

#: Longest piece of a value that is shown, characters.
SHOWN_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row is not loaded.

    Attributes:
        line: the line on which the row begins.
        column: the kind's name of the first wrong column, or ``row``.
        value: what stands there, escaped so that every character of it can be seen.
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
    """The rejected rows of one file, in its order; closed in the end."""

    def __init__(self, path: Path | None = None) -> None:
        self.count = 0
        self.shown: list[Rejection] = []
        self._path = path
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, rejections: Iterable[Rejection]) -> None:
        """Take further rejections; the file is made with the first one."""
        for rejection in rejections:
            self.count += 1
            if len(self.shown) < SHOWN:
                self.shown.append(rejection)
            if self._path is not None:
                self._write(self._path, rejection)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, path: Path, rejection: Rejection) -> None:
        if self._file is None:
            self._file = path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow(field.name for field in fields(Rejection))
        self._writer.writerow(escape_formula(str(value)) for value in astuple(rejection))


def shown(value: str) -> str:
    """A value in quotation marks, cut if it is long, escaped if it contains invisible characters."""
    cut = value[:SHOWN_LENGTH]
    return (repr(cut) if is_visible(cut) else ascii(cut)) + ("…" if len(value) > SHOWN_LENGTH else "")
