"""Which hours and which zone count for a team, and for whoever has none."""

from datetime import UTC, datetime

import numpy as np
import pytest

from app.flow import teams as teams_module
from app.flow.teams import Teams
from app.settings import weekly_windows
from app.timeline import DAY, HOUR
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from tests.engine import array, micros, weekly_hours
from tests.reference.uptime import Window

#: A Monday.
FIRST = micros(datetime(2024, 11, 4, tzinfo=UTC))

#: In the order of their ids, which is not that of their names; Idle has no pull requests.
ENTITIES = Entities(array([4, 7, 9]), ["Web", "Idle", "Data"])
#: Web is in Tokyo, Data in UTC; who has no zone is in Berlin.
ZONE_OF, ZONES = array([1, 0, 0]), ["UTC", "Asia/Tokyo", "Europe/Berlin"]
WINDOWS = [Window("Web", 0, "09:00:00", "12:00:00"), Window("Idle", 0, "00:00:00", "24:00:00")]


def teams() -> Teams:
    hours = weekly_hours(WINDOWS, list(ENTITIES.keys))
    default = weekly_windows("Mon-Fri 10:00-12:00")
    return Teams.of(["Data", "Web"], ENTITIES, Schedule(hours, ZONE_OF, ZONES, default))


def open_hours(of: Teams) -> list[list[int]]:
    """The UTC hours of Monday in which each is open, then those of whoever has no team."""
    edges = FIRST + np.arange(25) * HOUR
    return [
        np.flatnonzero(row).tolist()
        for numbers, calendar in of.calendars(first=FIRST, last=FIRST + DAY - 1)
        for row in calendar.open_time(edges, slice(0, numbers.stop - numbers.start))
    ]


def test_own_hours_count_in_the_own_zone_and_default_ones_for_the_others() -> None:
    # Data: 10:00-12:00 in UTC. Web: 09:00-12:00 in Tokyo, nine hours ahead. Nobody: 10:00-12:00 in Berlin, one ahead.
    assert open_hours(teams()) == [[10, 11], [0, 1, 2], [9, 10]]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_they_may_be_expanded_some_at_a_time(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(teams_module, "TEAM_DAYS", most)
    assert len(list(teams().calendars(first=FIRST, last=FIRST + DAY - 1))) == {1: 3, 2: 2, 3: 1}[most]
    assert open_hours(teams()) == [[10, 11], [0, 1, 2], [9, 10]]


def test_calendars_span_the_full_hours_around_both_instants() -> None:
    ((_, calendar),) = teams().calendars(first=FIRST + 1, last=FIRST + HOUR)
    assert (calendar.first, calendar.last) == (FIRST, FIRST + 2 * HOUR)


def test_a_report_without_pull_requests_has_the_hours_of_nobody_alone() -> None:
    hours = weekly_hours(WINDOWS, list(ENTITIES.keys))
    none = Teams.of([], ENTITIES, Schedule(hours, ZONE_OF, ["UTC", "Asia/Tokyo", "UTC"], [(0, 0, HOUR)]))
    assert open_hours(none) == [[0]]
