"""What a dataset kind declares: its columns, and where checked rows go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.series.table_files import TableFile
from app.storage.object_store import ObjectStore
from app.wording.warnings import DataWarning


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column.

    Attributes:
        name: name in the documentation.
        parse: text of a field to a value; raises values.Wrong with a code and a reason that continues "<value> …".
        parse_all: for columns whose values rarely repeat, a fast parser of a whole array to integers; None if it
            cannot decide every value, so that ``parse`` does.
        allowed: the allowed words, if they are a fixed list.
    """

    name: str
    parse: Callable[[str], Any]
    parse_all: Callable[[pa.StringArray], npt.NDArray[Any] | None] | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        name: canonical name.
        type: type of its fields.
        example: an example value, for help and errors.
        aliases: other names that a header may use.
        required: if not, a file may lack the column, and its fields may be empty, which means None.
        may_be_empty: fields may be empty, although the file must have the column.
        instead_of: the column that it may stand in for; a file has exactly one of them.
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
        """The values of the chosen rows."""
        return Values(self.codes[chosen], self.distinct)

    def array(self) -> npt.NDArray[Any]:
        """One value a row."""
        values: npt.NDArray[Any] = self.distinct[self.codes]
        return values


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of accepted rows of a file.

    Attributes:
        columns: the columns of the file, by their names in the kind.
        first_row: number of the block's first row; a later block has a higher one.
        read: rows of the file up to the end of this block, accepted or not.
        lines: of the file on which the rows begin, counted from 1; None unless the kind ``names_lines``, or if they are
            not known.
    """

    columns: Mapping[str, Values]
    first_row: int
    read: int
    lines: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Loading(Protocol):
    """One load, or its reversal, inside one transaction: rows are added, then merged or removed.

    Other loads add their rows at the same time, also of the same kind. So add() writes only to tables of its own
    transaction. From merge() or remove() to the end of the transaction no other load merges.
    """

    def add(self, rows: Rows) -> None:
        """Collect a block of rows in the staging table."""

    def merge(self) -> int:
        """Merge the collected rows into the series; returns the number of rows of the file in effect."""

    def remove(self) -> int:
        """Remove from the series the rows that still equal collected ones; returns their number."""


@runtime_checkable
class Contradictable(Protocol):
    """A load of a kind whose rows may contradict each other, once it has merged."""

    @property
    def rows_contradicting(self) -> int:
        """Rows that say something else than the row that counts instead."""


@runtime_checkable
class Telling(Protocol):
    """A load that finds what is probably not meant, once it has merged."""

    def warnings(self) -> tuple[DataWarning, ...]:
        """What is to be told of the merged rows."""


@runtime_checkable
class Combining(Protocol):
    """A load of a kind in which rows of the same key may add up."""

    def combine(self, columns: Mapping[str, str]) -> None:
        """Have them add up: the ``earliest``, ``latest`` or last ``known`` value; said before any row is added."""


@runtime_checkable
class Holding(Protocol):
    """A load of a kind whose entities have a status."""

    def hold_until_changed(self) -> None:
        """Have each row of the file hold until the next one of its entity; said before any row is added."""


#: The source of counts whose sender names none.
DEFAULT_SOURCE: Final = "files"


class Covers(StrEnum):
    """Of which entities a file tells everything that happened on its days."""

    ALL = "all"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a file of counts tells everything of.

    Attributes:
        source: who counted.
        covers: all entities of the source on the days of the file, or each named one on the days that it has a row on.
        days: first and last day since 1970-01-01 of which it tells as well, although no row falls on them; None: none.
    """

    source: str = DEFAULT_SOURCE
    covers: Covers = Covers.ALL
    days: tuple[int, int] | None = None


@runtime_checkable
class Covering(Protocol):
    """A load of a kind whose files replace what was told before of their days."""

    def cover(self, coverage: Coverage) -> None:
        """What the file covers; said before any row is added."""


@runtime_checkable
class Snapshotting(Protocol):
    """A load of a kind whose files may be all that there is of their entities."""

    def replace_all(self) -> None:
        """Have the file replace all rows of the entities that it names; said before any row is added."""


@runtime_checkable
class Closeable(Protocol):
    """A load that holds more than rows in Postgres."""

    def close(self) -> None:
        """Let go of it, whatever came of the load."""


@runtime_checkable
class Unsealing(Protocol):
    """A load of a kind whose weeks may be sealed: it brings back those that it changes."""

    def unseal_from(self, store: ObjectStore) -> None:
        """Where the files of sealed weeks are; said before anything is merged or removed."""


@runtime_checkable
class Keeping(Protocol):
    """A load of a kind whose files stay as they are."""

    def keep(self, file: TableFile) -> None:
        """Say what merge() writes; from here to the end of the transaction no other load of the kind does."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A file in the raw layer: where it is, its name for messages, and its bytes as they lie there."""

    key: str = ""
    name: str = ""
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row that is rejected: the example of every column, but for one.

    Attributes:
        column: the column that differs; ``row`` of a kind without columns.
        value: what stands there instead of its example; of a kind without columns the whole row.
        code: the code that the row is rejected with; see refusal.py.
    """

    column: str
    value: str
    code: str


@dataclass(frozen=True, slots=True)
class RowRule:
    """What columns of a row must be beside each other, although each is valid by itself.

    Attributes:
        column: the one that is told to be wrong.
        code, reason: as of values.Wrong.
        broken: of the columns of a block by name, some of which the file may lack, the rows that break it, bool[rows].
    """

    column: str
    code: str
    reason: str
    broken: Callable[[Mapping[str, Values]], npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """A kind of file that can be loaded; see registry.py.

    The columns' examples, ``wrong`` and ``documentation`` are what the conformance tests and the page of datasets are
    made of.

    Attributes:
        name: name in commands and routes.
        summary: description of a row.
        columns: in the order in which the first invalid one of a row is reported. A kind without columns takes files of
            any; they stay as they are, and only where their rows begin is written down.
        loading: begins a load in a transaction, for the dataset with the given id.
        instant: the column with the instant of a row; its values are microseconds since the epoch.
        observed: rows are observations, so any instant in the future is an error.
        holds_from: a file without the column ``valid_from`` may be loaded with one date for all its rows; what held
            before that date stays.
        names_lines: rows are given with their lines, for messages about rows that contradict each other.
        by_dataset: rows belong to their dataset and are selected by its id; identical rows all count.
        is_counts: rows are counts of whole days, and a file replaces those of its ``source``; see Coverage.
        has_snapshots: a file may be all that there is of the entities that it names.
        is_guessed: a file whose kind nobody has named may be guessed to be of this one.
        documentation: what the page of datasets says, in Markdown; the first paragraph stands above the columns.
        wrong: a row that is rejected.
        example: of a kind without columns, a file of one row.
        row_rules: what rows whose every column is valid must fulfil as well.
    """

    name: str
    summary: str
    columns: tuple[Column, ...]
    loading: Callable[[Connection, str], Loading]
    instant: str | None = None
    observed: bool = False
    holds_from: bool = False
    names_lines: bool = False
    by_dataset: bool = False
    is_counts: bool = False
    has_snapshots: bool = False
    is_guessed: bool = True
    documentation: str = ""
    wrong: WrongRow | None = None
    example: str = ""
    row_rules: tuple[RowRule, ...] = ()

    @property
    def stays_raw(self) -> bool:
        """Whether its files may have any columns, and their raw objects are the data."""
        return not self.columns
