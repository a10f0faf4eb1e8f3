"""Fictitious teams: names, working hours and zones, and conversion between working time and instants."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import SECOND, Micros
from app.timeline.working_hours import WeeklyHours, calendar

#: Zone of each team, from the beginning again when they run out; of three teams two share one.
ZONES: Final = (
    "America/New_York",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Europe/London",
    "Australia/Sydney",
    "America/Sao_Paulo",
)

_NAMES: Final = (
    *("Search", "Payments", "Mobile", "Checkout", "Identity", "Messaging", "Catalogue", "Analytics"),
    *("Storage", "Billing", "Maps", "Growth"),
)

_Windows = tuple[tuple[str, str], ...]

#: Weekdays (0 = Monday) and windows of each team, from the beginning again when they run out. The first has no rows in
#: the file, which means Monday to Friday, 09:00 to 17:00.
_WEEKS: Final[tuple[tuple[tuple[int, ...], _Windows], ...]] = (
    ((), ()),
    ((0, 1, 2, 3, 4), (("09:00:00", "12:30:00"), ("13:30:00", "18:00:00"))),
    ((0, 1, 2, 3), (("08:00:00", "18:00:00"),)),
    ((0, 1, 2, 3, 4), (("10:00:00", "18:30:00"),)),
    ((6, 0, 1, 2, 3), (("09:00:00", "17:30:00"),)),
    ((0, 1, 2, 3, 4), (("18:00:00", "02:00:00"),)),
)

_WITHOUT_HOURS: Final = ((0, 1, 2, 3, 4), (("09:00:00", "17:00:00"),))


def team_names(count: int) -> list[str]:
    """Different names, with a number from the second round on: Search, Payments, …, Search 2."""
    rounds = [divmod(number, len(_NAMES)) for number in range(count)]
    return [_NAMES[place] + (f" {again + 1}" if again else "") for again, place in rounds]


def zone_names(count: int, zones: Sequence[str]) -> list[str]:
    """The zone of each team."""
    return [zones[number % len(zones)] for number in range(count)]


def hours_lines(names: Sequence[str]) -> Iterator[str]:
    """The lines of team_hours.csv."""
    for number, name in enumerate(names):
        days, windows = _WEEKS[number % len(_WEEKS)]
        for day in days:
            yield from (f"{name},{day},{opens},{closes}\n" for opens, closes in windows)


def zone_lines(names: Sequence[str], zones: Sequence[str]) -> Iterator[str]:
    """The lines of team_timezones.csv."""
    for name, zone in zip(names, zone_names(len(names), zones), strict=True):
        yield f"{name},{zone}\n"


def works_on(count: int) -> npt.NDArray[np.bool_]:
    """Whether each team works on each weekday, bool[teams, 7]."""
    works = np.zeros((count, 7), bool)
    for number in range(count):
        works[number, list(_week(number)[0])] = True
    return works


def _week(number: int) -> tuple[tuple[int, ...], _Windows]:
    days, windows = _WEEKS[number % len(_WEEKS)]
    return (days, windows) if days else _WITHOUT_HOURS


class WorkingTime:
    """From instants to working time and back, for some teams between two days."""

    def __init__(self, count: int, zones: Sequence[str], *, first: int, last: int) -> None:
        rows = [
            (number, day, _micros(opens), _micros(closes))
            for number in range(count)
            for day in _week(number)[0]
            for opens, closes in _week(number)[1]
        ]
        team, weekday, opens, closes = np.array(rows, np.int64).T
        of_each = zone_names(count, zones)
        names = sorted(set(of_each))
        zone_of = np.array([names.index(zone) for zone in of_each])
        self._calendar = calendar(WeeklyHours(team, weekday, opens, closes), zone_of, names, first=first, last=last)
        lengths = self._calendar.end - self._calendar.start
        self._open_before = np.cumsum(lengths) - lengths

    def worked(self, team: npt.NDArray[np.integer], instant: Micros | int) -> Micros:
        """Working time before an instant, of this team and those before it, microseconds."""
        return self._calendar.open_until(self._calendar.place(team, np.asarray(instant, np.int64)))

    def instant(self, team: npt.NDArray[np.integer], worked: Micros) -> Micros:
        """The open instant before which that much was worked; at the ends of the calendar, its first or last one."""
        bounds = self.worked(team, self._calendar.first), self.worked(team, self._calendar.last) - 1
        worked = np.clip(worked, *bounds)
        interval = np.searchsorted(self._open_before, worked, side="right") - 1
        place = self._calendar.start[interval] + worked - self._open_before[interval]
        instants: Micros = place - team * np.int64(self._calendar.span) + self._calendar.first
        return instants


def _micros(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * SECOND
