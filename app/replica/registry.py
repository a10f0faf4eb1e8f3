"""The job kinds that a replica runs. A new customer of the engine is its folder and its line here."""

from collections.abc import Mapping

from app.catalogue.job import DATASET_JOBS
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.dashboards.job import REFRESH_JOB
from app.errors import SetupError
from app.jobs.cleanup import BucketPrefix
from app.jobs.kind import JobKind
from app.schedules import tables as _schedules  # noqa: F401 - declares its table
from app.sealing.job import SEAL_JOB
from app.sealing.prefixes import SEALED_FILES
from app.sources.reprocess import REPROCESS_JOB
from app.sources.sync import SYNC_JOB

#: Job kinds beside those of reports, which have a registry of their own.
OTHER_KINDS: tuple[JobKind, ...] = (*DATASET_JOBS, SEAL_JOB, SYNC_JOB, REPROCESS_JOB, REFRESH_JOB)


#: The parts of the bucket beside those of artifacts.
PREFIXES: tuple[BucketPrefix, ...] = (*BUCKET_PREFIXES, SEALED_FILES)


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
