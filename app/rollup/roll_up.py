"""Rolls tables up: in one go, or in pieces that a cluster can do (docs/rollup-rules.md)."""

import logging
from collections.abc import Sequence
from typing import Final

from app.errors import MemoryLimitExceeded
from app.pieces.runners import runner_of
from app.rollup.database import BESIDES_MB, begin, failures_mapped
from app.rollup.in_pieces import in_pieces
from app.rollup.one_go import in_one_go
from app.rollup.plan import ranges_of, reading_pieces
from app.rollup.rows import Range
from app.rollup.work import Outcome, Work

#: Of the memory of a job, less what is beside DuckDB, the share that an input may have which is done in one go.
ONE_GO_SHARE: Final = 1 / 2

#: A gzip file is taken for so many times as large as it is.
UNPACKED: Final = 8

#: With a cluster: what is less than two ranges is done before a cluster has begun.
WITH_CLUSTER_BYTES: Final = 128 << 20


_log = logging.getLogger(__name__)


def one_go_bytes_of(memory_mb: int) -> int:
    """Most bytes of an input that is not done in pieces by a job that may take so much memory, MiB."""
    return int(((memory_mb - BESIDES_MB) << 20) * ONE_GO_SHARE)


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
    begin(work.settings.report_memory_limit_mb)
    ranges, most = ranges_of(work.tables), one_go_bytes
    if most is None:
        by_memory = one_go_bytes_of(work.settings.report_memory_limit_mb)
        most = min(by_memory, WITH_CLUSTER_BYTES) if work.settings.dask_scheduler else by_memory
    try:
        is_small = sum(one.bytes * (UNPACKED if one.table.is_packed else 1) for one in ranges) <= most
        if is_small and (outcome := _if_it_fits(work, ranges)) is not None:
            return outcome
        with failures_mapped(work.settings.report_memory_limit_mb):
            runner = runner_of(work.settings, work.store, work.folder)
            return in_pieces(work, reading_pieces(ranges), runner)
    except BaseException:
        work.store.remove_below(work.prefix)
        raise


def _if_it_fits(work: Work, ranges: Sequence[Range]) -> Outcome | None:
    """The roll-up in one go, or None if that takes more memory than there is: then nothing is left of it."""
    try:
        with failures_mapped(work.settings.report_memory_limit_mb):
            return in_one_go(work, ranges)
    except MemoryLimitExceeded as error:
        _log.info("a roll-up does not fit into memory in one go, it is done in pieces: %s", error)
    work.store.remove_below(work.prefix)
    for path in work.folder.iterdir():
        path.unlink()
    return None
