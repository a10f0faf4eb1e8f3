"""Brings the polls of sealed weeks back into their partitions, in the transaction of whoever is to change them."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from sqlalchemy import Connection, text

from app.series.polls import MERGE_MEMORY, POLL_COLUMNS, partition_of
from app.series.sealed import records
from app.series.sealed.reading import EVERYONE, SealedFile, damaged, read
from app.storage.binary_copy import Arrays, write_columns
from app.storage.object_store import ObjectStore


def unseal(connection: Connection, store: ObjectStore, mondays: Iterable[date]) -> list[date]:
    """Bring back those of these weeks that are sealed; readers see them sealed until the commit.

    Their files stay in the bucket for those who read by a snapshot from before.

    Args:
        connection: in a transaction that has the turn to change the series (turns.wait_for_turn).
        store: the bucket.
        mondays: weeks, sealed or not.

    Returns:
        The weeks that were sealed.

    Raises:
        SealedWeekDamaged, ObjectStoreUnavailable: a file cannot be read; nothing may be committed.
    """
    weeks = records.sealed_weeks(connection, list(mondays))
    if weeks:
        connection.execute(text(f"SET LOCAL maintenance_work_mem = '{MERGE_MEMORY}'"))
    for monday in weeks:
        _bring_back(connection, store, monday)
        records.retire(connection, monday)
    return weeks


def _bring_back(connection: Connection, store: ObjectStore, monday: date) -> None:
    """As polls.merge() makes a week: filled, then indexed, then attached; nobody waits."""
    partition, until = partition_of(monday), monday + timedelta(days=7)
    connection.execute(text(f"CREATE TABLE {partition} (at timestamptz, entity_id int, active boolean)"))
    blocks = _all_polls(store, records.files_of(connection, monday))
    write_columns(connection, partition, POLL_COLUMNS, blocks)
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at)",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{monday} 00:00Z') TO ('{until} 00:00Z')",
    ):
        connection.execute(text(statement))


def _all_polls(store: ObjectStore, files: Iterable[SealedFile]) -> Iterator[Arrays]:
    for file in files:
        rows = 0
        for block in read(store, file, [EVERYONE]):
            rows += len(block["at"])
            yield block
        if rows != file.rows:
            raise damaged(store, file, f"it has {rows} of {file.rows} polls")
