"""Small cases of the pull-request report on the corners of the rules, for the engine and for its slow twin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from app.flow.course import Course, follow
from app.flow.instants import INSTANTS
from app.flow.observations import numbered
from app.flow.pull_requests import Details, PullRequests
from app.flow.teams import Teams
from app.settings import weekly_windows
from app.timeline import MISSING
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from tests.engine import array, micros, weekly_hours
from tests.reference.pull_request_phases import PullRequest, as_they_stood
from tests.reference.uptime import HOUR, MICROSECOND, Window, hour_of
from tests.strategies import DEFAULT_ZONE, MOMENTS, windows_of

#: Text order of these is not that of their ids.
TEAMS = ("Web", "Data", "web")

REPOS = {1: "org/b", 2: "org/a"}

#: The twin counts minute by minute: pull requests of more days take too long.
DAYS = 3


@dataclass(frozen=True, slots=True)
class FlowCase:
    """The arguments of one report; pull requests are as they stood at `as_of`.

    Teams missing from `zones` are in DEFAULT_ZONE, those without windows work in default hours.
    """

    pulls: list[PullRequest]
    windows: list[Window]
    zones: dict[str, str]
    as_of: datetime

    def windows_of(self, team: str | None) -> list[Window]:
        return [window for window in self.windows if window.store_id == team]


@st.composite
def flow_case(draw: st.DrawFn) -> FlowCase:
    """Up to five pull requests of up to three teams, near a clock change, their instants in any order."""
    focus = draw(st.sampled_from(sorted(MOMENTS)))
    zone = st.one_of(st.just(focus), st.none(), st.sampled_from(sorted(MOMENTS)))
    zone_or_none = {team: draw(zone) for team in TEAMS}
    windows = [window for team in TEAMS for window in draw(windows_of(team))]
    around = hour_of(draw(st.sampled_from(MOMENTS[focus]))) - draw(st.integers(0, DAYS * 24)) * HOUR
    instant = _instants(around)
    pulls = draw(
        st.lists(
            st.builds(
                PullRequest,
                repo=st.sampled_from(sorted(REPOS.values())),
                number=st.integers(1, 2**31 - 1),
                team=st.none() | st.sampled_from(TEAMS),
                author=st.sampled_from(("ada", "", "=bob")),
                created_at=instant,
                **{name: st.none() | instant for name in (*INSTANTS[1:], "changes_requested_at")},
                is_draft=st.none() | st.booleans(),
                draft_seconds=st.none() | st.integers(0, DAYS * 86400),
                author_is_bot=st.none() | st.booleans(),
            ),
            max_size=5,
            unique_by=lambda pull: (pull.repo, pull.number),
        )
    )
    known = [at for pull in pulls for name in INSTANTS if (at := getattr(pull, name)) is not None]
    after_all = max([around, *known]) + draw(st.sampled_from((timedelta(), timedelta(minutes=30), 2 * HOUR)))
    as_of = draw(st.just(after_all) | instant)
    zones = {team: zone for team, zone in zone_or_none.items() if zone is not None}
    return FlowCase(as_they_stood(pulls, as_of), windows, zones, as_of)


def _instants(around: datetime) -> st.SearchStrategy[datetime]:
    """On half hours, so that states tie, or anywhere."""
    halves = st.integers(0, DAYS * 48).map(lambda count: around + count * HOUR / 2)
    anywhere = st.integers(0, DAYS * 24 * (HOUR // MICROSECOND)).map(lambda count: around + count * MICROSECOND)
    return halves | anywhere


def arrays_of(pulls: list[PullRequest]) -> PullRequests:
    """As the database gives them."""
    ids = {name: number for number, name in REPOS.items()}
    return PullRequests(
        array(ids[pull.repo] for pull in pulls),
        array(pull.number for pull in pulls),
        array(0 if pull.team is None else TEAMS.index(pull.team) + 1 for pull in pulls),
        np.array([pull.author for pull in pulls], object),
        {name: array(_micros(getattr(pull, name)) for pull in pulls) for name in INSTANTS},
        Details(
            np.array([bool(pull.is_draft) for pull in pulls], bool),
            np.array([np.nan if pull.draft_seconds is None else pull.draft_seconds for pull in pulls], float),
            np.array([bool(pull.author_is_bot) for pull in pulls], bool),
            array(-1 for _ in pulls),
            array(_micros(pull.changes_requested_at) for pull in pulls),
        ),
    )


def teams_of(case: FlowCase, pulls: PullRequests) -> tuple[Teams, np.ndarray]:
    """The teams of a case, and the number of the team of each pull request."""
    names = dict(enumerate(TEAMS, 1))
    zones = [*sorted(set(case.zones.values()) - {DEFAULT_ZONE}), DEFAULT_ZONE]
    zone_of = array(zones.index(case.zones.get(team, DEFAULT_ZONE)) for team in TEAMS)
    entities = Entities(array(names), list(TEAMS))
    used, number = numbered(pulls.team_id, names)
    hours = weekly_hours(case.windows, list(TEAMS))
    default = weekly_windows("Mon-Fri 09:00-17:00")
    return Teams.of(used, entities, Schedule(hours, zone_of, zones, default)), number


def _micros(instant: datetime | None) -> int:
    return MISSING if instant is None else micros(instant)


def course_of(case: FlowCase) -> Course:
    """How the pull requests of a case went."""
    pulls = arrays_of(case.pulls)
    teams, team = teams_of(case, pulls)
    return follow(pulls, teams, team, as_of=micros(case.as_of))


def zone_of(case: FlowCase, pull: PullRequest) -> str | None:
    return None if pull.team is None else case.zones.get(pull.team)


def columns() -> list[str]:
    """The columns of a pull request whose missing values are counted."""
    return ["repo", "number", "team", "author", *INSTANTS]
