"""Folders for the artifacts of running jobs, below the system's temporary folder.

Each is locked while it is in use. The kernel frees the lock of a replica that is killed, so the next one that starts on
the machine can tell its folders from those in use, and remove them before they fill the disk.
"""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from time import time
from typing import Final

PREFIX: Final = "openhours-report-"

#: In each folder of ours: the file that is locked. Without it a folder is somebody else's.
LOCK: Final = "lock"

#: A folder that is younger may have been made just now, and not be locked yet, seconds.
YOUNG_SECONDS: Final = 60

_log = logging.getLogger(__name__)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder, gone afterwards. Raises OSError when there is no room for one."""
    with TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        files = Path(name, "files")
        files.mkdir()
        with Path(name, LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield files


def remove_abandoned_folders() -> None:
    """Remove the folders of replicas that were killed; what is locked or cannot be removed stays."""
    for lock in Path(gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            if time() - lock.stat().st_mtime > YOUNG_SECONDS:
                with lock.open("rb") as held:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent)
                    _log.info("removed %s, left behind by a killed replica", lock.parent)
