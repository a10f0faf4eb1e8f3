"""Rows that a roll-up rejects: the first one fails it, or all are written into ``rejects.csv`` and counted."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import IO, Final

from app.errors import RejectedFile
from app.files.csv_output import escape_formula
from app.ingest.refusal import refusal
from app.ingest.rejects import SHOWN, RejectedRow
from app.series.table_files import TableFile

#: Name of the file.
REJECTS: Final = "rejects.csv"

#: What to do about the first wrong row, where the parameters of the report can be chosen.
ADVICE: Final = "Correct it, or leave such rows out with on_error=skip_rows."

#: Mistakes that an error names.
NAMED: Final = 3

#: Its first line.
HEADER: Final = ",".join(("dataset", "file", *(field.name for field in fields(RejectedRow)))) + "\n"


class Mistakes:
    """Those of one run, or of one piece of it.

    Args:
        file: takes a line for each mistake.
        allowed: so many rows may be rejected; None: none, and the first one is named.

    Attributes:
        rows: rejected so far.
        count: mistakes in them: a row may have several.
        shown: the first few, for people.
    """

    def __init__(self, file: IO[str], *, allowed: int | None) -> None:
        self.rows = 0
        self.count = 0
        self.shown: list[str] = []
        self._writer = csv.writer(file, lineterminator="\n")
        self._allowed = allowed

    @property
    def is_too_many(self) -> bool:
        """Whether more rows than may be left out were rejected."""
        return self._allowed is not None and self.rows > self._allowed

    def add(self, table: TableFile, rows: Iterable[Sequence[RejectedRow]]) -> None:
        """Take the mistakes of each of some rows of a table; no more are asked for than an error names.

        Raises:
            RejectedFile: they are more than are allowed.
        """
        for row in rows:
            if self._allowed is None:
                message = f"{table.name}, {row[0]}. {ADVICE}"
                raise refusal("rejected_rows", message, line=row[0].line)
            self.rows += 1
            self.shown += [f"{table.name}, {mistake}" for mistake in row[: SHOWN - len(self.shown)]]
            if not self.is_too_many:
                self._write(table, row)
            elif len(self.shown) >= NAMED:
                break
        if self._allowed is not None and self.is_too_many:
            raise too_many(self._allowed, self.shown)

    def _write(self, table: TableFile, row: Sequence[RejectedRow]) -> None:
        for mistake in row:
            self.count += 1
            self._writer.writerow(map(escape_formula, (table.dataset_id, table.name, *map(str, astuple(mistake)))))


def too_many(allowed: int, shown: Sequence[str]) -> RejectedFile:
    """The error of more rejected rows than that, which names the first of the mistakes that were found."""
    message = (
        f"More rows than max_errors={allowed} allows have a measure that is not a number, such as: "
        f"{'. '.join(shown[:NAMED])}."
    )
    return refusal("rejected_rows", message)


@contextmanager
def collected(path: Path, *, allowed: int | None, header: str = "") -> Iterator[Mistakes]:
    """Mistakes that are written into a file, which begins with the header unless it is to become a part of one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        yield Mistakes(file, allowed=allowed)
