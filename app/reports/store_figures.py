"""The figures of all stores, range by range: computed in this process, or spread over a cluster."""

from collections.abc import Generator, Sequence
from typing import Any

from app.jobs.kind import JobContext
from app.pieces.runners import runner_of
from app.reports.spread import MakePiece, is_worth_it, spread
from app.reports.store_ranges import Accounting, Tables, load, opened


def figures(
    context: JobContext, accounting: Accounting[Any], *, stores: Sequence[str] | None, piece: MakePiece | None
) -> Generator[Tables]:
    """Account for all stores; what is given of a range is computed when it is asked for.

    Args:
        context: of the job.
        accounting: what is wanted; its sums grow.
        stores: their keys; None: all.
        piece: makes the piece of a range, see spread(); None: it makes something that cannot come from elsewhere.

    Raises:
        ClusterUnavailable: pieces were to be done by a cluster, which did not.
    """
    with opened(context, accounting.reading.as_known_at) as (source, snapshot):
        if piece is None or context.settings.dask_scheduler is None or not is_worth_it(snapshot, accounting, stores):
            yield from load(context, accounting, source, snapshot, stores=stores)
            return
        runner = runner_of(context.settings, source.open_store(), context.folder)
        yield from spread(context, accounting, source, snapshot, runner, stores=stores, piece=piece)
