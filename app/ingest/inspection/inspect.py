"""Inspects the first bytes of a file: what they seem to be, and how a proposed mapping would read them."""

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any, Final

import numpy.typing as npt

from app.errors import BadInput, InvalidParameters
from app.ingest.csv.checker import Checker
from app.ingest.inspection.guesses import Guess, guess
from app.ingest.inspection.layout import LOOKED_AT_BYTES, Layout, layout_of
from app.ingest.inspection.proposal import Proposal, proposal
from app.ingest.kind import DatasetKind
from app.ingest.policy import Limits, Policy
from app.ingest.rejects import RejectedRow, Rejects
from app.mapping.document import read_mapping
from app.timeline import from_micros
from app.wording.values import iso

#: Rows that are shown as they would be read.
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file seems to be.

    Attributes:
        layout: how it is parted into rows.
        columns: what each column seems to be.
        proposal: the mapping of the kind that fits best.
        rows: the first rows as the mapping would read them, as texts by column.
        rejections: what is wrong in the rows that were looked at.
    """

    layout: Layout
    columns: Sequence[Guess]
    proposal: Proposal
    rows: Sequence[Mapping[str, Any]]
    rejections: Sequence[RejectedRow]

    @property
    def may_be_accepted(self) -> bool:
        """Whether the mapping is whole and reads the rows that were looked at."""
        return self.proposal.is_whole and bool(self.rows)


def inspect(data: bytes, *, name: str, kinds: Sequence[DatasetKind], now: datetime) -> Inspection:
    """Inspect the beginning of a file.

    Args:
        data: its first bytes; of a workbook all.
        name: of the file; without its ending it stands for what the file does not name.
        kinds: that it may be.
        now: observations more than a day later are in the future.

    Raises:
        RejectedFile: it cannot be parted into rows.
        InvalidParameters: the only kind has no columns that a mapping could fill.
    """
    kinds = [kind for kind in kinds if not kind.stays_raw] or _nothing_to_map(kinds)
    layout = layout_of(data, name)
    guesses = [guess(column, layout.column(at)) for at, column in enumerate(layout.names)]
    stem = PurePath(name).name.partition(".")[0] or "store"
    likely = [kind for kind in kinds if kind.is_guessed] or kinds
    best = max((proposal(kind, layout, guesses, stem=stem) for kind in likely), key=_fit)
    kind = next(one for one in kinds if one.name == best.kind)
    rows, rejections = _read(data, name, kind, best, now)
    return Inspection(layout, guesses, best, rows, rejections)


def _nothing_to_map(kinds: Sequence[DatasetKind]) -> Sequence[DatasetKind]:
    named = ", ".join(kind.name for kind in kinds)
    raise InvalidParameters(
        f"kind: a file of kind {named} may have any columns and needs no mapping; load it as it is."
    )


def _fit(one: Proposal) -> tuple[bool, int, int]:
    """A whole mapping first, then the one that lacks less, then the one that uses more of the file."""
    columns = {} if one.document is None else one.document["columns"]
    used = sum("from" in rule for rule in columns.values()) + (2 if one.document and "rows" in one.document else 0)
    return bool(used) and not one.missing, -len(one.missing), used


def _read(
    data: bytes, name: str, kind: DatasetKind, one: Proposal, now: datetime
) -> tuple[list[dict[str, Any]], Sequence[RejectedRow]]:
    """The first rows by the mapping: whole lines of the beginning, checked as they would be."""
    rows: list[dict[str, Any]] = []
    rejects = Rejects()
    if one.document is None or one.missing:
        return rows, ()
    whole = data if data[:2] in {b"PK", b"\x1f\x8b"} or len(data) < LOOKED_AT_BYTES else data[: data.rfind(b"\n") + 1]
    with suppress(BadInput):
        policy = Policy(mapping=read_mapping(dict(one.document)))
        checker = Checker(kind, _Bytes(name, whole), policy=policy, limits=Limits(), now=now, rejects=rejects)
        for block in checker.rows():
            values = {column: _shown(kind, column, found.array()[:SHOWN]) for column, found in block.columns.items()}
            rows += [dict(zip(values, row, strict=True)) for row in list(zip(*values.values(), strict=True))[:SHOWN]]
    return rows[:SHOWN], rejects.shown


def _shown(kind: DatasetKind, name: str, values: npt.NDArray[Any]) -> list[Any]:
    """Values as a person writes them: the words of a column that has a list of them, the instant of a row."""
    if name == kind.instant:
        return [iso(from_micros(value)) for value in values.tolist()]
    (column,) = (one for one in kind.columns if one.name == name)
    words = {column.type.parse(word): word for word in column.type.allowed}
    return [words.get(value, value) for value in values.tolist()]


@dataclass(frozen=True, slots=True)
class _Bytes:
    name: str
    content: bytes

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.content)
