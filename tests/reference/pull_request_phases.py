"""Phases of a pull request by the repaired rules, slow and plain, to check the engine against.

Follows both parts of the rules of the pull-request report sentence by sentence, one pull request at a time, in
fractions. It shares no code with the engine. A comment that begins with "Rule:" answers what the sentences leave open.
Every instant is an aware datetime in UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from tests.reference.pull_requests import FOREVER, Duration, working_seconds
from tests.reference.uptime import MICROSECOND, Window

#: What `as_they_stood` takes back; a later `ready_at` stays, since it tells that it was a draft.
LATER = (
    *("first_commit_at", "first_review_at", "approved_at", "changes_requested_at"),
    *("merged_at", "closed_at", "ci_finished_at"),
)

#: Seconds that it waited, and whether a review ended them.
Wait = tuple[Fraction, bool]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """As the table has it: reviews and approvals are those of others than the author.

    `approved_at` is the last approval. `is_draft` is None where the source does not say.
    """

    repo: str
    number: int
    team: str | None
    author: str
    created_at: datetime
    first_commit_at: datetime | None = None
    ready_at: datetime | None = None
    first_review_at: datetime | None = None
    approved_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    ci_finished_at: datetime | None = None
    changes_requested_at: datetime | None = None
    is_draft: bool | None = None
    draft_seconds: int | None = None
    author_is_bot: bool | None = None


def as_they_stood(prs: Iterable[PullRequest], as_of: datetime) -> list[PullRequest]:
    """Pull requests that were created by then; what happened to them later is unknown."""
    stood = []
    for pr in prs:
        if pr.created_at <= as_of:
            unknown = [name for name in LATER if (at := getattr(pr, name)) is not None and at > as_of]
            stood.append(replace(pr, **dict.fromkeys(unknown)))
    return stood


def is_bot(pr: PullRequest, names: Iterable[str] = ()) -> bool:
    """Kind Bot, a login that ends in [bot], or one of a list."""
    return bool(pr.author_is_bot) or pr.author.endswith("[bot]") or pr.author in names


def end(pr: PullRequest) -> datetime | None:
    return pr.closed_at if pr.merged_at is None else pr.merged_at


def ready(pr: PullRequest, as_of: datetime = FOREVER) -> datetime | None:
    """When it was ready for a review; None of what is a draft."""
    if pr.ready_at is None:
        return None if pr.is_draft else pr.created_at
    return pr.ready_at if pr.ready_at <= as_of else None


def approval(pr: PullRequest) -> datetime | None:
    """The approval that counts."""
    return _before_the_end(pr, pr.approved_at)


def review(pr: PullRequest) -> datetime | None:
    """The first review, of which an approval is one; without it the pull request counts as without review."""
    known = [at for at in (_before_the_end(pr, pr.first_review_at), approval(pr)) if at is not None]
    return min(known, default=None)


def _before_the_end(pr: PullRequest, at: datetime | None) -> datetime | None:
    over = end(pr)
    return None if at is None or (over is not None and at >= over) else at


def phases(
    pr: PullRequest, hours: Sequence[Window], zone: str | None, *, as_of: datetime = FOREVER
) -> tuple[dict[str, Duration], set[str]]:
    """How long each phase took, and which phases end before they start.

    `hours` are the windows of the pull request's team, `zone` is its zone; none of them means the default. The pull
    request is as it stood at `as_of`.
    """
    durations: dict[str, Duration] = {}
    inconsistent = set()
    for name, (start, stop) in spans(pr, as_of).items():
        durations[name] = (None, None)
        if start is None or stop is None:
            continue
        if stop < start:
            inconsistent.add(name)
        else:
            durations[name] = (_seconds(start, stop), working_seconds(start, stop, hours, zone))
    wall = durations["draft_time"][0]
    if wall is not None and pr.draft_seconds is not None and pr.draft_seconds != wall:
        # Rule: where the stretches lie is not known, so neither is what of them was working time.
        durations["draft_time"] = (Fraction(pr.draft_seconds), None)
    return durations, inconsistent


def spans(pr: PullRequest, as_of: datetime = FOREVER) -> dict[str, tuple[datetime | None, datetime | None]]:
    """From where to where each phase goes, as far as it is known."""
    created, merged, waits_from = pr.created_at, pr.merged_at, ready(pr, as_of)
    begun = created if pr.first_commit_at is None else min(created, pr.first_commit_at)
    reviewed = review(pr)
    # Rule: a review before the creation is no early feedback: its pickup ends before it starts.
    picked_up = _not_before(waits_from, reviewed) if reviewed is not None and reviewed >= created else reviewed
    # Rule: an approval during the draft counts from when it was ready, too: else the phases would not sum to the cycle.
    approved = _not_before(waits_from, approval(pr))
    return {
        "coding_time": (pr.first_commit_at, created),
        "draft_time": (created, waits_from if pr.ready_at is not None else None),
        "pickup_time": (waits_from, picked_up),
        "review_time": (_not_before(waits_from, reviewed), merged if approved is None else approved),
        "merge_time": (approved, merged),
        "cycle_time": (begun, merged),
        "closed_unmerged": (begun, None if merged is not None else pr.closed_at),
    }


def _not_before(waits_from: datetime | None, at: datetime | None) -> datetime | None:
    """Rule: what happens while it is a draft, and is still one, is not yet part of any phase."""
    return None if waits_from is None or at is None else max(waits_from, at)


def wait_for_review(pr: PullRequest, hours: Sequence[Window], zone: str | None, as_of: datetime) -> Wait | None:
    """How long it waited for its first review by `as_of`, in working seconds, and whether the review came.

    None of a draft and of what is inconsistent. Rule: what was merged or closed without a review waited until then and
    no review ended it.
    """
    start, stop = spans(pr, as_of)["pickup_time"]
    came = stop is not None
    if stop is None:
        over = end(pr)
        stop = as_of if over is None else over
    if start is None or stop < start:
        return None
    return working_seconds(start, stop, hours, zone), came


def kaplan_meier_median(waits: Iterable[Wait]) -> Fraction | None:
    """The first time by which half of them, or more, have been reviewed; None where that time has not come.

    The share that still waits after t is the product, over the times of reviews up to t, of the share of those who
    waited at least so long that were not reviewed then (Kaplan and Meier 1958, product limit). Who leaves at the time
    of a review was still there for it.
    """
    waits = list(waits)
    still = Fraction(1)
    for time in sorted({seconds for seconds, came in waits if came}):
        at_risk = sum(seconds >= time for seconds, _ in waits)
        reviewed = sum(seconds == time and came for seconds, came in waits)
        still *= 1 - Fraction(reviewed, at_risk)
        if still <= Fraction(1, 2):
            return time
    return None


def _seconds(start: datetime, stop: datetime) -> Fraction:
    return Fraction((stop - start) // MICROSECOND, 1_000_000)
