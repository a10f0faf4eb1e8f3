"""Facts ``pull_requests``: how each went, by docs/pull-request-rules.md, and what came of it."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, distinct, func, null, or_, select

from app.ingest.kinds.commits import CommitLoading
from app.ingest.kinds.review_comments import ReviewCommentLoading
from app.ingest.kinds.reviews import ReviewLoading
from app.metrics.facts.fact import (
    AUTHOR,
    OWN_TEAM,
    REPO_ID,
    TEAM_AT,
    Asked,
    Fact,
    FactColumn,
    Type,
    is_bot,
    person,
    same,
    same_account,
    until,
)
from app.series.tables import pull_request

#: Accounts that open pull requests which update dependencies.
_UPDATERS: Final = (
    *("dependabot[bot]", "app/dependabot", "dependabot-preview[bot]", "dependabot"),
    *("renovate[bot]", "app/renovate", "renovate-bot", "mend-for-github-com[bot]"),
)

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the pull request"),
    "author": FactColumn(Type.PERSON, "who opened it"),
    "author_is_bot": FactColumn(Type.TRUTH, "whether a bot did"),
    "is_update": FactColumn(
        Type.TRUTH,
        "whether Dependabot or Renovate wrote it to update dependencies, by the logins of these services",
    ),
    "created_at": FactColumn(Type.INSTANT, "when it was opened"),
    "began_at": FactColumn(Type.INSTANT, "its first commit, or its creation if that was earlier"),
    "first_commit_at": FactColumn(Type.INSTANT, "its first commit"),
    "ready_at": FactColumn(Type.INSTANT, "when it became ready for review; unknown while it is a draft"),
    "first_review_at": FactColumn(
        Type.INSTANT, "the first review by somebody else, before it ended; an approval is one"
    ),
    "reviewed_at": FactColumn(Type.INSTANT, "the same, or when it became ready, if later"),
    "approved_at": FactColumn(Type.INSTANT, "the last approval before it ended, or when it became ready, if later"),
    "review_ended_at": FactColumn(Type.INSTANT, "the approval; the merge if it was not approved"),
    "merged_at": FactColumn(Type.INSTANT, "when it was merged"),
    "closed_unmerged_at": FactColumn(Type.INSTANT, "when it was closed, if it was not merged"),
    "ended_at": FactColumn(Type.INSTANT, "when it was merged or closed"),
    "lines": FactColumn(Type.NUMBER, "lines added and deleted"),
    "changed_files": FactColumn(Type.NUMBER, "files that it changes"),
    "reviews": FactColumn(
        Type.NUMBER,
        "reviews by others, bots left out, before it ended; unknown where no row of reviews is known of its repository",
    ),
    "review_comments": FactColumn(Type.NUMBER, "comments on lines by others, bots left out"),
    "review_rounds": FactColumn(
        Type.NUMBER,
        "commits for which others, bots left out, asked for changes before it ended, and after which a "
        "push came; unknown without `head_sha`, or where `reviews` is",
    ),
    "is_reverted": FactColumn(
        Type.TRUTH,
        "whether a pull request that was merged later, or a commit of the default branch, says that it reverts it",
    ),
}


#: What identifies a pull request, here and where something is of one.
PULL: Final = ("repo_id", "number")


def whose(pull: Any) -> list[ColumnElement[Any]]:
    """The columns that say whose something is that belongs to a pull request: that one's team, on its first day."""
    return [
        pull.c.repo_id.label(REPO_ID),
        pull.c.team_id.label(OWN_TEAM),
        pull.c.author.label(AUTHOR),
        pull.c.created_at.label(TEAM_AT),
    ]


def ended_at(pull: Any, asked: Asked) -> ColumnElement[Any]:
    """When it was merged, else when it was closed, if that was by then."""
    return func.coalesce(until(pull.c.merged_at, asked), until(pull.c.closed_at, asked))


def author_is_bot(pull: Any, asked: Asked) -> ColumnElement[bool]:
    """Whether a bot opened it."""
    return is_bot(pull.c.author, pull.c.author_is_bot, asked)


def is_other(row: Any, name: str, pull: Any) -> ColumnElement[bool]:
    """Whether a row is by somebody else than the author of its pull request; an account that was deleted is."""
    return ~same_account(row.c[name], row.c[f"{name}_id"], pull.c.author, pull.c.author_id)


def is_submitted(review: Any) -> ColumnElement[bool]:
    """Whether others can see a review; one that its author still writes is in the rows of no facts."""
    return and_(review.c.state != "PENDING", review.c.submitted_at.is_not(None))


def _reviews(asked: Asked) -> Subquery:
    """By pull request: reviews by others, and commits for which they asked for changes that a push has answered."""
    review, pull = ReviewLoading.table, pull_request
    is_round = and_(
        review.c.state == "CHANGES_REQUESTED", review.c.commit_sha.is_not(None), review.c.commit_sha != pull.c.head_sha
    )
    ended = ended_at(pull, asked)
    return (
        select(
            review.c.repo_id,
            review.c.number,
            func.count().label("reviews"),
            func.count(distinct(review.c.commit_sha)).filter(is_round).label("rounds"),
        )
        .join(pull, same(pull, review, *PULL))
        .where(
            is_submitted(review),
            review.c.submitted_at <= asked.as_of,
            or_(ended.is_(None), review.c.submitted_at < ended),
            is_other(review, "reviewer", pull),
            ~is_bot(review.c.reviewer, review.c.reviewer_is_bot, asked),
        )
        .group_by(review.c.repo_id, review.c.number)
        .subquery("of_reviews")
    )


def _comments(asked: Asked) -> Subquery:
    """By pull request: comments on lines by others."""
    comment, pull = ReviewCommentLoading.table, pull_request
    return (
        select(comment.c.repo_id, comment.c.number, func.count().label("comments"))
        .join(pull, same(pull, comment, *PULL))
        .where(
            comment.c.created_at <= asked.as_of,
            is_other(comment, "author", pull),
            ~is_bot(comment.c.author, comment.c.author_is_bot, asked),
        )
        .group_by(comment.c.repo_id, comment.c.number)
        .subquery("of_comments")
    )


def _reverting_pulls(asked: Asked) -> Subquery:
    """By the number that is reverted: when the last pull request was merged that says so."""
    other = pull_request.alias("reverting")
    return (
        select(other.c.repo_id, other.c.reverts.label("number"), func.max(other.c.merged_at).label("at"))
        .where(other.c.reverts.is_not(None), other.c.merged_at <= asked.as_of, other.c.created_at <= asked.as_of)
        .group_by(other.c.repo_id, other.c.reverts)
        .subquery("by_pulls")
    )


def _reverting_commits(asked: Asked) -> Subquery:
    """By the commit that is reverted: that one of the default branch says so."""
    commit = CommitLoading.table
    return (
        select(commit.c.repo_id, commit.c.reverts.label("sha"), func.max(commit.c.committed_at).label("at"))
        .where(commit.c.reverts.is_not(None), commit.c.committed_at <= asked.as_of)
        .group_by(commit.c.repo_id, commit.c.reverts)
        .subquery("by_commits")
    )


def _rows(asked: Asked) -> Select[Any]:
    pull = pull_request
    reviews, comments = _reviews(asked), _comments(asked)
    pulls, commits = _reverting_pulls(asked), _reverting_commits(asked)
    at = milestones(asked)
    # A file may tell when a pull request was first reviewed, and no file the reviews.
    are_known = pull.c.repo_id.in_(select(ReviewLoading.table.c.repo_id).distinct())
    query = select(
        *whose(pull),
        pull.c.number,
        person(pull.c.author, pull.c.author_id).label("author"),
        author_is_bot(pull, asked).label("author_is_bot"),
        func.coalesce(func.lower(pull.c.author).in_(_UPDATERS), False).label("is_update"),
        *(value.label(name) for name, value in at.items()),
        (pull.c.additions + pull.c.deletions).label("lines"),
        pull.c.changed_files,
        case((are_known, func.coalesce(reviews.c.reviews, 0))).label("reviews"),
        func.coalesce(comments.c.comments, 0).label("review_comments"),
        case((and_(are_known, pull.c.head_sha.is_not(None)), func.coalesce(reviews.c.rounds, 0))).label(
            "review_rounds"
        ),
        func.coalesce(or_(pulls.c.at > pull.c.merged_at, commits.c.at.is_not(None)), False).label("is_reverted"),
    )
    for of in (reviews, comments, pulls):
        query = query.outerjoin(of, same(of, pull, *PULL))
    same_commit = and_(commits.c.repo_id == pull.c.repo_id, commits.c.sha == pull.c.merge_sha)
    return query.outerjoin(commits, same_commit).where(pull.c.created_at <= asked.as_of)


def milestones(asked: Asked) -> dict[str, ColumnElement[Any]]:
    """The instants by which its phases go: app/flow/milestones.py and app/flow/phases.py have the same in numpy."""
    pull = pull_request
    created, first_commit = pull.c.created_at, until(pull.c.first_commit_at, asked)
    merged, ended = until(pull.c.merged_at, asked), ended_at(pull, asked)
    approved = _before(until(pull.c.approved_at, asked), ended)
    reviewed = func.least(_before(until(pull.c.first_review_at, asked), ended), approved)
    is_draft = or_(pull.c.ready_at > asked.as_of, and_(pull.c.is_draft.is_(True), pull.c.ready_at.is_(None)))
    ready = case((func.coalesce(is_draft, False), null()), else_=func.coalesce(pull.c.ready_at, created))
    approved_ready = _once_ready(approved, ready)
    return {
        "created_at": created,
        "began_at": func.least(first_commit, created),
        "first_commit_at": first_commit,
        "ready_at": ready,
        "first_review_at": reviewed,
        "reviewed_at": _once_ready(reviewed, ready),
        "approved_at": approved_ready,
        "review_ended_at": func.coalesce(approved_ready, merged),
        "merged_at": merged,
        "closed_unmerged_at": case((merged.is_(None), ended)),
        "ended_at": ended,
    }


def _before(at: ColumnElement[Any], ended: ColumnElement[Any]) -> ColumnElement[Any]:
    """An instant that counts only before the end."""
    return case((or_(ended.is_(None), at < ended), at))


def _once_ready(at: ColumnElement[Any], ready: ColumnElement[Any]) -> ColumnElement[Any]:
    """An instant, or when it was ready if that came later; unknown while it is a draft."""
    return case((and_(at.is_not(None), ready.is_not(None)), func.greatest(at, ready)))


PULL_REQUESTS: Final = Fact(
    name="pull_requests",
    summary="pull requests: their course and outcome",
    stream="pull_requests",
    columns=_COLUMNS,
    rows=_rows,
    when="created_at",
)
