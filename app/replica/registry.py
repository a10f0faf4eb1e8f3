"""The job kinds that a replica runs. A new customer of the engine is its folder and its line here."""

from collections.abc import Mapping

from app.catalogue.job import DATASET_JOBS
from app.errors import SetupError
from app.jobs.kind import JobKind

#: Job kinds beside those of reports, which have a registry of their own.
OTHER_KINDS: tuple[JobKind, ...] = DATASET_JOBS


def job_kinds(reports: Mapping[str, JobKind]) -> dict[str, JobKind]:
    """All job kinds by name: these kinds of reports and the others.

    Raises:
        SetupError: two kinds have the same name, so that nobody could tell their jobs apart.
    """
    kinds = dict(reports)
    for kind in OTHER_KINDS:
        if kind.name in kinds:
            raise SetupError(f"Two job kinds have the name {kind.name!r}; rename one of them.")
        kinds[kind.name] = kind
    return kinds
