"""Rolls tables up: in one go, or in pieces that a cluster can do (docs/rollup-rules.md)."""

from typing import Final

from app.pieces.here import Here
from app.rollup.in_pieces import in_pieces
from app.rollup.one_go import in_one_go
from app.rollup.plan import ranges_of, reading_pieces
from app.rollup.work import Outcome, Work

#: An input of more bytes is done in pieces, so that what spills is that of one piece.
ONE_GO_BYTES: Final = 4 << 30


def roll_up(work: Work, *, one_go_bytes: int = ONE_GO_BYTES) -> Outcome:
    """Roll tables up; what was stored is removed if that fails.

    Raises:
        RejectedFile: too many rows have a wrong measure; or the bytes of a table are not those that were checked.
        RowExceedsPart: a line is longer than a part may be.
        MemoryLimitExceeded, DiskFull, ObjectStoreUnavailable: the job cannot be done with what there is.
    """
    ranges = ranges_of(work.tables)
    try:
        if sum(one.bytes for one in ranges) <= one_go_bytes:
            return in_one_go(work, ranges)
        runner = Here(work.settings, work.store, work.folder)
        return in_pieces(work, reading_pieces(ranges), runner)
    except BaseException:
        work.store.remove_below(work.prefix)
        raise
