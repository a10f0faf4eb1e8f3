"""States of pull requests by the repaired rules, hour by hour and now, slow and plain, to check the engine against.

Shares no code with the engine. Every instant is an aware datetime in UTC.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from tests.reference.pull_request_phases import PullRequest, approval, end, ready, review
from tests.reference.pull_requests import HourlyRow, state_for_most_of, working_seconds
from tests.reference.uptime import HOUR, MICROSECOND, Window, hour_of


def beginnings(pr: PullRequest, as_of: datetime) -> dict[str, datetime]:
    """When each state begins, in the order of the states; a draft is in none but `over` until it is ready."""
    over = end(pr)
    known = {"over": as_of if over is None else over}
    waits_from = ready(pr, as_of)
    if waits_from is None:
        return known
    later = {"in_review": review(pr), "approved": approval(pr)}
    reached = {state: max(waits_from, at) for state, at in later.items() if at is not None}
    return {"awaiting_review": waits_from} | reached | known


def hourly_range(prs: Iterable[PullRequest], as_of: datetime) -> tuple[datetime, datetime] | None:
    """First hour and end of the hours that the series of all teams have; None if no pull request is in a state ever.

    From the hour in which the first of them is in a state to the one that holds the last instant at which one is not
    over.
    """
    found = [beginnings(pr, as_of) for pr in prs]
    firsts = [span[0] for states in found for span in _in_a_state(states)]
    if not firsts:
        return None
    return hour_of(min(firsts)), hour_of(max(states["over"] for states in found) - MICROSECOND) + HOUR


def _in_a_state(states: dict[str, datetime]) -> list[tuple[datetime, datetime]]:
    """The spans, not empty, in which it is in one of the three states."""
    over = states["over"]
    moments = sorted({at for at in states.values() if at < over} | {over})
    return list(pairwise(moments))


def hourly(
    prs: Iterable[PullRequest],
    team: str | None,
    hours: Sequence[Window],
    zone: str | None,
    as_of: datetime,
    *,
    first_hour: datetime,
    last_hour: datetime,
) -> list[HourlyRow]:
    """For every UTC hour of [first_hour, last_hour) in which the team is open, its pull requests in each state.

    `prs`, as they stood at `as_of`, may hold those of other teams, which are left out. Of the hour of `as_of` the part
    before it counts.
    """
    of_team = [beginnings(pr, as_of) for pr in prs if pr.team == team]
    rows = []
    hour = first_hour
    while hour < last_hour:
        if working_seconds(hour, hour + HOUR, hours, zone) > 0:
            counts = Counter(state_for_most_of(hour, min(hour + HOUR, as_of), states) for states in of_team)
            rows.append((hour, counts["awaiting_review"], counts["in_review"], counts["approved"]))
        hour += HOUR
    return rows


def waiting_for(pr: PullRequest, as_of: datetime) -> str | None:
    """What an open pull request, as it stood at `as_of`, waits for: review, changes, merge; a draft for none of them.

    Rule: changes that were asked for after the approval, or without one, are waited for; what was reviewed without
    either waits for a review still.
    """
    if ready(pr, as_of) is None:
        return None
    approved, asked = pr.approved_at, pr.changes_requested_at
    if asked is not None and (approved is None or asked > approved):
        return "changes"
    return "review" if approved is None else "merge"


def age(pr: PullRequest, hours: Sequence[Window], zone: str | None, as_of: datetime) -> tuple[Fraction, Fraction]:
    """Wall and working seconds since it was created."""
    wall = Fraction((as_of - pr.created_at) // MICROSECOND, 1_000_000)
    return wall, working_seconds(pr.created_at, as_of, hours, zone)
