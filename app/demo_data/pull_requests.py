"""Pull requests of fictitious teams, oldest first, as irregular as real ones: weekends, drafts, gaps, wrong order."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from app.demo_data.dice import Words, bits, draw, happens, lognormal, roll, state
from app.demo_data.teams import ZONES, WorkingTime, team_names
from app.timeline import DAY, SECOND, Micros

HEADER: Final = (
    "repo,number,team,author,created_at,first_commit_at,ready_at,first_review_at,approved_at,merged_at,closed_at,"
    "ci_finished_at\n"
)

#: Percentages of pull requests: closed unmerged, still open however old, merged without a review,
#: merged without an approval, approved before their first review; the others are reviewed and merged.
FATES: Final = {"closed": 5.0, "stuck": 8.0, "unreviewed": 6.0, "unapproved": 3.0, "swapped": 1.0}

#: Percentages: drafts at first, created at any hour, without CI, without a known commit, with a first
#: commit later than the pull request, as after a rebase.
DRAFTS, AT_ANY_HOUR, WITHOUT_CI, WITHOUT_COMMIT, REBASED = 8.0, 8.0, 3.0, 6.0, 0.7

#: Percentage of steps at any hour, weekends included.
OVERTIME: Final = 10.0

#: Duration of each step, seconds of working time; coding, CI and rebasing happen at any time.
_DRAFTING: Final = lognormal(6 * 3600, 1.0)
_PICKUP: Final = lognormal(2 * 3600, 1.3)
_REVIEW: Final = lognormal(3 * 3600, 1.4)
_MERGE: Final = lognormal(1800, 1.5)
_CLOSING: Final = lognormal(20 * 3600, 1.0)
_CODING: Final = lognormal(7 * 3600, 1.5)
_CI: Final = lognormal(11 * 60, 0.7)
_REBASE: Final = lognormal(3600, 0.8)

#: How far the calendar extends beyond the requested days, days: steps end there at the latest.
MARGIN_DAYS: Final = 60

#: Lines put together at a time.
BLOCK: Final = 10_000

#: Later than the end, and therefore empty.
_NEVER: Final = np.iinfo(np.int64).max

_REPOSITORIES: Final = ("api", "web", "jobs")

_AUTHORS: Final = (
    *("amara", "bjorn", "carmen", "dmitri", "elif", "farid", "greta", "hiro", "imani", "joao", "kavya", "lena"),
    *("mateo", "nadia", "oskar", "priya", "quentin", "rosa", "sven", "tomoko", "uma", "viktor", "wanjiru", "yusuf"),
)


def pull_request_lines(
    seed: int, *, count: int, teams: int, days: int, end: date, zones: Sequence[str] = ZONES
) -> Iterator[str]:
    """The lines of pull_requests.csv, some thousand at a time.

    Args:
        seed: the same arguments give the same lines.
        count: how many pull requests.
        teams: how many teams they are of; teams.py has their names and hours.
        days: the pull requests are created on so many days before ``end``.
        end: the beginning of this day, UTC: what would happen later is empty.
        zones: of the teams in turn.
    """
    last = (end - date(1970, 1, 1)).days * DAY
    first = last - days * DAY
    time = WorkingTime(teams, zones, first=first - MARGIN_DAYS * DAY, last=last + MARGIN_DAYS * DAY)
    team = _teams(seed, count, teams)
    created = _created(roll(state(seed, "created"), np.arange(count)), team, time, first, last)
    order = np.argsort(created, kind="stable")
    team, created = team[order], created[order]
    names = roll(state(seed, "names"), order)
    repository = team * len(_REPOSITORIES) + bits(names, 0, 16) % len(_REPOSITORIES)
    number = _numbers(repository, bits(names, 16, 16))
    author = (team * 5 + bits(names, 32, 16) % (4 + team % 4)) % len(_AUTHORS)
    instants = [created, *_lives(seed, order, team, created, time)]
    heads = _heads(team_names(teams), repository.tolist(), number.tolist(), author.tolist())
    for low in range(0, count, BLOCK):
        columns = (_texts(column[low : low + BLOCK], last) for column in instants)
        yield "".join(
            f"{head},{','.join(texts)}\n" for head, *texts in zip(heads[low : low + BLOCK], *columns, strict=True)
        )


def _teams(seed: int, count: int, teams: int) -> npt.NDArray[np.int64]:
    """The team of each pull request; some have more than others."""
    shares = np.cumsum(2 + bits(roll(state(seed, "teams"), np.arange(teams)), 0, 16) % 4)
    dice = bits(roll(state(seed, "team"), np.arange(count)), 0, 32)
    team: npt.NDArray[np.int64] = np.searchsorted(shares, dice % shares[-1], side="right").astype(np.int64)
    return team


def _created(dice: Words, team: npt.NDArray[np.int64], time: WorkingTime, first: int, last: int) -> Micros:
    """Instants in ``[first, last)``, in working hours mostly; where there are none, at any hour."""
    low, high = time.worked(team, first), time.worked(team, last)
    anywhere = first + ((last - first) // SECOND * bits(dice, 0, 31) >> 31) * SECOND
    working = time.instant(team, low + ((high - low) // SECOND * bits(dice, 0, 31) >> 31) * SECOND)
    return np.where(happens(dice, 31, AT_ANY_HOUR) | (high == low), anywhere, working)


def _numbers(repository: npt.NDArray[np.int64], dice: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers that grow in each repository, with gaps: issues are numbered with them."""
    order = np.argsort(repository, kind="stable")
    sorted_ones = repository[order]
    place = np.arange(len(order)) - np.searchsorted(sorted_ones, sorted_ones)
    number = np.empty_like(order)
    number[order] = 1 + sorted_ones * 37 % 400 + place * 3
    numbers: npt.NDArray[np.int64] = number + dice % 3
    return numbers


def _lives(
    seed: int, order: npt.NDArray[np.integer], team: npt.NDArray[np.int64], created: Micros, time: WorkingTime
) -> tuple[Micros, ...]:
    """The instants after ``created_at``, in the order of the columns; never where it did not happen."""
    steps, others, habits, kinds = (roll(state(seed, word), order) for word in ("steps", "others", "habits", "kinds"))

    def after(start: Micros, seconds: npt.NDArray[np.int64], overtime_bit: int) -> Micros:
        lasts = seconds * SECOND
        working = time.instant(team, time.worked(team, start) + lasts)
        return np.where(happens(habits, overtime_bit, OVERTIME), start + lasts, working)

    is_draft = happens(kinds, 0, DRAFTS)
    start = np.where(is_draft, after(created, draw(steps, 48, _DRAFTING), 48), created)
    review = after(start, draw(steps, 0, _PICKUP), 0)
    approval = after(review, draw(steps, 16, _REVIEW), 16)
    fate = _fates(kinds)
    merge = after(np.where(fate == "unreviewed", start, approval), draw(steps, 32, _MERGE), 32)
    end = np.where(fate == "closed", after(start, draw(others, 0, _CLOSING), 32), merge)
    stuck_after = np.where(fate == "stuck", bits(kinds, 32, 16) % 3, 3)  # 0 = nothing, 1 = review, 2 = approval
    first_review = np.where((fate == "unreviewed") | (stuck_after < 1) | (review >= end), _NEVER, review)
    has_no_approval = np.isin(fate, ["unreviewed", "unapproved", "closed"]) | (stuck_after < 2)
    approved = np.where(has_no_approval, _NEVER, approval)
    is_swapped = fate == "swapped"
    return (
        _first_commits(created, roll(state(seed, "commits"), order)),
        np.where(is_draft, start, _NEVER),
        np.where(is_swapped, approved, first_review),
        np.where(is_swapped, first_review, approved),
        np.where((fate == "closed") | (stuck_after < 3), _NEVER, end),
        np.where(stuck_after < 3, _NEVER, end),
        np.where(happens(kinds, 48, WITHOUT_CI), _NEVER, start + draw(others, 16, _CI) * SECOND),
    )


def _fates(kinds: Words) -> npt.NDArray[np.str_]:
    bounds = np.cumsum(list(FATES.values()))
    return np.array([*FATES, "merged"])[np.searchsorted(bounds, bits(kinds, 16, 16) * 100 / (1 << 16), side="right")]


def _first_commits(created: Micros, dice: Words) -> Micros:
    before = created - draw(dice, 0, _CODING) * SECOND
    commit = np.where(happens(dice, 16, REBASED), created + draw(dice, 0, _REBASE) * SECOND, before)
    return np.where(happens(dice, 32, WITHOUT_COMMIT), _NEVER, commit)


def _heads(names: list[str], repositories: list[int], numbers: list[int], authors: list[int]) -> list[str]:
    """The columns before the instants."""
    repository = [f"{name.lower().replace(' ', '-')}-{suffix}" for name in names for suffix in _REPOSITORIES]
    return [
        f"{repository[at]},{number},{names[at // len(_REPOSITORIES)]},{_AUTHORS[author]}"
        for at, number, author in zip(repositories, numbers, authors, strict=True)
    ]


def _texts(instants: Micros, last: int) -> list[str]:
    """ISO 8601 to the second, nothing for what is not before the end."""
    texts = np.datetime_as_string((instants // SECOND).astype("datetime64[s]"), timezone="UTC")
    shown: list[str] = np.where(instants < last, texts, "").tolist()
    return shown
