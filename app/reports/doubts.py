"""What is probably not meant in a report on stores: found while it reads, told by ``context.warn`` at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.jobs.kind import JobContext
from app.timeline import Micros
from app.timeline.calendar import Calendar
from app.timeline.schedule import Schedule
from app.wording.warnings import EXAMPLES, Cases, warning

#: Of the polls of stores that have not been seen open yet, one in so many is looked at first: mostly it will do.
_SAMPLED: Final = 16

Which = npt.NDArray[np.bool_]


class SeenPolls:
    """Which stores of a range have polls, and which have one while they are open; several threads may add."""

    def __init__(self, stores: int) -> None:
        self.has_polls: Which = np.zeros(stores, bool)
        self.has_polls_inside: Which = np.zeros(stores, bool)

    def add(self, calendar: Calendar, entity: npt.NDArray[np.integer], instant: Micros) -> None:
        """Look at a block of polls; a store that is known to have one inside is not looked at again."""
        if not len(entity):
            return
        begins = np.concatenate([[0], np.flatnonzero(entity[1:] != entity[:-1]) + 1])  # most come store by store
        stores, lengths = entity[begins], np.diff(begins, append=len(entity))
        self.has_polls[stores] = True
        unseen = np.flatnonzero(~self.has_polls_inside[stores])
        if not len(unseen):
            return
        self._look(calendar, stores[unseen], instant[begins[unseen] + lengths[unseen] // 2])
        for step in (_SAMPLED, 1):
            left = np.flatnonzero(np.repeat(~self.has_polls_inside[stores], lengths))[::step]
            if not len(left):
                return
            self._look(calendar, entity[left], instant[left])

    def _look(self, calendar: Calendar, entity: npt.NDArray[np.integer], instant: Micros) -> None:
        """Whether these polls are inside."""
        within = (instant >= calendar.first) & (instant < calendar.last)
        if not within.all():
            entity, instant = entity[within], instant[within]
        self.has_polls_inside[entity[calendar.is_open(calendar.place(entity, instant))]] = True


class StoreDoubts:
    """Collects what is odd about stores, range by range."""

    def __init__(self) -> None:
        codes = ("stores_without_polls", "default_zone", "default_hours", "polls_outside_hours")
        self._cases = {code: Cases() for code in codes}
        self._has_polls = self._has_zones = self._has_hours = False

    def add(self, keys: Sequence[str], seen: SeenPolls, schedule: Schedule) -> None:
        """Add a range of stores."""
        polled = seen.has_polls
        default_zone = schedule.zone_of == len(schedule.zones) - 1
        default_hours = np.bincount(schedule.hours.entity, minlength=len(keys)) == 0
        if schedule.dated is not None:  # hours that hold for some time only, exceptions
            default_hours[schedule.dated.entities] = False
        self._has_polls |= bool(polled.any())
        self._has_zones |= not default_zone.all()
        self._has_hours |= not default_hours.all()
        _add(self._cases["stores_without_polls"], keys, ~polled)
        _add(self._cases["default_zone"], keys, polled & default_zone)
        _add(self._cases["default_hours"], keys, polled & default_hours)
        _add(self._cases["polls_outside_hours"], keys, polled & ~seen.has_polls_inside)

    def as_json(self) -> dict[str, Any]:
        """All that was found, for merge()."""
        has = [self._has_polls, self._has_zones, self._has_hours]
        return {"has": has, "cases": {code: asdict(cases) for code, cases in self._cases.items()}}

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what was found in stores that come after these, as as_json() gives it."""
        polls, zones, hours = told["has"]
        self._has_polls |= polls
        self._has_zones |= zones
        self._has_hours |= hours
        for code, cases in told["cases"].items():
            self._cases[code].add(**cases)

    def tell(self, context: JobContext) -> None:
        """Warn of what was found; that nobody has hours or zones at all is a choice and no gap."""
        is_gap = {"default_zone": self._has_zones, "default_hours": self._has_hours}
        for code, cases in self._cases.items():
            if cases.count and is_gap.get(code, True):
                words = {"zone": context.settings.default_timezone} if code == "default_zone" else {}
                context.warn(warning(code, cases.count, cases.examples, **words).as_json())


class UnknownTime:
    """Adds up open and unknown time of stores, in any unit."""

    def __init__(self) -> None:
        self._open = self._unknown = 0
        self._mostly, self._late = Cases(), Cases()

    def add(self, keys: Sequence[str], known: npt.NDArray[np.integer], unknown: npt.NDArray[np.integer]) -> None:
        """Add stores: their known and their unknown open time."""
        self._open += int(known.sum(dtype=np.int64)) + int(unknown.sum(dtype=np.int64))
        self._unknown += int(unknown.sum(dtype=np.int64))
        _add(self._mostly, keys, unknown > known)

    def add_late(self, keys: Sequence[str], late: Which) -> None:
        """Add stores of which these hold until they change, and are unknown until their first change."""
        _add(self._late, keys, late)

    def as_json(self) -> dict[str, Any]:
        """All that was added, for merge()."""
        cases = {"mostly": asdict(self._mostly), "late": asdict(self._late)}
        return {"open": self._open, "unknown": self._unknown, **cases}

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what was added of stores that come after these, as as_json() gives it."""
        self._open += told["open"]
        self._unknown += told["unknown"]
        self._mostly.add(**told["mostly"])
        self._late.add(**told["late"])

    def tell(self, context: JobContext) -> None:
        """Warn if more than half of all open time is unknown, and of stores that are so until their first change."""
        if self._late.count:
            context.warn(warning("unknown_until_change", self._late.count, self._late.examples).as_json())
        if 2 * self._unknown > self._open:
            context.warn(warning("mostly_unknown", self._mostly.count, self._mostly.examples).as_json())


def _add(cases: Cases, keys: Sequence[str], which: Which) -> None:
    """Add these stores."""
    found = np.flatnonzero(which)
    cases.add(len(found), [keys[at] for at in found[:EXAMPLES].tolist()])
