"""The protocol without one of its safeguards, to prove that the tests notice.

``python -m tests.mutants fence|look|key -- PYTEST ARGUMENTS`` runs tests on code that lacks the safeguard; at least
one of them has to fail. A process that is started otherwise calls ``mutate(name)`` before anything else.
"""

import sys
from collections.abc import Callable

import pytest
from sqlalchemy import and_

from app.jobs import lifecycle, runner, worker
from app.jobs.kind import artifact_prefix
from app.jobs.records import JobStatus
from app.jobs.tables import job


def _drop_fence() -> None:
    """A worker may end any attempt at its report, not just its own."""

    def is_running(claim: lifecycle.Claim) -> object:
        return and_(job.c.id == claim.id, job.c.status == JobStatus.RUNNING)

    _replace(lifecycle, "_is_ours", is_running)


def _drop_look() -> None:
    """Nobody looks for what was forgotten or abandoned: workers begin only what they are called for."""
    _replace(worker, "LOOK_SECONDS", float("inf"))


def _drop_key() -> None:
    """All attempts at a report write the same objects."""
    _replace(runner, "artifact_prefix", lambda job_id, _attempt=None, **_: artifact_prefix(job_id))


def _replace(module: object, name: str, value: object) -> None:
    getattr(module, name)  # a mutation of what is not there any more would change nothing
    setattr(module, name, value)


MUTATIONS: dict[str, Callable[[], None]] = {"fence": _drop_fence, "look": _drop_look, "key": _drop_key}


def mutate(name: str) -> None:
    """Take a safeguard away from this process, for good."""
    MUTATIONS[name]()


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in MUTATIONS or sys.argv[2] != "--":
        sys.exit(f"usage: python -m tests.mutants {'|'.join(MUTATIONS)} -- PYTEST ARGUMENTS")
    mutate(sys.argv[1])
    sys.exit(pytest.main(sys.argv[3:]))
