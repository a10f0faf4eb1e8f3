"""What a dataset kind declares: its columns, and where checked rows go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What the fields of a column may hold.

    Attributes:
        name: how documentation calls it.
        parse: text of a field to a value; raises values.Wrong with a code and a reason that continues "<value> …".
        parse_all: for columns whose values hardly repeat, a fast parser of a whole array to integers; None when it
            is not sure of every value, so that ``parse`` decides.
        allowed: the words that it takes, if these are few.
    """

    name: str
    parse: Callable[[str], Any]
    parse_all: Callable[[pa.StringArray], npt.NDArray[Any] | None] | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        name: how our own files call it.
        type: what its fields may hold.
        example: a value, for help and errors.
        aliases: other names that the header may use.
        required: otherwise a file may lack the column, and its fields may be empty, which is the value None.
        may_be_empty: fields may be empty though the file must have the column.
        instead_of: the column whose place it may take; a file has one of them.
    """

    name: str
    type: ColumnType
    example: str
    aliases: tuple[str, ...] = ()
    required: bool = True
    may_be_empty: bool = False
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """Checked values of one column of a block: ``distinct[codes]``, one code a row."""

    codes: npt.NDArray[Any]
    distinct: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Values":
        """Those of the chosen rows."""
        return Values(self.codes[chosen], self.distinct)

    def array(self) -> npt.NDArray[Any]:
        """One value a row."""
        values: npt.NDArray[Any] = self.distinct[self.codes]
        return values


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of rows of a file that passed the checks.

    Attributes:
        columns: those that the file has, by their names in the kind.
        first_row: number of the block's first row; a later block has a higher one.
        read: rows of the file up to the end of this block, accepted or not.
    """

    columns: Mapping[str, Values]
    first_row: int
    read: int

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Loading(Protocol):
    """One load, or the undoing of one, inside one transaction: rows are added, then merged or removed.

    Others add rows of theirs at the same time, also of the same kind, and see nothing of these; so nothing may be
    written before the merge but what is this transaction's own. From merge() or remove() to the end of the transaction
    there is no other.
    """

    def add(self, rows: Rows) -> None:
        """Collect a block of rows in the staging table."""

    def merge(self) -> int:
        """Merge what was collected into the series; returns how many rows of the file stand."""

    def remove(self) -> int:
        """Take out of the series what still is as the collected rows say; returns how many rows went."""


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """A kind of file that can be loaded; see registry.py.

    Attributes:
        name: as commands and addresses use it.
        summary: what a row is.
        columns: in the order in which the first wrong one of a row is told.
        loading: begins a load in a transaction, for the dataset with the given id.
        instant: the column that says when; its values are microseconds since the epoch.
        observed: rows are observations, so that any instant in the future is a mistake.
        by_dataset: rows stay those of their dataset and are asked for by its id; rows that repeat each other all count.
    """

    name: str
    summary: str
    columns: tuple[Column, ...]
    loading: Callable[[Connection, str], Loading]
    instant: str | None = None
    observed: bool = False
    by_dataset: bool = False
