"""Folders for the artifacts of running jobs, below the system's temporary folder.

Each is locked while it is in use. The kernel frees the lock of a replica that is killed, so that another on the machine
can tell its folders from those in use, and removes them before they fill the disk. The temporary folder may be shared
with strangers: nothing is opened but plain files and folders of this user.
"""

import fcntl
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from time import time
from typing import Final

PREFIX: Final = "openhours-report-"

#: A folder has this prefix until it is locked.
NEW_PREFIX: Final = "openhours-new-"

#: In each folder of ours: the file that is locked. Without it a folder is somebody else's.
LOCK: Final = "lock"

#: A folder that was not locked within this time never will be: its replica was killed, seconds.
NEW_SECONDS: Final = 60

#: A link is not followed, and whoever made a FIFO makes nobody wait for its other end.
_SAFELY: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_log = logging.getLogger(__name__)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder, gone afterwards. Raises OSError when there is no room for one."""
    new = Path(mkdtemp(prefix=NEW_PREFIX))
    folder = new.with_name(PREFIX + new.name.removeprefix(NEW_PREFIX))
    try:
        with (new / LOCK).open("xb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (new / "files").mkdir()
            new.rename(folder)  # from now on those who look for abandoned folders see it, and that it is locked
            try:
                yield folder / "files"
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def remove_abandoned_folders() -> None:
    """Remove the folders of replicas that were killed; what is in use, not ours or cannot be removed stays."""
    with suppress(OSError), os.scandir(gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                _remove_unless_locked(Path(entry.path))
            elif entry.name.startswith(NEW_PREFIX):
                _remove_when_old(Path(entry.path))


def _remove_unless_locked(folder: Path) -> None:
    with suppress(OSError), _opened(folder, stat.S_ISDIR) as held, _opened(LOCK, stat.S_ISREG, within=held) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
        _log.info("removed %s, left behind by a killed replica", folder)


def _remove_when_old(folder: Path) -> None:
    with suppress(OSError), _opened(folder, stat.S_ISDIR) as held:
        if time() - os.fstat(held).st_mtime > NEW_SECONDS:
            shutil.rmtree(folder)


@contextmanager
def _opened(path: str | Path, is_wanted: Callable[[int], bool], *, within: int | None = None) -> Iterator[int]:
    """A descriptor of a file or folder of this user. Raises OSError if it is another kind of thing, or not ours."""
    opened = os.open(path, _SAFELY, dir_fd=within)
    try:
        found = os.fstat(opened)
        if not is_wanted(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError(f"{path} is not ours.")
        yield opened
    finally:
        os.close(opened)
