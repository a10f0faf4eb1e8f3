"""A poll log of fictitious stores, newest first: about one poll per hour and store, as irregular as real logs.

A *cell* is one store in one hour. Cells are numbered from 0: the stores of the last hour before the end, then those of
the hour before it, and so on; any stretch of them can be made by itself.
"""

from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from app.demo_data.dice import Words, bits, roll, state
from app.timeline import HOUR, SECOND, to_micros

HEADER: Final = b"store_id,status,timestamp_utc\n"

#: Outages and gaps begin in a slot of this many hours, at most one each, and are over before the end of the next one.
SLOT_HOURS: Final = 64

#: Duration of an outage or a gap, by eight random bits, hours: mostly an hour or two, up to 40.
LASTS_HOURS: Final = 1 + np.arange(256) ** 4 * 40 // 256**4

#: Outages of the log itself, without any polls: at most one in this many hours, of at most six hours.
MONITOR_SLOT_HOURS: Final = 14 * 24

#: A poll deviates at most this much from the usual minute of the store, microseconds.
JITTER: Final = HOUR // 5

#: Chances out of 65,536: that a poll is without a fraction of a second; that it is repeated with the other status.
WHOLE_SECOND: Final = 650
REPEATED: Final = 30

#: Of a line's fields, each as wide as it can be; zero bytes are left out in the end.
_LINE: Final = np.dtype(
    [("store", "V19"), ("status", "V10"), ("hour", "V13"), ("clock", "V6"), ("ms", "V4"), ("us", "V3"), ("end", "V5")]
)

#: Longest line, bytes.
LINE_BYTES: Final = _LINE.itemsize


def _fixed(texts: list[str], width: int) -> npt.NDArray[np.void]:
    return np.array([text.encode() for text in texts], f"S{width}").view(f"V{width}")


_STATUS: Final = _fixed([",inactive,", ",active,"], 10)
_CLOCK: Final = _fixed([f":{second // 60:02}:{second % 60:02}" for second in range(3600)], 6)
_POINT: Final = _fixed([*(f".{number:03}" for number in range(1000)), ""], 4)
_DIGITS: Final = _fixed([*(f"{number:03}" for number in range(1000)), ""], 3)


class PollLog:
    """The log of some stores up to the beginning of a day, UTC."""

    def __init__(self, seed: int, ids: npt.NDArray[np.uint64], end: date) -> None:
        numbers = np.arange(len(ids))
        habits = roll(state(seed, "habits"), numbers)
        self.stores = len(ids)
        self._ids = ids.astype("S19").view("V19")
        self._end_hour = to_micros(datetime(end.year, end.month, end.day, tzinfo=UTC)) // HOUR
        self._usual = bits(habits, 0, 32) % HOUR
        #: Chances out of 65,536: a poll is made; an outage, a gap begins in a slot.
        self._attention = 45_000 + bits(habits, 32, 8) * 80
        self._fragility = bits(habits, 40, 8) ** 3 * 40_000 // 256**3
        self._neglect = bits(habits, 48, 8) ** 2 * 10_000 // 256**2
        self._visits = roll(state(seed, "visits"), numbers)
        self._events = roll(state(seed, "events"), numbers)
        self._monitor = state(seed, "monitor")

    @property
    def cells(self) -> int:
        """How many there are: a log begins in 1970."""
        return self._end_hour * self.stores

    def lines(self, first: int, last: int) -> bytes:
        """The lines of the cells ``first`` … ``last - 1``."""
        back, store = np.divmod(np.arange(first, last), self.stores)
        hour = self._end_hour - 1 - back
        visit = roll(self._visits[store], hour)
        polled = (bits(visit, 0, 16) < self._attention[store]) & self._is_watching(hour)
        store, hour, visit = store[polled], hour[polled], visit[polled]
        is_down, is_gap = self._events_at(store, hour)
        kept = ~is_gap
        store, hour, visit, active = store[kept], hour[kept], visit[kept], ~is_down[kept]
        order = np.repeat(np.arange(len(store)), 1 + (bits(visit, 16, 16) < REPEATED))
        active = active[order]
        active[1:] ^= order[1:] == order[:-1]
        return self._text(store[order], hour[order], visit[order], active)

    def _is_watching(self, hour: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the log has any polls in each hour."""
        if not len(hour):
            return np.zeros(0, bool)
        oldest = int(hour[-1])
        slot, at = np.divmod(np.arange(oldest, int(hour[0]) + 1), MONITOR_SLOT_HOURS)
        dice = roll(self._monitor, slot)
        since = at - bits(dice, 2, 16) % (MONITOR_SLOT_HOURS - 6)
        is_away = (bits(dice, 0, 2) > 0) & (since >= 0) & (since <= bits(dice, 32, 16) % 6)
        return ~is_away[hour - oldest]

    def _events_at(
        self, store: npt.NDArray[np.int64], hour: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whether each store is down, and whether it has a gap without polls, in each hour."""
        slot, at = np.divmod(hour, SLOT_HOURS)
        is_down, is_gap = np.zeros(len(hour), bool), np.zeros(len(hour), bool)
        for back in (0, 1):
            dice = roll(self._events[store], slot - back)
            since = at + back * SLOT_HOURS
            is_down |= _happens(bits(dice, 0, 32), self._fragility[store], since)
            is_gap |= _happens(bits(dice, 32, 32), self._neglect[store], since)
        return is_down, is_gap

    def _text(
        self,
        store: npt.NDArray[np.int64],
        hour: npt.NDArray[np.int64],
        visit: Words,
        active: npt.NDArray[np.bool_],
    ) -> bytes:
        jitter = (bits(visit, 34, 15) + bits(visit, 49, 15) - (1 << 15)) * (JITTER >> 15)
        into_hour = (self._usual[store] + jitter) % HOUR
        second, micros = np.divmod(into_hour, SECOND)
        thousands, rest = np.divmod(micros, 1000)
        is_whole = bits(visit, 18, 16) < WHOLE_SECOND
        line = np.empty(len(store), _LINE)
        line["store"] = self._ids[store]
        line["status"] = _STATUS[active.astype(np.intp)]
        line["hour"] = _hour_texts(hour)
        line["clock"] = _CLOCK[second]
        line["ms"] = _POINT[np.where(is_whole, 1000, thousands)]
        line["us"] = _DIGITS[np.where(is_whole, 1000, rest)]
        line["end"] = np.void(b" UTC\n")
        characters = line.view(np.uint8)
        text: bytes = characters[characters != 0].tobytes()
        return text


def _happens(
    dice: npt.NDArray[np.int64], chance: npt.NDArray[np.int64], since: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether the event of a slot, if there is one, goes on so many hours after the slot's beginning."""
    since = since - (dice >> 16) % SLOT_HOURS
    goes_on: npt.NDArray[np.bool_] = (since >= 0) & (since < LASTS_HOURS[(dice >> 22) & 255])
    return goes_on & ((dice & 0xFFFF) < chance)


def _hour_texts(hour: npt.NDArray[np.int64]) -> npt.NDArray[np.void]:
    """The beginning of each timestamp, such as ``2023-01-22 12``; hours never grow from line to line."""
    if not len(hour):
        return np.empty(0, "V13")
    oldest = int(hour[-1])
    texts = np.datetime_as_string(np.arange(oldest, int(hour[0]) + 1).astype("datetime64[h]")).astype("S13")
    texts.view("S1").reshape(-1, 13)[:, 10] = b" "
    return texts.view("V13")[hour - oldest]
