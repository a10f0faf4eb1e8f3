"""Opens DuckDB: in memory, with a bound on it, spilling into a folder, and without the network."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from app.errors import DiskFull, MemoryLimitExceeded

#: Threads of a query; each takes memory of its own, and a second process does more for throughput than a third thread.
THREADS: Final = min(2, os.cpu_count() or 1)

#: Of the memory of a job the share that DuckDB may take; it takes more than it counts, and the reader needs some.
SHARE: Final = 0.5

#: What DuckDB says when a disk has no room for what it spills.
_FULL: Final = ("No space left", "max_temp_directory_size", "Disk quota")


@contextmanager
def opened(folder: Path, *, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, for a job that may take so much memory, MiB.

    It spills into ``folder``, installs and loads no extension, and sees no variable of Python.

    Raises:
        MemoryLimitExceeded: a query needs more, even if it spills.
        DiskFull: there is no room for what it spills.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{int(memory_mb * SHARE)}MiB",
        "threads": str(THREADS),
        "temp_directory": str(folder),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "arrow_large_buffer_size": "true",  # a block of long texts may have more than 2 GiB
        "python_enable_replacements": "false",
    }
    with _mapped(memory_mb):
        database = duckdb.connect(":memory:", config=settings)
        try:
            database.execute("SET enable_progress_bar = false")  # it would be drawn on the terminal of a command
            yield database
        finally:
            database.close()


@contextmanager
def _mapped(memory_mb: int) -> Iterator[None]:
    """Map the failures of DuckDB that are no defects of ours."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        if any(words in str(error) for words in _FULL):
            raise DiskFull("The replica that ran it has no room left for its files.") from error
        if isinstance(error, duckdb.IOException):
            raise
        message = f"It needed more than {memory_mb} MiB of memory (OPENHOURS_REPORT_MEMORY_LIMIT_MB)."
        raise MemoryLimitExceeded(message) from error
