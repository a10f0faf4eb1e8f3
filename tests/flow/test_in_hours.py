"""Shares inside the hours of a team: as the twin counts them, and never of fewer than five people."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow.in_hours import MonthInHours, months_in_hours
from app.flow.teams import Teams
from app.timeline import HOUR, to_micros
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours
from tests.reference.in_hours import Commit, Hours, months
from tests.strategies import examples

#: Teams on whose clocks a UTC month ends on other days; the second one's changes on 2026-10-25 and 2026-03-29.
HOURS = {
    "auckland": Hours("Pacific/Auckland", dict.fromkeys(range(5), (9 * 60, 17 * 60))),
    "berlin": Hours("Europe/Berlin", dict.fromkeys(range(5), (8 * 60, 18 * 60 + 30))),
    "nights": Hours("America/Chicago", {5: (0, 6 * 60), 6: (20 * 60, 24 * 60)}),
}


def teams() -> Teams:
    names = sorted(HOURS)
    windows = [
        (number, day, begins, ends)
        for number, name in enumerate(names)
        for day, (begins, ends) in HOURS[name].windows.items()
    ]
    entity, weekday, opens, closes = (np.array(column, np.int64) for column in zip(*windows, strict=True))
    minute = HOUR // 60
    zones = [HOURS[name].zone for name in names]
    hours = WeeklyHours(entity, weekday, opens * minute, closes * minute)
    every = Schedule(hours, np.arange(len(names)), [*zones, "UTC"])
    return Teams(names, every.take(np.array([*range(len(names)), -1])))


def told(commits: list[Commit]) -> list[MonthInHours]:
    names, people = sorted(HOURS), sorted({one.person for one in commits if one.person is not None})
    return months_in_hours(
        teams(),
        np.array([-1 if one.team is None else names.index(one.team) for one in commits], np.int64),
        np.array([to_micros(one.at) for one in commits], np.int64),
        np.array([-1 if one.person is None else people.index(one.person) for one in commits], np.int64),
        np.array([one.parents >= 2 for one in commits], bool),
    )


def by_five(at: datetime, *, people: int = 5, parents: int = 1, team: str = "berlin") -> list[Commit]:
    return [Commit(team, at, f"p{number}", parents) for number in range(people)]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(200))
def test_the_kernel_tells_what_the_twin_tells(seed: int) -> None:
    random = Random(seed)
    begin = datetime(2026, random.choice([1, 3, 10]), 20, tzinfo=UTC)
    commits = [
        Commit(
            random.choice([*HOURS, None]),
            begin + timedelta(minutes=15 * random.randrange(4 * 24 * 15)),
            random.choice([None, *(f"p{number}" for number in range(random.choice([2, 9])))]),
            random.choice([0, 1, 1, 2, 3]),
        )
        for _ in range(random.randrange(120))
    ]
    found = [
        (one.team, one.month, one.people, one.commits, one.merges, one.commits_in_hours, one.merges_in_hours)
        for one in told(commits)
    ]
    assert found == months(commits, HOURS)


def test_the_share_is_of_the_teams_own_clock_and_month() -> None:
    inside = datetime(
        2026, 10, 30, 7, 30, tzinfo=UTC
    )  # Friday, 08:30 in Berlin, where the clocks went back on the 25th
    early = datetime(2026, 10, 30, 6, 30, tzinfo=UTC)  # 07:30
    midnight = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # 00:30 on 1 November
    commits = by_five(inside) + by_five(early) + by_five(inside, parents=2) + by_five(midnight)
    october, november = told(commits)
    assert (october.month, october.commits, october.commits_in_hours) == ("2026-10", 10, 0.5)
    assert (october.merges, october.merges_in_hours) == (5, 1.0)
    assert (november.month, november.commits_in_hours, november.merges_in_hours) == ("2026-11", 0.0, None)


def test_no_share_is_told_of_fewer_than_five_people_and_the_reason_is() -> None:
    monday = datetime(2026, 10, 26, 12, tzinfo=UTC)
    (four,) = told(by_five(monday, people=4) * 3)
    assert (four.people, four.commits, four.commits_in_hours) == (4, 12, None)
    assert four.reason == "4 people have committed; a share is told of 5 people or more"
    (nobody,) = told([Commit("berlin", monday, None, 1)] * 9)
    assert nobody.reason == "nobody that is known has committed; a share is told of 5 people or more"
    (five,) = told(by_five(monday))
    assert (five.commits_in_hours, five.reason) == (1.0, None)


def test_without_commits_and_without_teams_nothing_is_told() -> None:
    assert told([]) == []
    assert told([Commit(None, datetime(2026, 10, 26, tzinfo=UTC), "p", 1)] * 9) == []
