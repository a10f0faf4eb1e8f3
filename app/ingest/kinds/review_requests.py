"""Dataset kind ``review_requests``: who was asked to review a pull request, and when."""

from typing import Final

from app.ingest.collected import NUMBER_IN_REPO, REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER, SHORT_TEXT, TRUTH
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    NUMBER_IN_REPO,
    Column("event_id", LONG_NUMBER, example="15098754321"),
    *person("reviewer"),
    Column("requested_team", SHORT_TEXT, example="Platform", required=False),
    Column("requested_at", INSTANT, example="2024-11-01T20:05:00Z"),
    Column("is_removed", TRUTH, example="false", required=False),
    DROPPED,
)


class ReviewRequestLoading(KeyedLoading):
    """Collects requests for reviews and merges them by repository and event."""

    columns = _COLUMNS
    table = keyed_table("review_request", _COLUMNS, key=("repo", "event_id"), indexes=(("repo", "number"),))


REVIEW_REQUESTS = DatasetKind(
    name="review_requests",
    summary="one row per request for a review of a pull request: of whom, and when",
    columns=_COLUMNS,
    loading=ReviewRequestLoading,
    instant="requested_at",
    is_guessed=False,
    documentation="""
        One request for a review of a pull request, of a person (`reviewer`) or of a team (`requested_team`). If rows
        have the same `repo` and `event_id`, the last one counts. A repeated request is another row. A row with
        `is_removed` `true` withdraws a request at that instant. A review that answers a request needs no row here.

        `requested_team` is the name of the team, as `team` in [team_members](#team_members). If the team or the account
        was deleted, both `requested_team` and `reviewer` are empty.

        A row with `dropped` `true` takes the row out.
    """,
    wrong=WrongRow("requested_at", "2024-11-01", "bad_timestamp"),
)
