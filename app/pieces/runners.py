"""Where the pieces of a job are done."""

from pathlib import Path

from app.pieces.cluster.connection import require_library
from app.pieces.here import Here
from app.pieces.piece import Runner
from app.settings import Settings
from app.storage.object_store import ObjectStore


def require_runner(settings: Settings) -> None:
    """Raise SetupError if runner_of could give none: a process that runs jobs is to find out when it starts."""
    if settings.dask_scheduler is not None:
        require_library(why="OPENHOURS_DASK_SCHEDULER is set")


def runner_of(settings: Settings, store: ObjectStore, folder: Path) -> Runner:
    """A runner by the settings: the cluster of OPENHOURS_DASK_SCHEDULER, or else this process."""
    if settings.dask_scheduler is None:
        return Here(settings, store, folder)
    from app.pieces.cluster.runner import OnCluster  # noqa: PLC0415 - only where there is a cluster

    return OnCluster(settings)
