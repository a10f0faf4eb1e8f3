"""Facts ``contributions``: what people did on pull requests: merged ones, reviews, comments on lines."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, select, true, union_all

from app.ingest.kinds.review_comments import ReviewCommentLoading
from app.ingest.kinds.reviews import ReviewLoading
from app.metrics.facts.fact import TEAM_AT, Asked, Fact, FactColumn, Type, is_bot, person, same
from app.metrics.facts.pulls import PULL, author_is_bot, is_other, is_submitted, whose
from app.series.tables import pull_request

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the pull request"),
    "what": FactColumn(Type.WORD, "merge, review or comment: a comment on lines"),
    "person": FactColumn(Type.PERSON, "author of the merged pull request, the review or the comment"),
    "is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "is_own": FactColumn(Type.TRUTH, "whether it is a review or comment by the author"),
    "at": FactColumn(Type.INSTANT, "when"),
}


def _of(what: str, at: Any, who: Any, bot: Any, own: ColumnElement[bool]) -> Select[Any]:
    pull = pull_request
    return select(
        *whose(pull),
        pull.c.number,
        literal(what).label("what"),
        who.label("person"),
        bot.label("is_bot"),
        own.label("is_own"),
        at.label("at"),
    )


def _rows(asked: Asked) -> Select[Any]:
    pull, review, comment = pull_request, ReviewLoading.table, ReviewCommentLoading.table
    merges = _of(
        "merge", pull.c.merged_at, person(pull.c.author, pull.c.author_id), author_is_bot(pull, asked), literal(False)
    ).where(pull.c.merged_at <= asked.as_of)
    parts = [merges]
    for what, table, who, at, counts in (
        ("review", review, "reviewer", review.c.submitted_at, is_submitted(review)),
        ("comment", comment, "author", comment.c.created_at, true()),
    ):
        bot = is_bot(table.c[who], table.c[f"{who}_is_bot"], asked)
        of = _of(what, at, person(table.c[who], table.c[f"{who}_id"]), bot, ~is_other(table, who, pull))
        parts.append(of.join(table, same(pull, table, *PULL)).where(counts, at <= asked.as_of))
    found = union_all(*parts).subquery("contributed")
    return select(*found.c).where(func.coalesce(found.c[TEAM_AT] <= asked.as_of, False))


CONTRIBUTIONS: Final = Fact(
    name="contributions",
    summary="merged pull requests, reviews and comments on lines: by whom and when",
    stream="pull_requests",
    columns=_COLUMNS,
    rows=_rows,
    when="at",
)
