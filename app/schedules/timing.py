"""When a schedule is due: a cron expression on the clock of a zone (docs/schedules.md, "When clocks change").

cronsim says which local times an expression names; which instants those are is decided here, because its own way across
a change of half an hour leaves out the times of a whole hour (docs/decisions/0049-schedules.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import islice
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from cronsim import CronSim, CronSimError

from app.errors import InvalidParameters
from app.timeline import from_micros, to_micros
from app.timeline.zones import known_zones, to_utc
from app.wording.suggestions import suggestions
from app.wording.wrong_values import WrongValue, invalid_parameters

#: The instant that a report speaks for: that at which it is due, or the beginning of the day, week or month before it.
AsOf = Literal["run", "start_of_day", "start_of_week", "start_of_month"]

_FIELDS: Final = "five fields: minute, hour, day of the month, month, day of the week, such as 30 6 * * 1-5"


@dataclass(frozen=True, slots=True)
class Timing:
    """A cron expression of five fields and an IANA zone, as checked() accepts them."""

    cron: str
    timezone: str

    @property
    def words(self) -> str:
        """For people, without the zone: ``At 06:30 every day``."""
        return CronSim(self.cron, datetime(2000, 1, 1)).explain()  # noqa: DTZ001 - local, of any zone

    def after(self, instant: datetime) -> Iterator[datetime]:
        """The instants after this one, in UTC, ascending; none once the next is more than 50 years ahead."""
        minute, hour, *_ = self.cron.split()
        repeats = minute.startswith("*") or hour.startswith("*")
        return self._whenever_shown(instant) if repeats else self._once_a_time(instant)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first of them; None: there is none."""
        return next(self.after(instant), None)

    def next_few(self, instant: datetime, count: int) -> list[datetime]:
        """The first ``count`` of them, or as many as there are."""
        return list(islice(self.after(instant), count))

    def local(self, instant: datetime) -> datetime:
        """The instant with what the clock of the zone shows."""
        return instant.astimezone(ZoneInfo(self.timezone))

    def local_date(self, instant: datetime) -> date:
        """The date that the clock of the zone shows."""
        return self.local(instant).date()

    def as_of(self, due: datetime, what: AsOf) -> datetime:
        """The instant that a report which is due then speaks for, in UTC."""
        day = self.local_date(due)
        match what:
            case "run":
                return due
            case "start_of_week":
                day -= timedelta(days=day.weekday())
            case "start_of_month":
                day = day.replace(day=1)
        return self._first_shown(datetime.combine(day, time()))

    def _once_a_time(self, instant: datetime) -> Iterator[datetime]:
        """Each local time once: when it is first shown or, where the clock skips it, when the clock goes on."""
        last = instant
        for local in self._local_times(self._shown(instant)):
            if (due := self._first_shown(local)) > last:
                yield due
                last = due

    def _whenever_shown(self, instant: datetime) -> Iterator[datetime]:
        """Whenever the clock shows one of the local times: twice, where it is set back; never, where it skips it."""
        clock = self._shown(instant)
        set_back = max(clock - self._shown(instant + timedelta(days=1)) + timedelta(days=1), timedelta())
        waiting: list[datetime] = []
        for local in self._local_times(clock - set_back):
            shown = self._all_shown(local)
            while waiting and shown and waiting[0] < shown[0]:
                yield heappop(waiting)
            for one in shown:
                if one > instant:
                    heappush(waiting, one)
        while waiting:
            yield heappop(waiting)

    def _local_times(self, after: datetime) -> Iterator[datetime]:
        return CronSim(self.cron, after)

    def _shown(self, instant: datetime) -> datetime:
        return self.local(instant).replace(tzinfo=None)

    def _first_shown(self, local: datetime) -> datetime:
        micros = np.array([to_micros(local.replace(tzinfo=UTC))], np.int64)
        return from_micros(int(to_utc(micros, self.timezone)[0]))

    def _all_shown(self, local: datetime) -> list[datetime]:
        zone = ZoneInfo(self.timezone)
        both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        return sorted(one for one in both if self._shown(one) == local)


def checked(cron: str, timezone: str, *, now: datetime) -> Timing:
    """What was asked for, with one space between fields.

    Raises:
        InvalidParameters: no such expression or zone, or the expression matches no time in the next 50 years.
    """
    if timezone not in known_zones():
        near = suggestions(timezone, known_zones())
        allowed = "UTC or a name of the IANA time zone database such as Europe/Berlin"
        raise _refused("timezone", timezone, "is not a time zone", allowed, near)
    fields = cron.upper().split()
    if len(fields) != 5:
        raise _refused("cron", cron, f"has {len(fields)} fields", _FIELDS)
    timing = Timing(" ".join(fields), timezone)
    try:
        following = timing.next_after(now)
    except CronSimError as error:
        field = str(error).removeprefix("Bad ").replace("day-of-", "day of the ")
        raise _refused("cron", cron, f"has a {field} that cron does not know", _FIELDS) from error
    if following is None:
        raise _refused("cron", cron, "matches no time in the next 50 years", _FIELDS)
    return timing


def _refused(
    parameter: str, received: str, reason: str, allowed: str, nearest: list[str] | None = None
) -> InvalidParameters:
    wrong = WrongValue(parameter=parameter, received=received, reason=reason, allowed=allowed, nearest=nearest or ())
    return invalid_parameters([wrong])
