"""Seals a week: its polls go from its partition into files in S3, in one step that a kill leaves before or after.

The files are written first, from a snapshot, under names that no other run uses. Then one transaction names them and
drops the partition, if no load has touched the week meanwhile. Files that no row names are orphans.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from time import sleep
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from app.errors import ObjectStoreUnavailable, OpenhoursError
from app.files.sha256 import sha256_of_stream
from app.series.polls import POLL_COLUMNS, partition_of
from app.series.sealed import records
from app.series.sealed.format import FILE_BYTES, MEDIA_TYPE, Written, write
from app.series.sealed.reading import placed
from app.series.snapshots import take_snapshot
from app.series.turns import take_turn
from app.storage.binary_copy import Arrays, read_columns
from app.storage.object_store import ObjectStore
from app.storage.postgres import database_errors
from app.timeline import from_micros

#: Polls that are read at a time: enough that a query's own cost vanishes.
BLOCK_ROWS: Final = 262_144

#: Longest wait for reports that read polls: meanwhile no other report can begin to, milliseconds.
_WAIT_MS: Final = 2000

#: So often is it tried to drop the partition, with pauses in which reports can begin, seconds.
TRIES: Final = 60
PAUSE_SECONDS: Final = 5.0

#: SQLSTATE of a lock that could not be had in time.
_LOCK_NOT_AVAILABLE: Final = "55P03"

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a week that was to be sealed; unless it is, everything is as before."""

    SEALED = "sealed"
    CHANGED = "changed"  # a load has touched it, or somebody else has sealed it
    BUSY = "busy"  # reports read polls, or loads merge, all the time


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a week, with the polls and bytes of its files."""

    outcome: Outcome
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a run that seals weeks has at hand.

    Attributes:
        engine: Postgres.
        store: the bucket.
        folder: for one file at a time, about 64 MB.
        fence: called in the transaction that seals a week; what it raises leaves the week as it was.
        recorded: called in the same transaction with the week and its result.
        progress: called with the share of a week that is written, 0 … 1.
        file_bytes: a file ends with the entity in which it reaches this size.
    """

    engine: Engine
    store: ObjectStore
    folder: Path
    fence: Callable[[Connection], None] = lambda _: None
    recorded: Callable[[Connection, date, Result], None] = lambda *_: None
    progress: Callable[[float], None] = lambda _: None
    file_bytes: int = FILE_BYTES


def seal(run: Sealing, monday: date, *, run_id: str, tries: int | None = None) -> Result:
    """Seal a week.

    Args:
        run: what is at hand.
        monday: the week.
        run_id: part of the names of the files; no other run may have it, nor another attempt.
        tries: how often it is tried to drop the partition while others read it; None: TRIES.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: nothing was sealed, unless the commit was all that failed.
    """
    files: list[tuple[str, Written]] = []
    try:
        version = _write(run, monday, run_id, files)
    except BaseException:
        _take_back(run.store, files)
        raise
    result = _publish(run, monday, version, files, tries=TRIES if tries is None else tries)
    if result.outcome is not Outcome.SEALED:
        _take_back(run.store, files)
    _log.info("the week of %s: %s", monday, result.outcome)
    return result


def _write(run: Sealing, monday: date, run_id: str, files: list[tuple[str, Written]]) -> int | None:
    """Write the files of a week into the bucket; returns its version, None if it is not in its partition."""
    with database_errors(), take_snapshot(run.engine) as (connection, _):
        version = records.version_of(connection, monday)
        if version is None:
            return None
        rows = connection.execute(text(f"SELECT count(*) FROM {partition_of(monday)}")).scalar_one()
        written = 0
        for number, file in enumerate(write(_in_order(connection, monday), run.folder, file_bytes=run.file_bytes)):
            key = records.file_key(monday, run_id, number)
            files.append((key, file))
            _store(run.store, key, file)
            written += file.rows
            run.progress(written / max(rows, 1))
    if written != rows:
        raise RuntimeError(f"The week of {monday} has {rows} polls, but {written} were written; it was not sealed.")
    return version


def _in_order(connection: Connection, monday: date) -> Iterator[Arrays]:
    """The polls of a week along its primary key, BLOCK_ROWS at a time."""
    # To sort all that follows for each block would take the square of the time; the index has the order.
    connection.execute(text("SET LOCAL enable_sort = off"))
    after = {"id": -(2**31), "at": from_micros(0)}
    while True:
        source = (
            f"(SELECT at, entity_id, active FROM {partition_of(monday)} WHERE (entity_id, at) > (%(id)s, %(at)s) "
            f"ORDER BY entity_id, at LIMIT {BLOCK_ROWS}) AS block"
        )
        block = read_columns(connection, POLL_COLUMNS, source, after)
        yield block
        if len(block["at"]) < BLOCK_ROWS:
            return
        after = {"id": int(block["entity_id"][-1]), "at": from_micros(int(block["at"][-1]))}


def _store(store: ObjectStore, key: str, file: Written) -> None:
    """Store a file, and read it back: soon it is the only copy of these polls."""
    store.put(file.path, key, media_type=MEDIA_TYPE)
    file.path.unlink()
    with store.read(key) as stream:
        found = sha256_of_stream(stream)
    if found != file.sha256:
        raise ObjectStoreUnavailable(f"{key} was stored with the SHA-256 {file.sha256} and read back with {found}.")


def _publish(
    run: Sealing, monday: date, version: int | None, files: list[tuple[str, Written]], *, tries: int
) -> Result:
    """Name the files and drop the partition, once nobody reads it, if the week has still this version."""
    if version is None:
        return Result(Outcome.CHANGED)
    for attempt in range(tries):
        if attempt:
            sleep(PAUSE_SECONDS)
        try:
            with database_errors(), run.engine.begin() as connection:
                if not take_turn(connection):
                    continue
                if records.version_of(connection, monday) != version:
                    return Result(Outcome.CHANGED)
                return _swap(run, connection, monday, files)
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                raise
            _log.debug("the polls of the week of %s are being read; they are sealed later", monday)
    return Result(Outcome.BUSY)


def _swap(run: Sealing, connection: Connection, monday: date, files: list[tuple[str, Written]]) -> Result:
    for key, file in files:
        sealed = placed(file, key)
        records.add_file(connection, monday, sealed, sha256=file.sha256, entities=file.entities)
    records.mark_sealed(connection, monday)
    result = Result(Outcome.SEALED, sum(file.rows for _, file in files), sum(file.bytes for _, file in files))
    run.recorded(connection, monday, result)
    run.fence(connection)
    # Last, because nobody can begin to read polls from here to the commit.
    connection.execute(text(f"SET LOCAL lock_timeout = {_WAIT_MS}"))
    connection.execute(text(f"DROP TABLE {partition_of(monday)}"))
    return result


def _take_back(store: ObjectStore, files: list[tuple[str, Written]]) -> None:
    """Remove files that no row names and none will; what is left is an orphan."""
    with suppress(OpenhoursError):
        store.remove(key for key, _ in files)
