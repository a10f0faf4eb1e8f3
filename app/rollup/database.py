"""Opens DuckDB: in memory, with a bound on it, spilling into a folder, and without the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


@contextmanager
def opened(folder: Path, *, memory_bytes: int, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, which spills into ``folder``; it installs and loads no extension."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_bytes >> 20}MiB",
        "threads": str(threads),
        "temp_directory": str(folder),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    database = duckdb.connect(":memory:", config=settings)
    try:
        yield database
    finally:
        database.close()
