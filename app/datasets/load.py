"""Brings one file in: check, stage, merge; all of it or nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from app.database import database_errors
from app.datasets.checker import Checker
from app.datasets.kind import DatasetKind, Rows

#: Key of the advisory lock that lets one load write at a time: entities and partitions are then made without races.
_LOAD_LOCK = 0x6C6F6164


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    rows: int


def load(engine: Engine, kind: DatasetKind, path: Path, *, progress: Callable[[int], None] = lambda _: None) -> Loaded:
    """Load a CSV file, plain or gzip, in one transaction.

    Args:
        engine: the database.
        kind: what the file holds.
        path: the file.
        progress: called with the number of rows read so far.

    Raises:
        RejectedFile: with the first rejected rows; nothing was loaded.
        DatabaseUnavailable: nothing was loaded.
    """
    checker = Checker(kind, path)
    with database_errors(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOAD_LOCK})
        loading = kind.loading(connection)
        for rows in _one_ahead(checker.rows()):
            progress(checker.read)
            if not checker.rejected:
                loading.add(rows)
        checker.finish()
        loading.merge()
    return Loaded(rows=checker.read)


def _one_ahead(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """The same blocks, the next one prepared by a thread while this one is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="check") as pool:
        upcoming = pool.submit(next, blocks, None)
        while (block := upcoming.result()) is not None:
            upcoming = pool.submit(next, blocks, None)
            yield block
