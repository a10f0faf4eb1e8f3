"""The figures of all stores, range by range: computed in this process, or spread over a cluster."""

from collections.abc import Generator, Sequence
from typing import Any

from app.jobs.kind import JobContext
from app.reports.store_ranges import Accounting, Tables, load, opened


def figures(context: JobContext, accounting: Accounting[Any], *, stores: Sequence[str] | None) -> Generator[Tables]:
    """Account for all stores; what is given of a range is computed when it is asked for.

    Args:
        context: of the job.
        accounting: what is wanted; its sums grow.
        stores: their keys; None: all.
    """
    with opened(context, accounting.reading.as_known_at) as (source, snapshot):
        yield from load(context, accounting, source, snapshot, stores=stores)
