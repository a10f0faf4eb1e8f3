"""Facts ``answers``: requests for a review, and when whoever was asked first answered."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, exists, func, or_, select

from app.ingest.kinds.review_requests import ReviewRequestLoading
from app.ingest.kinds.reviews import ReviewLoading
from app.ingest.kinds.team_members import TeamMemberLoading
from app.metrics.facts.fact import Asked, Fact, FactColumn, Type, is_bot, person, same, same_account
from app.metrics.facts.pulls import PULL, ended_at, is_other, is_submitted, whose
from app.series.entities import TEAM
from app.series.tables import entity, pull_request

#: The day of rows that no source has seen: a part of the key cannot be empty.
_NEVER: Final = cast("-infinity", Date)

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the pull request"),
    "reviewer": FactColumn(Type.PERSON, "who was asked; unknown of a team"),
    "reviewer_is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "is_team": FactColumn(
        Type.TRUTH,
        "whether a team was asked; anybody who is a member on that day can answer",
    ),
    "requested_at": FactColumn(Type.INSTANT, "when; of repeated requests the last one before the answer counts"),
    "answered_at": FactColumn(
        Type.INSTANT,
        "the first review after that by whoever was asked, before the pull request ended",
    ),
}


def _same_target(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether two requests ask the same account, or the same team."""
    return or_(
        same_account(one.c.reviewer, one.c.reviewer_id, other.c.reviewer, other.c.reviewer_id),
        one.c.requested_team == other.c.requested_team,
    )


def _by_member(request: Any, review: Any) -> ColumnElement[bool]:
    """Whether somebody reviewed who was on the team then, by a file or as a source saw it."""
    member, seen = TeamMemberLoading.table, TeamMemberLoading.table.alias("seen")
    day = cast(func.timezone("UTC", review.c.submitted_at), Date)
    # What was seen on a day holds until somebody looked again; what the first day shows held before it, too.
    days = select(func.coalesce(func.max(seen.c.seen_on).filter(seen.c.seen_on <= day), func.min(seen.c.seen_on)))
    looked = (
        days.where(seen.c.team_id == member.c.team_id, seen.c.seen_on > _NEVER)
        .correlate(member, review)
        .scalar_subquery()
    )
    by_file = and_(
        func.coalesce(member.c.seen_on, _NEVER) == _NEVER,
        or_(member.c.valid_from.is_(None), member.c.valid_from <= day),
        or_(member.c.valid_to.is_(None), member.c.valid_to >= day),
    )
    return exists(
        select(1)
        .select_from(member.join(entity, entity.c.id == member.c.team_id))
        .where(
            entity.c.kind == TEAM,
            func.lower(entity.c.key) == func.lower(request.c.requested_team),
            same_account(member.c.login, member.c.user_id, review.c.reviewer, review.c.reviewer_id),
            or_(by_file, member.c.seen_on == looked),
        )
        .correlate(request, review)  # two queries further out; by itself it would be of all requests
    )


def _rows(asked: Asked) -> Select[Any]:
    request, review, pull = ReviewRequestLoading.table, ReviewLoading.table, pull_request
    other = request.alias("other")
    by_person = same_account(review.c.reviewer, review.c.reviewer_id, request.c.reviewer, request.c.reviewer_id)
    ended = ended_at(pull, asked)
    answer = (
        select(func.min(review.c.submitted_at))
        .where(
            same(review, request, *PULL),
            review.c.submitted_at >= request.c.requested_at,
            review.c.submitted_at <= asked.as_of,
            or_(ended.is_(None), review.c.submitted_at < ended),
            is_submitted(review),
            is_other(review, "reviewer", pull),
            ~is_bot(review.c.reviewer, review.c.reviewer_is_bot, asked),
            case((request.c.requested_team.is_not(None), _by_member(request, review)), else_=by_person),
        )
        .correlate(request, pull)
        .scalar_subquery()
    )
    asked_for = (
        select(
            request.c.repo_id,
            request.c.number,
            request.c.event_id,
            request.c.reviewer,
            request.c.reviewer_id,
            request.c.reviewer_is_bot,
            request.c.requested_team,
            request.c.requested_at,
            answer.label("answered_at"),
            ended.label("ended_at"),
            pull.c.team_id,
            pull.c.author,
            pull.c.created_at,
        )
        .join(pull, same(pull, request, *PULL))
        .where(
            request.c.requested_at <= asked.as_of,
            pull.c.created_at <= asked.as_of,
            or_(ended.is_(None), request.c.requested_at < ended),
            ~func.coalesce(request.c.is_removed, False),
        )
        .subquery("asked_for")
    )
    # What comes between a request and its answer takes its place: another request, or that it was taken back.
    up_to = func.coalesce(asked_for.c.answered_at, asked.as_of)
    replaced = exists(
        select(1).where(
            same(other, asked_for, *PULL),
            or_(
                other.c.requested_at > asked_for.c.requested_at,
                and_(other.c.requested_at == asked_for.c.requested_at, other.c.event_id > asked_for.c.event_id),
            ),
            other.c.requested_at <= up_to,
            or_(asked_for.c.ended_at.is_(None), other.c.requested_at < asked_for.c.ended_at),
            _same_target(asked_for, other),
        )
    )
    return select(
        *whose(asked_for),
        asked_for.c.number,
        person(asked_for.c.reviewer, asked_for.c.reviewer_id).label("reviewer"),
        is_bot(asked_for.c.reviewer, asked_for.c.reviewer_is_bot, asked).label("reviewer_is_bot"),
        asked_for.c.requested_team.is_not(None).label("is_team"),
        asked_for.c.requested_at,
        asked_for.c.answered_at,
    ).where(~replaced)


ANSWERS: Final = Fact(
    name="answers",
    summary="requests for reviews: when whoever was asked first answered",
    stream="pull_requests",
    columns=_COLUMNS,
    rows=_rows,
    when="requested_at",
)
