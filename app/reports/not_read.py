"""Tells of repositories of which a source is known not to have read everything: none is then not nothing."""

from collections.abc import Sequence

from sqlalchemy import Connection

from app.jobs.kind import JobContext
from app.series.collected import coverage
from app.wording.warnings import EXAMPLES, warning


def tell_not_read(
    context: JobContext, connection: Connection, stream: str, *, repositories: Sequence[str] | None
) -> None:
    """Warn of those among the reported repositories, by their names; None: all are reported."""
    found = coverage(connection, stream, names=repositories)
    missing = list(dict.fromkeys(one.repository for one in found if not one.is_known()))
    if missing:
        context.warn(warning("not_read", len(missing), missing[:EXAMPLES]).as_json())
