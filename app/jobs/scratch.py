"""Folders for the files that a report is being made of, below the system's temporary folder.

Each is locked while it is in use. The kernel frees the lock of a replica that is killed, so the next one that starts on
the machine can tell its folders from those in use, and remove them before they fill the disk.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from time import time
from typing import Final

PREFIX: Final = "openhours-"

#: A folder that is younger may have been made just now, and not be locked yet, seconds.
YOUNG_SECONDS: Final = 60

_log = logging.getLogger(__name__)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder, gone afterwards. Raises OSError when there is no room for one."""
    with TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name, _opened(Path(name)) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield Path(name)


def remove_abandoned_folders() -> None:
    """Remove the folders of replicas that were killed; what cannot be removed is somebody else's."""
    for path in Path(gettempdir()).glob(PREFIX + "*"):
        with suppress(OSError):
            if time() - path.stat().st_mtime > YOUNG_SECONDS and path.is_dir() and not path.is_symlink():
                with _opened(path) as folder:
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path)
                    _log.info("removed %s, which a killed replica had left", path)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
