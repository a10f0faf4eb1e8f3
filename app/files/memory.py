"""How much memory this process may still allocate."""

import ctypes
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: Where Linux tells of this process.
_STATUS: Final = Path("/proc/self/status")

#: A thread takes 8 MiB for its stack, and the libraries start some at a time, bytes.
STACKS_BYTES: Final = 64 << 20

#: Of malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

#: A larger array is memory of its own, which is given back when it is freed, bytes: little, and the most there may be.
_OWN_BYTES: Final = 256 << 10
_MOST_OWN_BYTES: Final = 32 << 20

#: What is free at the end of the heap is given back when it is more, bytes: as malloc begins, and twice the above.
_LEFT_BYTES: Final = 128 << 10
_MOST_LEFT_BYTES: Final = 64 << 20


def give_back_what_is_freed() -> None:
    """Have the C library keep little of what is freed: it counts for the limit. It keeps more the larger arrays are."""
    _set({_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: _OWN_BYTES, _M_TRIM_THRESHOLD: _LEFT_BYTES})


def keep_what_is_freed() -> None:
    """Have the C library keep what is freed for the next array, as it does by itself if nobody tells it otherwise.

    Dask tells it, and so does what was done in this process before. To take each array anew from the kernel doubled the
    processor time of hourly accounting.
    """
    _set({_M_MMAP_THRESHOLD: _MOST_OWN_BYTES, _M_TRIM_THRESHOLD: _MOST_LEFT_BYTES})


def _set(options: Mapping[int, int]) -> None:
    if sys.platform == "linux":
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in options.items():
            mallopt(option, value)


def limit_memory(limit_bytes: int, *, for_good: bool = True) -> None:
    """Let this process allocate that much more than it holds already.

    Args:
        limit_bytes: how much more.
        for_good: otherwise a later call may allow more.
    """
    if (held := _held_bytes()) is not None:
        bound = held + limit_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound if for_good else resource.RLIM_INFINITY))


def peak_bytes() -> int:
    """Most memory that this process has held: on Linux since its program began.

    What getrusage() tells begins with the peak of the process that started the program.
    """
    if _STATUS.exists():
        return int(_STATUS.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def is_at_memory_limit() -> bool:
    """Whether there is no room for the stack of another thread: then it is the limit that refuses threads."""
    limit, held = resource.getrlimit(resource.RLIMIT_DATA)[0], _held_bytes()
    return limit != resource.RLIM_INFINITY and held is not None and held + STACKS_BYTES > limit


def _held_bytes() -> int | None:
    """What counts for the limit; None elsewhere than on Linux, where the kernel does not keep such a limit."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[5]) * resource.getpagesize() if statm.exists() else None
