"""Dataset kind ``review_comments``: what reviewers and authors wrote on lines of pull requests."""

from typing import Final

from app.ingest.collected import NUMBER_IN_REPO, REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    NUMBER_IN_REPO,
    Column("comment_id", LONG_NUMBER, example="1734567890"),
    Column("review_id", LONG_NUMBER, example="2098754321", required=False),
    Column("in_reply_to", LONG_NUMBER, example="1734567001", required=False),
    *person("author"),
    Column("created_at", INSTANT, example="2024-11-04T14:25:00Z"),
    Column("updated_at", INSTANT, example="2024-11-04T14:26:00Z", required=False),
    DROPPED,
)


class ReviewCommentLoading(KeyedLoading):
    """Collects review comments and merges them by repository and id."""

    columns = _COLUMNS
    table = keyed_table("review_comment", _COLUMNS, key=("repo", "comment_id"), indexes=(("repo", "number"),))


REVIEW_COMMENTS = DatasetKind(
    name="review_comments",
    summary="one row per comment on lines of a pull request: who, when, in which review",
    columns=_COLUMNS,
    loading=ReviewCommentLoading,
    instant="created_at",
    is_guessed=False,
    documentation="""
        One comment on lines of a pull request; comments on the pull request as a whole do not belong here. If rows have
        the same `repo` and `comment_id`, the last one counts. `in_reply_to` is the comment that it answers.

        A row with `dropped` `true` removes the comment.
    """,
    wrong=WrongRow("created_at", "2024-11-04", "bad_timestamp"),
)
