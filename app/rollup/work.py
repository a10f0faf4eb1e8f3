"""What a roll-up is given, what comes of it, and the checks before anything is published."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from app.errors import OpenhoursError
from app.files.artifact import StoredArtifact
from app.rollup.grouping import Grouping
from app.rollup.parts import MEDIA_TYPE, PartWriter, part_writer
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.object_store import ObjectStore

#: Share of the work that is done when everything was read.
READ: Final = 0.6


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be rolled up, and with what.

    Attributes:
        tables: in the order that was asked for.
        grouping: see Grouping.
        allowed: rows that may be rejected; None: none.
        store: has the tables, and takes the parts.
        prefix: of the parts in the bucket.
        settings: of this process.
        folder: empty, for files on the way.
        progress: hears of the stage and the share that is done.
    """

    tables: Sequence[TableFile]
    grouping: Grouping
    allowed: int | None
    store: ObjectStore
    prefix: str
    settings: Settings
    folder: Path
    progress: Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        parts: stored, in order; at least one.
        rows: that were read.
        rejected: rows among them.
        mistakes: in those rows.
        groups: lines of the parts.
        rejects: file with the mistakes; only its header if there are none.
        shown: the first few mistakes, for people.
    """

    parts: tuple[StoredArtifact, ...]
    rows: int
    rejected: int
    mistakes: int
    groups: int
    rejects: Path
    shown: tuple[str, ...]


def parts_of(work: Work, accepted: Callable[[], int]) -> AbstractContextManager[PartWriter]:
    """The writer of the parts, which asks for the number of accepted rows."""
    grouping = work.grouping
    return part_writer(
        work.folder,
        grouping.header,
        most_bytes=grouping.max_part_bytes,
        name="rollup-{:05d}",
        accepted=accepted,
        upload=partial(_upload, work),
    )


def require_whole(tables: Sequence[TableFile], outcome: Outcome, *, accepted: int, written: int) -> None:
    """Compare what was read with what was checked, and what was written with what was accepted."""
    expected = sum(table.rows for table in tables)
    if outcome.rows != expected:
        raise OpenhoursError(f"A roll-up read {outcome.rows:,} rows; the check of its tables found {expected:,}.")
    if written != accepted or accepted + outcome.rejected != outcome.rows:
        raise OpenhoursError(f"A roll-up wrote {written:,} rows of {outcome.rows:,}; {outcome.rejected:,} were wrong.")


def _upload(work: Work, path: Path) -> str:
    key = work.prefix + path.name
    work.store.put(path, key, media_type=MEDIA_TYPE, is_frugal=True)
    return key


@dataclass(slots=True)
class Reading:
    """Tells how much of so many bytes was read."""

    work: Work
    total: int
    done: int = 0

    def add(self, size: int) -> None:
        self.done += size
        self.work.progress("loading", min(READ * self.done / max(self.total, 1), READ))

    def written(self, share: float) -> None:
        """So much of the result is written, 0 to 1."""
        self.work.progress("uploading", READ + (1 - READ) * share)
