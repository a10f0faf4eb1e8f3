"""The protocol without one of its safeguards, to prove that the tests notice.

``python -m tests.mutants fence|sweeper|key -- PYTEST ARGUMENTS`` runs tests on code that lacks the safeguard; at least
one of them has to fail. A process that is started otherwise calls ``mutate(name)`` before anything else.
"""

import sys
from collections.abc import Callable

import pytest
from sqlalchemy import and_

from app.jobs import lifecycle, runner, sweeper
from app.jobs.records import ReportStatus
from app.jobs.tables import job
from app.storage.object_store import report_prefix


def _drop_fence() -> None:
    """A worker may end any attempt at its report, not just its own."""

    def is_running(claim: lifecycle.Claim) -> object:
        return and_(job.c.id == claim.id, job.c.status == ReportStatus.RUNNING)

    _replace(lifecycle, "_is_ours", is_running)


def _drop_sweeper() -> None:
    """Nobody looks for what was forgotten or abandoned."""
    _replace(sweeper, "sweep", lambda *_, **__: None)


def _drop_key() -> None:
    """All attempts at a report write the same objects."""
    _replace(runner, "report_prefix", lambda report_id, _attempt=None: report_prefix(report_id))


def _replace(module: object, name: str, value: object) -> None:
    getattr(module, name)  # a mutation of what is not there any more would change nothing
    setattr(module, name, value)


MUTATIONS: dict[str, Callable[[], None]] = {"fence": _drop_fence, "sweeper": _drop_sweeper, "key": _drop_key}


def mutate(name: str) -> None:
    """Take a safeguard away from this process, for good."""
    MUTATIONS[name]()


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in MUTATIONS or sys.argv[2] != "--":
        sys.exit(f"usage: python -m tests.mutants {'|'.join(MUTATIONS)} -- PYTEST ARGUMENTS")
    mutate(sys.argv[1])
    sys.exit(pytest.main(sys.argv[3:]))
