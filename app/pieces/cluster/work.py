"""What a worker of a cluster does with a piece."""

import errno
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from app.errors import ClusterUnavailable, DiskFull, MemoryLimitExceeded
from app.files.memory import is_at_memory_limit, limit_memory
from app.pieces.cluster.connection import adopt_log
from app.pieces.piece import Piece, Place
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from app.telemetry.logs import configure
from app.telemetry.replica_name import replica_name

if TYPE_CHECKING:
    from distributed import Worker

#: How often it is looked whether somebody still waits for the piece, seconds.
LOOK_SECONDS: Final = 1.0

#: What the kernel says when a machine lacks something: another worker may have it.
_OF_MACHINE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS})

_log = logging.getLogger(__name__)


def dask_setup(_: "Worker") -> None:
    """Called by the library when a worker has started."""
    settings = _own()[0]
    configure(settings, replica=replica_name())
    adopt_log()


def do(function: str, arguments: Mapping[str, Any]) -> Any:
    """Do a piece in this worker, with its own settings and bucket, in a folder below the worker's own.

    Raises:
        MemoryLimitExceeded: it needed more than a job may have.
        ClusterUnavailable: this machine has no room for its files, or the like.
    """
    from distributed import get_worker  # noqa: PLC0415 - see the room

    worker, (settings, store) = get_worker(), _own()
    limit_memory(settings.report_memory_limit_mb << 20, for_good=False)
    with (
        _ending_unless_wanted(worker),
        _errors(worker.address, settings),
        # The folders of workers that were killed are removed by the next one that starts on the machine.
        TemporaryDirectory(dir=worker.local_directory, prefix="piece-") as folder,
    ):
        return Piece(function, arguments).done(Place(settings, store, Path(folder)))


@cache
def _own() -> tuple[Settings, ObjectStore]:
    """The settings and the bucket of this process; nothing of them comes with a piece."""
    settings = Settings()
    return settings, ObjectStore(
        StoreAddress(
            bucket=settings.s3_bucket,
            region=settings.s3_region,
            endpoint_url=settings.s3_endpoint_url,
            public_url=settings.s3_public_url,
        )
    )


@contextmanager
def _ending_unless_wanted(worker: "Worker") -> Iterator[None]:
    """End this process when nobody waits for the piece any more: a thread that computes cannot be interrupted.

    Its nanny starts another process.
    """
    key, ended = worker.get_current_task(), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                _log.warning("nobody waits for piece %s any more: this process ends, and another begins", key)
                os._exit(1)

    watcher = threading.Thread(target=watch, name="watch-piece", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@contextmanager
def _errors(worker: str, settings: Settings) -> Iterator[None]:
    """Tell the limits of this worker's process and machine from errors of the piece."""
    try:
        yield
    except DiskFull as error:
        raise ClusterUnavailable(f"Worker {worker} has no room for the files of a piece.") from error
    except OSError as error:
        if error.errno not in _OF_MACHINE:
            raise
        raise ClusterUnavailable(f"Worker {worker} could not do a piece: {os.strerror(error.errno)}.") from error
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not is_at_memory_limit():
            raise
        raise MemoryLimitExceeded(
            f"A piece needed more than the {settings.report_memory_limit_mb} MiB of memory that a worker of the "
            "cluster gives it (OPENHOURS_REPORT_MEMORY_LIMIT_MB)."
        ) from error
