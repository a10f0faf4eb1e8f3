"""Made-up teams: hours and zones of several sorts, and working time there and back."""

import csv
from collections import defaultdict
from datetime import UTC, datetime

import numpy as np

from app.demo_data.teams import ZONES, WorkingTime, hours_lines, team_names, works_on, zone_lines
from app.timeline import HOUR, to_micros
from app.timeline.zones import known_zones


def micros(text: str) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_names_are_different_however_many_there_are() -> None:
    assert team_names(13) == [*team_names(12), "Search 2"]
    assert len(set(team_names(100))) == 100


def test_one_team_has_no_hours_one_a_lunch_break_one_four_days_and_one_works_at_night() -> None:
    weeks = defaultdict(lambda: defaultdict(list))
    for team, day, opens, closes in csv.reader("".join(hours_lines(team_names(6))).splitlines()):
        weeks[team][day].append((opens, closes))
    assert set(weeks) == set(team_names(6)[1:])
    assert all(len(windows) == 2 for windows in weeks["Payments"].values())
    assert set(weeks["Mobile"]) == set("0123")
    assert all(closes < opens for windows in weeks["Messaging"].values() for opens, closes in windows)
    assert works_on(3).sum(axis=1).tolist() == [5, 5, 4]


def test_each_team_has_a_zone_that_exists() -> None:
    rows = dict(csv.reader("".join(zone_lines(team_names(10), ZONES)).splitlines()))
    assert list(rows) == team_names(10)
    assert set(rows.values()) <= known_zones()
    assert list(dict.fromkeys(list(rows.values())[:3])) == ["America/New_York", "Europe/Berlin"]


def test_working_time_goes_from_opening_to_opening_across_a_weekend_and_a_clock_change() -> None:
    bounds = micros("2024-10-01"), micros("2024-12-01")
    time = WorkingTime(2, ["America/New_York"], first=bounds[0], last=bounds[1])
    team = np.array([0, 0, 0, 1])
    # Friday 16:00 and 1.5 hours of work are Monday 09:30; without any it is Friday 16:00. Saturday's is Monday's.
    start = np.array([micros(at) for at in ("2024-11-01T20:00", "2024-11-01T20:00", "2024-11-02T12:00")] + [bounds[0]])
    lasts = np.array([1.5 * HOUR, 0, HOUR, 10**6 * HOUR], np.int64)
    later = time.instant(team, time.worked(team, start) + lasts)
    assert later[:3].tolist() == [micros(at) for at in ("2024-11-04T14:30", "2024-11-01T20:00", "2024-11-04T15:00")]
    # The second team has a longer day, until 18:00; the calendar ends on a Sunday, its last working instant on Friday.
    assert later[3] == micros("2024-11-29T23:00") - 1
