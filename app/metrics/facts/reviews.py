"""Facts ``reviews``: the reviews of pull requests, and who gave them."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.ingest.kinds.reviews import ReviewLoading
from app.metrics.facts.fact import Asked, Fact, FactColumn, Type, is_bot, person, same
from app.metrics.facts.pulls import PULL, is_other, is_submitted, whose
from app.series.tables import pull_request

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the pull request"),
    "reviewer": FactColumn(Type.PERSON, "who reviewed"),
    "reviewer_is_bot": FactColumn(Type.TRUTH, "whether a bot did"),
    "is_own": FactColumn(Type.TRUTH, "whether the author of the pull request did"),
    "state": FactColumn(
        Type.WORD,
        "APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED; PENDING ones are left out",
    ),
    "submitted_at": FactColumn(Type.INSTANT, "when"),
    "created_at": FactColumn(Type.INSTANT, "when the pull request was opened"),
}


def _rows(asked: Asked) -> Select[Any]:
    review, pull = ReviewLoading.table, pull_request
    return (
        select(
            *whose(pull),
            review.c.number,
            person(review.c.reviewer, review.c.reviewer_id).label("reviewer"),
            is_bot(review.c.reviewer, review.c.reviewer_is_bot, asked).label("reviewer_is_bot"),
            (~is_other(review, "reviewer", pull)).label("is_own"),
            review.c.state,
            review.c.submitted_at,
            pull.c.created_at,
        )
        .join(pull, same(pull, review, *PULL))
        .where(is_submitted(review), review.c.submitted_at <= asked.as_of, pull.c.created_at <= asked.as_of)
    )


REVIEWS: Final = Fact(
    name="reviews",
    summary="reviews of pull requests: by whom, when, with what result",
    stream="pull_requests",
    columns=_COLUMNS,
    rows=_rows,
    when="submitted_at",
)
