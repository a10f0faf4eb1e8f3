"""What a dataset kind declares: its columns, and where checked rows go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        name: how our own files call it.
        parse: text of a field to a value; raises ValueError with a reason that continues "<value> …".
        example: a value, for help and errors.
        aliases: other names that the header may use.
        parse_all: for columns whose values hardly repeat, a fast parser of a whole array; None when it is not sure
            of every value, so that ``parse`` decides.
    """

    name: str
    parse: Callable[[str], Any]
    example: str
    aliases: tuple[str, ...] = ()
    parse_all: Callable[[pa.StringArray], npt.NDArray[Any] | None] | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """Checked values of one column of a block: ``distinct[codes]``, one code a row."""

    codes: npt.NDArray[np.integer]
    distinct: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.codes)

    def array(self) -> npt.NDArray[Any]:
        """One value a row."""
        values: npt.NDArray[Any] = self.distinct[self.codes]
        return values


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of rows of a file that passed the checks."""

    columns: Mapping[str, Values]
    first_row: int

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Loading(Protocol):
    """One load under way, inside one transaction."""

    def add(self, rows: Rows) -> None:
        """Collect a block of rows in the staging table."""

    def merge(self) -> None:
        """Merge what was collected into the series."""


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """A kind of file that can be loaded; see registry.py."""

    name: str
    summary: str
    columns: tuple[Column, ...]
    loading: Callable[[Connection], Loading]
