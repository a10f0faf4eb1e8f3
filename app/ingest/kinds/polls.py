"""Dataset kind ``polls``: one observation of a store per row."""

from contextlib import closing
from datetime import UTC

import numpy as np
from sqlalchemy import Connection

from app.ingest.column_types import INSTANT, KEY, choice
from app.ingest.keys import KeyIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import logs_of_changes, new_entities, polls
from app.series.poll_sorting import PollSorter
from app.series.sealed.unseal import unseal
from app.series.versions import begin_change
from app.storage.object_store import ObjectStore
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN
from app.wording.warnings import EXAMPLES, DataWarning, warning


class PollLoading:
    """Sorts polls and merges them: one status per store and instant, the last row wins."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._store: ObjectStore | None = None
        self._dataset_id = dataset_id
        self._ids = KeyIds(connection, "store")
        self._sorter = PollSorter()
        self._log: logs_of_changes.StagedLog | None = None
        self._contradictions = polls.Contradictions()

    def hold_until_changed(self) -> None:
        """See kind.Holding."""
        self._log = logs_of_changes.StagedLog(self._connection)

    def unseal_from(self, store: ObjectStore) -> None:
        """See kind.Unsealing."""
        self._store = store

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        instant = rows.columns["timestamp_utc"].array().astype(np.int64)
        ids, status = self._ids.of(rows.columns["store_id"]), rows.columns["status"].array()
        if self._log is None:
            self._sorter.add(instant, ids, status)
        else:
            self._log.add(instant, ids, status, first_line=rows.first_row)

    def merge(self) -> int:
        replaced = new_entities.write(self._connection)
        found = self._polls(replaced)
        self._unseal(found)
        merged = polls.merge(self._connection, found, examples=EXAMPLES)
        self._contradictions = merged.contradictions
        if self._log is not None:
            change = begin_change(self._connection, by=self._dataset_id)
            logs_of_changes.hold_until_changed(self._connection, change, found.entity_ids())
        elif logs_of_changes.has_set(self._connection, self._dataset_id):  # it was read by another mapping before
            change = begin_change(self._connection, by=self._dataset_id)
            logs_of_changes.forget(self._connection, change, found.entity_ids())
        return merged.stand

    def _polls(self, replaced: dict[int, int]) -> PollSorter:
        """What was added, but for what a log of changes says twice, with the ids that count."""
        if self._log is not None:
            self._log.pass_on(self._sorter)
        if replaced:
            with closing(self._sorter) as before:
                self._sorter = before.replaced(replaced)
        return self._sorter

    def close(self) -> None:
        """See kind.Closeable."""
        self._sorter.close()

    @property
    def rows_contradicting(self) -> int:
        """Rows that say something else than the row that counts for their store and instant."""
        return self._contradictions.count

    def warnings(self) -> tuple[DataWarning, ...]:
        """What is to be told of the merged rows."""
        found = self._contradictions
        examples = [f"{key} at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for key, at in found.first]
        return (warning("contradicting_polls", found.count, examples),) if found.count else ()

    def remove(self) -> int:
        found = self._polls(new_entities.replaced(self._connection))
        if self._log is not None:
            change = begin_change(self._connection, by=self._dataset_id)
            logs_of_changes.forget(self._connection, change, found.entity_ids())
        self._unseal(found)
        return polls.remove(self._connection, found)

    def _unseal(self, found: PollSorter) -> None:
        """Bring back the weeks that are about to change."""
        if self._store is not None:
            unseal(self._connection, self._store, polls.mondays_of(found.weeks()))


POLLS = DatasetKind(
    name="polls",
    summary="one row per observation: a store was active, inactive or unknown at an instant",
    columns=(
        Column("store_id", KEY, example="8419537941919820732"),
        Column("status", choice({"active": ACTIVE, "inactive": INACTIVE, "unknown": UNKNOWN}), example="active"),
        Column("timestamp_utc", INSTANT, example="2023-01-22 12:09:39.388884 UTC"),
    ),
    loading=PollLoading,
    instant="timestamp_utc",
    observed=True,
    documentation="""
        One observation of a store: at this instant it was up (`active`), down (`inactive`), or the monitor did not know
        (`unknown`: it was paused, pending or in maintenance). If rows have the same store and instant, the last one
        counts. An instant more than a day after the file arrived is an error.
    """,
    wrong=WrongRow("status", "up", "not_allowed"),
)
