"""Samples of review times in Postgres: each belongs to its dataset."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from app.flow.review_times import ReviewTimes
from app.storage.binary_copy import DATE_OR_MISSING, FLOAT_OR_NAN, INTEGER_OR_ZERO, Columns, read_columns
from app.storage.postgres import database_now

_COLUMNS: Final[Columns] = {
    "review_seconds": FLOAT_OR_NAN,
    "merge_seconds": FLOAT_OR_NAN,
    "observed_on": DATE_OR_MISSING,
    "team_id": INTEGER_OR_ZERO,
}

#: The staging table of a load.
STAGED: Final = "staged_review_time"


def stage(connection: Connection) -> None:
    """Create STAGED; dropped on commit."""
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} (LIKE review_time) ON COMMIT DROP"))


def replace(connection: Connection, dataset_id: str) -> int:
    """Replace all observations of the dataset by the staged ones; returns their number."""
    remove(connection, dataset_id)
    return connection.execute(text(f"INSERT INTO review_time SELECT * FROM {STAGED}")).rowcount


def remove(connection: Connection, dataset_id: str) -> int:
    """Delete the observations of a dataset; returns their number."""
    statement = text("DELETE FROM review_time WHERE dataset_id = :id")
    return connection.execute(statement, {"id": dataset_id}).rowcount


def is_sample(connection: Connection, dataset_id: str) -> bool:
    """Whether a dataset of review times was loaded; it may have no rows."""
    found: bool = connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM review_time WHERE dataset_id = :id) OR EXISTS "
            "(SELECT FROM dataset WHERE id = :id AND kind = 'review_times' AND merged_by IS NOT NULL)"
        ),
        {"id": dataset_id},
    ).scalar_one()
    return found


def as_of(connection: Connection, dataset_id: str) -> datetime:
    """The instant that a sample speaks for: the end of its last day; without dates, now."""
    statement = text("SELECT max(observed_on) FROM review_time WHERE dataset_id = :id")
    day: date | None = connection.execute(statement, {"id": dataset_id}).scalar_one()
    if day is None:
        return database_now(connection)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def team_names(connection: Connection, dataset_id: str) -> list[str]:
    """Names of the teams in a sample, sorted."""
    statement = text(
        "SELECT key FROM entity WHERE id IN (SELECT team_id FROM review_time WHERE dataset_id = :id) ORDER BY key"
    )
    return list(connection.scalars(statement, {"id": dataset_id}))


def read(
    connection: Connection,
    dataset_id: str,
    *,
    since: date | None = None,
    until: date | None = None,
    team_ids: Sequence[int] | None = None,
) -> ReviewTimes:
    """The observations of a sample in the order of their file.

    Args:
        connection: any.
        dataset_id: of the sample.
        since, until: only those with a date in ``[since, until)``; None: of any date or none.
        team_ids: only those of these teams; None: of all.
    """
    conditions = {
        "observed_on >= %(since)s": since,
        "observed_on < %(until)s": until,
        "team_id = ANY(%(teams)s)": team_ids,
    }
    chosen = ["dataset_id = %(id)s", *(one for one, value in conditions.items() if value is not None)]
    rows = read_columns(
        connection,
        _COLUMNS,
        f"(SELECT * FROM review_time WHERE {' AND '.join(chosen)} ORDER BY line) AS sample",
        {"id": dataset_id, "since": since, "until": until, "teams": None if team_ids is None else list(team_ids)},
    )
    return ReviewTimes(rows["review_seconds"], rows["merge_seconds"], rows["observed_on"], rows["team_id"])
