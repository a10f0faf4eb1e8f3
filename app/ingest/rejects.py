"""Rejected rows: counts them, keeps the first ones for the response, and writes all to ``rejects.csv``."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from app.files.csv_output import escape_formula
from app.ingest.values import is_visible

#: Rejected rows kept for the response; the others are only counted and written.
SHOWN: Final = 20

#: Different mistakes that are counted, and equal ones of a column that a message names.
COUNTED: Final = 1000
NAMED: Final = 5

#: How the reasons of several values begin.
_PLURALS: Final = {"is": "are", "has": "have", "begins": "begin"}

#: Longest piece of a value that is shown, characters.
SHOWN_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Why a row is not loaded: one of its mistakes.

    Attributes:
        line: the line on which the row begins.
        column: canonical name of the invalid column, or ``row``.
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
    """The rejected rows of one file, in its order, each with all of its mistakes; to be closed.

    Attributes:
        count: rejected rows.
        mistakes: what is wrong in them.
        shown: the first mistakes.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.count = 0
        self.mistakes = 0
        self._equal: Counter[tuple[str, str, str, str]] = Counter()
        self.shown: list[RejectedRow] = []
        self._path = path
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, rows: Iterable[Sequence[RejectedRow]]) -> None:
        """Add rows by their mistakes; the file is created with the first one."""
        for mistakes in rows:
            self.count += 1
            for mistake in mistakes:
                self._add(mistake)

    def _add(self, mistake: RejectedRow) -> None:
        self.mistakes += 1
        same = (mistake.column, mistake.code, mistake.reason, mistake.value)
        if same in self._equal or len(self._equal) < COUNTED:
            self._equal[same] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(mistake)
        if self._path is not None:
            self._write(self._path, mistake)

    def repeated(self) -> list[str]:
        """Sentences about mistakes that rows share, for people: equal ones are counted."""
        alike: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
        for (column, code, reason, value), times in self._equal.most_common():
            alike.setdefault((column, code, reason), []).append((value, times))
        return [_sentence(*what, values) for what, values in alike.items() if values[0][1] > 1]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, path: Path, rejection: RejectedRow) -> None:
        if self._file is None:
            self._file = path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow(field.name for field in fields(RejectedRow))
        self._writer.writerow(escape_formula(str(value)) for value in astuple(rejection))


def _sentence(column: str, code: str, reason: str, values: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{value} \u00d7 {times:,}" for value, times in values[:NAMED])
    rest = f" and {len(values) - NAMED:,} more values" if len(values) > NAMED else ""
    several = _PLURALS.get(reason.partition(" ")[0], "") if len(values) > 1 else ""
    said = f"{several} {reason.partition(' ')[2]}" if several else reason
    return f"{column}: {named}{rest} {said}{'; map them with words' if code == 'not_allowed' else ''}"


def shown(value: str) -> str:
    """A value in quotation marks, truncated if it is long, escaped if it has invisible characters."""
    cut = value[:SHOWN_LENGTH]
    return (repr(cut) if is_visible(cut) else ascii(cut)) + ("…" if len(value) > SHOWN_LENGTH else "")
