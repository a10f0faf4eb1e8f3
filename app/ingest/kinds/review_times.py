"""Dataset kind ``review_times``: a sample of review and merge times, one observation per row."""

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.column_types import DATE, DURATION, KEY
from app.ingest.keys import KeyIds, optional_ids
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities, review_times
from app.series.entities import TEAM
from app.storage.csv_copy import copy_rows


class ReviewTimeLoading:
    """Collects observations in a staging table, then replaces all observations of the dataset by them."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._teams = KeyIds(connection, TEAM)
        review_times.stage(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        values = {name: column.array() for name, column in rows.columns.items()}
        observations = {
            "dataset_id": pa.repeat(self._dataset_id, len(rows)),
            "line": pa.array(np.arange(rows.first_row, rows.first_row + len(rows))),
            "review_seconds": pa.array(values["review_time"], pa.float64()),
            "merge_seconds": pa.array(values["merge_time"], pa.float64()),
            "observed_on": pa.array(values["date"], pa.int32()).cast(pa.date32()),
            "team_id": optional_ids(self._teams, rows.columns["team"]),
        }
        copy_rows(self._connection, review_times.STAGED, pa.table(observations))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, review_times.STAGED, "team_id")
        return review_times.replace(self._connection, self._dataset_id)

    def remove(self) -> int:
        return review_times.remove(self._connection, self._dataset_id)


REVIEW_TIMES = DatasetKind(
    name="review_times",
    summary="one row per observation: seconds until the review and from there to the merge, a date and a team",
    columns=(
        Column("review_time", DURATION, example="715", may_be_empty=True),
        Column("merge_time", DURATION, example="597", may_be_empty=True),
        Column("date", DATE, example="2023-01-16", may_be_empty=True),
        Column("team", KEY, example="Platform", may_be_empty=True),
    ),
    loading=ReviewTimeLoading,
    by_dataset=True,
    documentation="""
        One observation of how long a review took, and the merge after it. Identical rows all count, because each is
        an observation of its own. Observations belong to their dataset, and a report selects them by the id of that
        dataset (`source`), which `load` prints. Loading the same bytes again loads the same dataset again, so it
        changes nothing. A report on a file without observations says that there are none.
    """,
    wrong=WrongRow("review_time", "-1", "negative"),
)
