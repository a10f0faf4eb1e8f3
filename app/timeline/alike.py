"""Entities with the same weekly hours and the same zone: what follows from these is computed once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, SECOND
from app.timeline.working_hours import WeeklyHours

#: Times of day that a window can begin or end at, in whole seconds: midnight at the end of a day is one of them.
_TIMES: Final = DAY // SECOND + 1

#: Windows of a week that differ.
_WINDOWS: Final = 7 * _TIMES * _TIMES


@dataclass(frozen=True, slots=True)
class Alike:
    """Entities 0 … n - 1 in groups.

    Attributes:
        firsts: the first entity of each group, int64[groups], ascending.
        group: of each entity, int64[n].
    """

    firsts: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]


def alike(hours: WeeklyHours, zone_of: npt.NDArray[np.integer], alone: npt.NDArray[np.integer]) -> Alike:
    """Groups of entities with the same windows in the same zone.

    An entity with a window that begins or ends between two seconds has a group of its own: nobody writes such hours,
    and whole seconds let a window and its entity be one number.

    Args:
        hours: windows of entities 0 … len(zone_of) - 1.
        zone_of: int[n], the number of the zone of each entity.
        alone: entities that have a group of their own.
    """
    is_alone = np.zeros(len(zone_of), bool)
    is_alone[alone] = True
    is_alone[hours.entity[(hours.opens % SECOND | hours.closes % SECOND) != 0]] = True
    window = (hours.weekday * _TIMES + hours.opens // SECOND) * _TIMES + hours.closes // SECOND
    windows = np.sort(hours.entity * np.int64(_WINDOWS) + window) % _WINDOWS
    ends = np.cumsum(np.bincount(hours.entity, minlength=len(zone_of))) * windows.itemsize
    group = _grouped(zone_of.tolist(), is_alone.tolist(), ends.tolist(), windows.tobytes())
    return Alike(np.flatnonzero(np.diff(np.maximum.accumulate(group), prepend=-1)), group)


def _grouped(
    zones: Sequence[int], is_alone: Sequence[bool], ends: Sequence[int], windows: bytes
) -> npt.NDArray[np.int64]:
    """The group of each entity, numbered as they come; ``ends`` is where in ``windows`` those of each entity end."""
    found: dict[object, int] = {}
    begins = (0, *ends)  # of the windows of each entity, those of the one before end there
    return np.array(
        [
            found.setdefault(number if is_alone[number] else (zone, windows[begins[number] : end]), len(found))
            for number, (zone, end) in enumerate(zip(zones, ends, strict=True))
        ],
        np.int64,
    )
