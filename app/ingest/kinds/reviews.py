"""Dataset kind ``reviews``: the reviews of pull requests."""

from typing import Final

from app.ingest.collected import NUMBER_IN_REPO, REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER, TEXT, choice
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_STATES: Final = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING")

_COLUMNS: Final = (
    REPO,
    NUMBER_IN_REPO,
    Column("review_id", LONG_NUMBER, example="2098754321"),
    *person("reviewer"),
    Column("state", choice({state: state for state in _STATES}), example="APPROVED"),
    Column("submitted_at", INSTANT, example="2024-11-04T14:30:00Z", required=False),
    Column("commit_sha", TEXT, example="6dcb09b5b57875f334f61aebed695e2e4193db5e", required=False),
    DROPPED,
)


class ReviewLoading(KeyedLoading):
    """Collects reviews and merges them by repository and id."""

    columns = _COLUMNS
    table = keyed_table("review", _COLUMNS, key=("repo", "review_id"), indexes=(("repo", "number"),))


REVIEWS = DatasetKind(
    name="reviews",
    summary="one row per review of a pull request: who, when, and with what result",
    columns=_COLUMNS,
    loading=ReviewLoading,
    instant="submitted_at",
    is_guessed=False,
    documentation="""
        One review of a pull request. If rows have the same `repo` and `review_id`, the last one counts: a review that
        is dismissed changes its `state`. A `PENDING` review has not been submitted and has no `submitted_at`.

        A row with `dropped` `true` removes the review.
    """,
    wrong=WrongRow("state", "approved", "not_allowed"),
)
