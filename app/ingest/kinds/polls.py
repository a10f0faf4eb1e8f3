"""Dataset kind ``polls``: one observation of a store per row."""

from datetime import UTC
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.ingest.bloom import BloomFilter
from app.ingest.column_types import INSTANT, KEY, choice
from app.ingest.keys import KeyIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import logs_of_changes, new_entities, polls
from app.series.sealed.unseal import unseal
from app.series.versions import begin_change
from app.storage.binary_copy import write_columns
from app.storage.object_store import ObjectStore
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN
from app.wording.warnings import EXAMPLES, DataWarning, warning

#: Lines that may repeat a store and an instant are remembered up to so many; with more, all staged polls are compared.
MOST_SUSPECTS: Final = 200_000


class PollLoading:
    """Collects polls in a staging table and merges them: one status per store and instant, the last row wins."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._is_log_of_changes = False
        self._store: ObjectStore | None = None
        self._table = polls.stage(connection)
        self._ids = KeyIds(connection, "store")
        self._spans: dict[int, tuple[int, int]] = {}
        self._staged = 0
        self._contradictions = polls.Contradictions()
        self._filter = BloomFilter()
        self._suspects: list[npt.NDArray[np.int64]] = []
        self._suspected = 0

    def hold_until_changed(self) -> None:
        """See kind.Holding."""
        self._is_log_of_changes = True

    def unseal_from(self, store: ObjectStore) -> None:
        """See kind.Unsealing."""
        self._store = store

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        instant = rows.columns["timestamp_utc"].array().astype(np.int64)
        block = {
            "at": instant,
            "entity_id": self._ids.of(rows.columns["store_id"]),
            "status": rows.columns["status"].array(),
            "line": np.arange(rows.first_row, rows.first_row + len(rows)),
        }
        write_columns(self._connection, self._table, polls.STAGED_COLUMNS, [block])
        self._suspect(block["line"][self._filter.seen(block["entity_id"], instant)])
        self._staged += len(rows)
        weeks = polls.week_of(instant)
        for week in np.unique(weeks).tolist():
            here = instant[weeks == week]
            first, last = int(here.min()), int(here.max())
            earliest, latest = self._spans.get(week, (first, last))
            self._spans[week] = (min(first, earliest), max(last, latest))

    def _suspect(self, lines: npt.NDArray[np.int64]) -> None:
        """Remember lines whose store and instant a line before may have, so that not all need to be compared."""
        self._suspected += len(lines)
        self._suspects = [*self._suspects, lines] if self._suspected <= MOST_SUSPECTS else []

    def merge(self) -> int:
        if self._is_log_of_changes:
            logs_of_changes.drop_covered_ends(self._connection, self._table)
        new_entities.write_rows(self._connection, self._table, "entity_id")
        self._unseal()
        stand = polls.merge(self._connection, self._table, self._spans)
        if stand < self._staged:  # without repeats there is nothing to see
            lines = np.concatenate(self._suspects) if self._suspected <= MOST_SUSPECTS else None
            self._contradictions = polls.contradictions(self._connection, self._table, lines, at_most=EXAMPLES)
        if self._is_log_of_changes:
            change = begin_change(self._connection, by=self._dataset_id)
            logs_of_changes.hold_until_changed(self._connection, change, self._table)
        elif logs_of_changes.has_set(self._connection, self._dataset_id):  # it was read by another mapping before
            change = begin_change(self._connection, by=self._dataset_id)
            logs_of_changes.forget(self._connection, change, self._table)
        polls.drop(self._connection, self._table)
        return stand

    def _unseal(self) -> None:
        """Bring back the weeks that are about to change."""
        if self._store is not None:
            unseal(self._connection, self._store, polls.mondays_of(self._spans))

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
        new_entities.settle(self._connection, self._table, "entity_id")
        if self._is_log_of_changes:
            logs_of_changes.drop_covered_ends(self._connection, self._table)
            logs_of_changes.forget(self._connection, begin_change(self._connection, by=self._dataset_id), self._table)
        self._unseal()
        return polls.remove(self._connection, self._table, self._spans)


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
