"""Rolls tables up: in one go, or in pieces that a cluster can do (docs/rollup-rules.md)."""

from typing import Final

from app.pieces.runners import runner_of
from app.rollup.in_pieces import in_pieces
from app.rollup.one_go import in_one_go
from app.rollup.plan import ranges_of, reading_pieces
from app.rollup.work import Outcome, Work

#: An input of more bytes is done in pieces, so that what spills is that of one piece.
ONE_GO_BYTES: Final = 4 << 30

#: With a cluster: what is less than two ranges is done before a cluster has begun.
WITH_CLUSTER_BYTES: Final = 128 << 20


def roll_up(work: Work, *, one_go_bytes: int | None = None) -> Outcome:
    """Roll tables up; what was stored is removed if that fails.

    Args:
        work: what is to be done.
        one_go_bytes: most of an input that is not done in pieces; None: by the settings.

    Raises:
        RejectedFile: too many rows have a wrong measure; or the bytes of a table are not those that were checked.
        ClusterUnavailable: pieces were to be done by a cluster, which did not.
        RowExceedsPart: a line is longer than a part may be.
        TooManyParts: there would be more parts than there may be.
        TableRemoved: a table is gone.
        MemoryLimitExceeded, DiskFull, ObjectStoreUnavailable: the job cannot be done with what there is.
    """
    ranges, by_default = ranges_of(work.tables), WITH_CLUSTER_BYTES if work.settings.dask_scheduler else ONE_GO_BYTES
    most = by_default if one_go_bytes is None else one_go_bytes
    try:
        if sum(one.bytes for one in ranges) <= most:
            return in_one_go(work, ranges)
        runner = runner_of(work.settings, work.store, work.folder)
        return in_pieces(work, reading_pieces(ranges), runner)
    except BaseException:
        work.store.remove_below(work.prefix)
        raise
