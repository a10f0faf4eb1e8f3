"""Tells a fault of the replica from a defect of the job: the job is not charged for it, and can run elsewhere."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from app.errors import ClockSkewed, OpenhoursError, ReplicaFault

#: What the kernel says, whatever was asked of it, when the replica is to blame: what of it is broken, and in words.
_ANYWHERE: Final = {
    errno.EMFILE: ("descriptors", "it has no file descriptors left"),
    errno.ENFILE: ("descriptors", "its machine has no file descriptors left"),
    errno.EIO: ("temporary_folder", "its disk fails"),
    errno.ENOMEM: ("memory", "it has no memory left"),
}

#: What the kernel says when a folder is gone, or cannot be written to; with a sound folder the job is to blame.
_OF_FOLDER: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE})

#: Libraries wrap these without keeping the number.
_TOLD: Final = {os.strerror(number): _ANYWHERE[number] for number in (errno.EMFILE, errno.ENFILE)}


def fault_of(error: BaseException, folder: Path | None) -> ReplicaFault | None:
    """The fault of the replica that this error tells of; None when it is the job's, its data's or a server's.

    Args:
        error: what was raised; what it was raised from counts, too.
        folder: the job's own, which is tried; None if it could not be made.
    """
    if isinstance(error, OpenhoursError) and not error.retryable:
        return None
    for one in _causes(error):
        if isinstance(one, ReplicaFault):
            return one
        if (broken := _broken(one, folder)) is not None:
            part, words = broken
            return ReplicaFault(f"This replica cannot run jobs: {words}.", part=part)
    return None


def is_thread_refused(error: BaseException) -> bool:
    """Whether Python could not start a thread; it has no error of its own for that."""
    return isinstance(error, RuntimeError) and "can't start new thread" in str(error)


def _broken(error: BaseException, folder: Path | None) -> tuple[str, str] | None:
    """What is broken, and in words."""
    if isinstance(error, ClockSkewed):
        return "clock", "its clock and that of S3 differ by more than S3 allows"
    if is_thread_refused(error):
        return "threads", "it can start no thread"
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    if number in _ANYWHERE:
        return _ANYWHERE[number]
    if isinstance(error, OSError) and (folder is None or (error.errno in _OF_FOLDER and not _can_write(folder))):
        return "temporary_folder", f"it cannot write into its temporary folder ({error.strerror})"
    if not isinstance(error, OpenhoursError):
        return next((broken for words, broken in _TOLD.items() if words in str(error)), None)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _can_write(folder: Path) -> bool:
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
