"""Opens DuckDB: in memory, with a bound on it, spilling into a folder, and without the network."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from app.errors import DiskFull, MemoryLimitExceeded
from app.files.memory import give_back_what_is_freed, is_at_memory_limit, keep_what_is_freed

# The allocator in DuckDB's wheel keeps the address space of what was freed, which counts for the limit of a job, unless
# it is told otherwise when the library is loaded.
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "retain:false")

import duckdb

#: Most threads of a query: each takes memory of its own, and another process does more for throughput than a third.
THREADS: Final = 2

#: What the reader, the stacks of threads and an upload take of the memory of a job, MiB.
BESIDES_MB: Final = 128

#: Of the rest the share that DuckDB may take: it takes more than it counts, and gives address space back late.
SHARE: Final = 0.45

#: DuckDB has at least so much, MiB.
LEAST_MB: Final = 16

#: Below this, MiB, a query has one thread, and what is freed is given back at once.
SCARCE_MB: Final = 512

#: From here on, MiB, what is freed is kept: it is up to 64 MiB more, and Dask has its workers give all of it back.
PLENTY_MB: Final = 768

#: What DuckDB and Arrow say when memory is refused; as a stream goes through both, its kind of error gets lost.
_REFUSED: Final = ("Out of Memory", "ailed to allocate", "malloc of size", "bad_alloc", "bad alloc", "ailed to launch")

#: What DuckDB says when a disk has no room for what it spills.
_FULL: Final = ("No space left", "max_temp_directory_size", "Disk quota")


def share_of(memory_mb: int) -> int:
    """Of so much memory of a job what DuckDB may take, MiB."""
    return max(int((memory_mb - BESIDES_MB) * SHARE), LEAST_MB)


def begin(memory_mb: int) -> None:
    """To be called by a job, or a piece of one, that may take so much memory, MiB, before it reads."""
    if memory_mb < SCARCE_MB:
        give_back_what_is_freed()
    elif memory_mb >= PLENTY_MB:
        keep_what_is_freed()


@contextmanager
def opened(folder: Path, *, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, for a job that may take so much memory, MiB.

    It spills into ``folder``, installs and loads no extension, and sees no variable of Python.

    Raises:
        MemoryLimitExceeded: a query needs more, even if it spills.
        DiskFull: there is no room for what it spills.
    """
    pa.set_io_thread_count(1)  # blocks are read from memory: more threads would only take that of their stacks
    threads = 1 if memory_mb < SCARCE_MB else min(THREADS, os.cpu_count() or 1)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{share_of(memory_mb)}MiB",
        "threads": str(threads),
        "async_threads": "1",
        "allocator_flush_threshold": "16MiB",
        "temp_directory": str(folder),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "arrow_large_buffer_size": "true",  # a block of long texts may have more than 2 GiB
        "python_enable_replacements": "false",
    }
    with failures_mapped(memory_mb):
        database = duckdb.connect(":memory:", config=settings)
        try:
            database.execute("SET enable_progress_bar = false")  # it would be drawn on the terminal of a command
            yield database
        finally:
            database.close()


@contextmanager
def failures_mapped(memory_mb: int) -> Iterator[None]:
    """Map the failures of DuckDB and of what feeds it that are no defects of ours."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError, MemoryError, RuntimeError) as error:
        if any(words in str(error) for words in _FULL):
            raise DiskFull("The replica that ran it has no room left for its files.") from error
        if not _is_of_memory(error):
            raise
        message = f"It needed more than {memory_mb} MiB of memory (OPENHOURS_REPORT_MEMORY_LIMIT_MB)."
        raise MemoryLimitExceeded(message) from error


def _is_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException) or any(words in str(error) for words in _REFUSED):
        return True
    return isinstance(error, RuntimeError) and is_at_memory_limit()  # a thread was refused
