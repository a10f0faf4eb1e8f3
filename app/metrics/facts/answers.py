"""Facts ``answers``: requests for a review, and when whoever was asked first answered."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, exists, func, or_, select

from app.ingest.kinds.review_requests import ReviewRequestLoading
from app.ingest.kinds.reviews import ReviewLoading
from app.ingest.kinds.team_members import TeamMemberLoading
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
)
from app.metrics.facts.pulls import ended_at, is_other
from app.series.entities import TEAM
from app.series.tables import entity, pull_request

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the pull request"),
    "reviewer": FactColumn(Type.PERSON, "who was asked; unknown of a team"),
    "reviewer_is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "is_team": FactColumn(Type.TRUTH, "whether a team was asked, of which any member can answer"),
    "requested_at": FactColumn(Type.INSTANT, "when; of repeated requests the last one before the answer counts"),
    "answered_at": FactColumn(Type.INSTANT, "the first review after it by whoever was asked"),
}


def _same_target(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether two requests ask the same account, or the same team."""
    same_person = or_(
        and_(one.c.reviewer_id.is_not(None), one.c.reviewer_id == other.c.reviewer_id),
        and_(
            or_(one.c.reviewer_id.is_(None), other.c.reviewer_id.is_(None)),
            func.lower(one.c.reviewer) == func.lower(other.c.reviewer),
        ),
    )
    return or_(same_person, one.c.requested_team == other.c.requested_team)


def _by_member(request: Any, review: Any) -> ColumnElement[bool]:
    """Whether somebody reviewed who was on the team then."""
    member = TeamMemberLoading.table
    day = cast(func.timezone("UTC", review.c.submitted_at), Date)
    return exists(
        select(1)
        .select_from(member.join(entity, entity.c.id == member.c.team_id))
        .where(
            entity.c.kind == TEAM,
            func.lower(entity.c.key) == func.lower(request.c.requested_team),
            or_(member.c.user_id == review.c.reviewer_id, func.lower(member.c.login) == func.lower(review.c.reviewer)),
            or_(member.c.valid_from.is_(None), member.c.valid_from <= day),
            or_(member.c.valid_to.is_(None), member.c.valid_to >= day),
        )
    )


def _rows(asked: Asked) -> Select[Any]:
    request, review, pull = ReviewRequestLoading.table, ReviewLoading.table, pull_request
    other = request.alias("other")
    by_person = or_(
        and_(request.c.reviewer_id.is_not(None), review.c.reviewer_id == request.c.reviewer_id),
        and_(
            or_(request.c.reviewer_id.is_(None), review.c.reviewer_id.is_(None)),
            func.lower(review.c.reviewer) == func.lower(request.c.reviewer),
        ),
    )
    answer = (
        select(func.min(review.c.submitted_at))
        .where(
            review.c.repo_id == request.c.repo_id,
            review.c.number == request.c.number,
            review.c.submitted_at >= request.c.requested_at,
            review.c.submitted_at <= asked.as_of,
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
            ended_at(pull, asked).label("ended_at"),
            pull.c.team_id,
            pull.c.author,
            pull.c.created_at,
        )
        .join(pull, and_(pull.c.repo_id == request.c.repo_id, pull.c.number == request.c.number))
        .where(request.c.requested_at <= asked.as_of, ~func.coalesce(request.c.is_removed, False))
        .subquery("asked_for")
    )
    # What comes between a request and its answer takes its place: another request, or that it was taken back.
    until = func.coalesce(func.least(asked_for.c.answered_at, asked_for.c.ended_at), asked.as_of)
    replaced = exists(
        select(1).where(
            other.c.repo_id == asked_for.c.repo_id,
            other.c.number == asked_for.c.number,
            or_(
                other.c.requested_at > asked_for.c.requested_at,
                and_(other.c.requested_at == asked_for.c.requested_at, other.c.event_id > asked_for.c.event_id),
            ),
            other.c.requested_at <= until,
            _same_target(asked_for, other),
        )
    )
    answered = case(
        (or_(asked_for.c.ended_at.is_(None), asked_for.c.answered_at <= asked_for.c.ended_at), asked_for.c.answered_at)
    )
    return select(
        asked_for.c.repo_id.label(REPO_ID),
        asked_for.c.team_id.label(OWN_TEAM),
        asked_for.c.author.label(AUTHOR),
        asked_for.c.created_at.label(TEAM_AT),
        asked_for.c.number,
        person(asked_for.c.reviewer, asked_for.c.reviewer_id).label("reviewer"),
        is_bot(asked_for.c.reviewer, asked_for.c.reviewer_is_bot, asked).label("reviewer_is_bot"),
        asked_for.c.requested_team.is_not(None).label("is_team"),
        asked_for.c.requested_at,
        answered.label("answered_at"),
    ).where(~replaced)


ANSWERS: Final = Fact(
    name="answers",
    summary="requests for reviews: when whoever was asked first answered",
    stream="pull_requests",
    columns=_COLUMNS,
    rows=_rows,
    when="requested_at",
)
