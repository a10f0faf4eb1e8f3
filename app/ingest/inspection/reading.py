"""Reads the first bytes of a file by a mapping, as a load would, without loading them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from app.errors import BadInput, RejectedFile
from app.ingest.column_types import DATE, INSTANT
from app.ingest.csv.checker import Checker
from app.ingest.doubts import Doubts
from app.ingest.inspection.layout import LOOKED_AT_BYTES, Layout
from app.ingest.inspection.windows import Windows
from app.ingest.kind import DatasetKind
from app.ingest.policy import Limits, Policy
from app.ingest.rejects import RejectedRow, Rejects
from app.mapping.document import Mapping as FileMapping
from app.mapping.parquet import MAGIC
from app.timeline import from_micros
from app.wording.values import iso
from app.wording.warnings import DataWarning

#: Reasons for which no mapping could read a file.
_DAMAGED: Final = frozenset(("bad_json", "unclosed_quote"))

#: Rows that are shown as they would be read.
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mapping makes of the beginning of a file.

    Attributes:
        rows: the first rows, as texts by column.
        rejections: what is wrong in the rows that were looked at, the first of it.
        warnings: what is probably not meant in rows that are valid.
        passed, rejected: rows that are valid, and that are not.
        contradicts: records of one store have other hours of the same day.
        damage: what is wrong in the file itself, whatever the mapping says; of a file that is cut it may be the cut.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    rejections: Sequence[RejectedRow] = ()
    warnings: Sequence[DataWarning] = ()
    passed: int = 0
    rejected: int = 0
    contradicts: bool = False
    damage: RejectedFile | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a file, without a row that is cut at their end.

    Attributes:
        name: of the file.
        content: lines, or elements of an array, that are whole; of a workbook or a Parquet file all.
    """

    name: str
    content: bytes

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.content)


def beginning(data: bytes, name: str, layout: Layout) -> Beginning:
    """What of the first bytes of a file can be read as if it were all of it."""
    if layout.whole is not None:
        return Beginning(name, layout.whole.encode())
    if data[:2] in {b"PK", b"\x1f\x8b"} or data.startswith(MAGIC) or len(data) < LOOKED_AT_BYTES:
        return Beginning(name, data)
    return Beginning(name, data[: data.rfind(b"\n") + 1])


def read(source: Beginning, kind: DatasetKind, mapping: FileMapping, now: datetime) -> Reading:
    """The first rows by a mapping, checked as they would be; none where it does not read the file at all.

    Args:
        source: the beginning of the file.
        kind: of the mapping.
        mapping: how it becomes rows.
        now: observations more than a day later are in the future.
    """
    rows: list[dict[str, Any]] = []
    rejects = Rejects()
    doubts, windows = Doubts(kind), Windows()
    passed = 0
    damage: RejectedFile | None = None
    try:
        policy = Policy(mapping=mapping)
        checker = Checker(kind, source, policy=policy, limits=Limits(), now=now, rejects=rejects)
        for block in checker.rows():
            values = {column: _shown(kind, column, found.array()[:SHOWN]) for column, found in block.columns.items()}
            rows += [dict(zip(values, row, strict=True)) for row in list(zip(*values.values(), strict=True))[:SHOWN]]
            doubts.look_at(block)
            if kind.name == "hours":
                windows.add(block)
            passed = checker.passed
    except BadInput as error:
        damage = error if isinstance(error, RejectedFile) and error.details.get("reason") in _DAMAGED else None
    return Reading(rows[:SHOWN], rejects.shown, doubts.found(), passed, rejects.count, windows.contradict(), damage)


def _shown(kind: DatasetKind, name: str, values: npt.NDArray[Any]) -> list[Any]:
    """Values as a person writes them: the words of a column that has a list of them, instants."""
    (column,) = (one for one in kind.columns if one.name == name)
    if column.type.name == INSTANT.name:
        return [None if value is None else iso(from_micros(value)) for value in values.tolist()]
    if column.type.name == DATE.name:
        return [None if value is None else str(np.datetime64(value, "D")) for value in values.tolist()]
    words = {column.type.parse(word): word for word in column.type.allowed}
    return [words.get(value, value) for value in values.tolist()]
