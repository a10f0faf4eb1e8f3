"""Checks contents of files without a database."""

import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import pytest

from app.errors import RejectedFile
from app.ingest.csv import blocks, checker, unpack
from app.ingest.csv.checker import Checker
from app.ingest.kind import DatasetKind
from app.ingest.policy import Limits, Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.rejects import RejectedRow, Rejects
from app.mapping.document import Mapping
from tests.conftest import NOW

HEADERS = {
    "polls": "store_id,status,timestamp_utc\n",
    "hours": "store_id,day,start_time_local,end_time_local\n",
    "timezones": "store_id,timezone_str\n",
    "pull_requests": "repo,number,team,author,created_at,first_commit_at,ready_at,first_review_at,approved_at,"
    "merged_at,closed_at,ci_finished_at\n",
    "review_times": "review_time,team,date,merge_time\n",
}


class Counted(io.BytesIO):
    """Bytes that tell how many of them were read."""

    was_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.was_read += len(piece)
        return piece


@dataclass
class Bytes:
    """A source in memory."""

    content: bytes
    name: str = "file.csv"
    stream: Counted = field(default_factory=Counted)

    def open(self) -> IO[bytes]:
        self.stream = Counted(self.content)
        return self.stream


@dataclass(frozen=True)
class Checked:
    """What the check of a file came to: its rows as tuples in the kind's order, and its first rejections."""

    rows: list[tuple[Any, ...]]
    read: int
    rejected: int
    rejections: list[RejectedRow]
    span: tuple[Any, Any]
    columns: tuple[str, ...] = ()

    @property
    def keys(self) -> list[Any]:
        return [row[0] for row in self.rows]

    @property
    def places(self) -> list[tuple[int, str, str]]:
        return [(one.line, one.column, one.value) for one in self.rejections]


def check(
    content: str | bytes,
    kind: str | DatasetKind = "polls",
    *,
    columns: tuple[str, ...] | None = None,
    mapping: Mapping | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    now: datetime = NOW,
) -> Checked:
    """Check a file of this content.

    Raises:
        RejectedFile: as the checker does.
    """
    source = content if isinstance(content, Bytes) else Bytes(content.encode() if isinstance(content, str) else content)
    kind = DATASET_KINDS[kind] if isinstance(kind, str) else kind
    rejects = Rejects()
    checking = Checker(
        kind, source, policy=Policy(columns=columns, mapping=mapping), limits=limits, now=now, rejects=rejects
    )
    rows: list[tuple[Any, ...]] = []
    names: tuple[str, ...] = ()
    for block in checking.rows():
        assert block.first_row >= len(rows)
        names = tuple(column.name for column in kind.columns if column.name in block.columns)
        arrays = [block.columns[name].array() for name in names]
        rows += zip(*(array.tolist() for array in arrays), strict=True)
        assert block.read == checking.read
    assert checking.passed == len(rows) == checking.read - rejects.count
    return Checked(rows, checking.read, rejects.count, rejects.shown, checking.span, names)


def refused(content: Any, kind: str | DatasetKind = "polls", **options: Any) -> RejectedFile:
    """The error that a file of this content is refused with."""
    with pytest.raises(RejectedFile) as caught:
        check(content, kind, **options)
    return caught.value


def small_blocks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Read in blocks of about this many bytes."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    monkeypatch.setattr(unpack, "PIECE_BYTES", size)
    monkeypatch.setattr(checker, "PART_BYTES", max(size // 10, 1))
