"""A poll log of fictitious stores, newest first: about one poll per interval and store, as irregular as real logs.

An interval is an hour or an even part of one; intervals are numbered from 1970 on. A *cell* is one store in one
interval. Cells are numbered from 0: the stores of the last interval before the end, then those of the interval before
it, and so on; any stretch of them can be made by itself.
"""

from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from app.demo_data.dice import Words, bits, roll, state
from app.timeline import HOUR, SECOND, Micros, to_micros

HEADER: Final = b"store_id,status,timestamp_utc\n"

#: Outages and gaps begin in a slot of this many intervals, at most one each, and are over before the end of the next.
SLOT: Final = 64

#: Duration of an outage or a gap, by eight random bits, intervals: mostly one or two, up to 40.
LASTS: Final = 1 + np.arange(256) ** 4 * 40 // 256**4

#: Outages of the log itself, without any polls: at most one in this many intervals, of at most six.
MONITOR_SLOT: Final = 14 * 24

#: A poll deviates at most this much from the usual instant of the store in an interval, as a part of the interval.
JITTER: Final = 1 / 5

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

    def __init__(self, seed: int, ids: npt.NDArray[np.uint64], end: date, *, interval_minutes: int = 60) -> None:
        """``interval_minutes``: a divisor of 60."""
        numbers = np.arange(len(ids))
        habits = roll(state(seed, "habits"), numbers)
        self.stores = len(ids)
        self._ids = ids.astype("S19").view("V19")
        self._per_hour = 60 // interval_minutes
        self._interval = HOUR // self._per_hour
        self._end = to_micros(datetime(end.year, end.month, end.day, tzinfo=UTC)) // self._interval
        self._usual = bits(habits, 0, 32) % self._interval
        #: Chances out of 65,536: a poll is missed, more rarely by those who look more often; an outage, a gap begins in
        #: a slot.
        self._absence = (20_536 - bits(habits, 32, 8) * 80) // self._per_hour
        self._fragility = bits(habits, 40, 8) ** 3 * 40_000 // 256**3
        self._neglect = bits(habits, 48, 8) ** 2 * 10_000 // 256**2
        self._visits = roll(state(seed, "visits"), numbers)
        self._events = roll(state(seed, "events"), numbers)
        self._monitor = state(seed, "monitor")

    @property
    def cells(self) -> int:
        """How many there are: a log begins in 1970."""
        return self._end * self.stores

    @property
    def cells_a_day(self) -> int:
        """How many a day has."""
        return 24 * self._per_hour * self.stores

    def lines(self, first: int, last: int) -> bytes:
        """The lines of the cells ``first`` … ``last - 1``."""
        return self._text(*self._drawn(first, last))

    def polls(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], Micros, npt.NDArray[np.bool_]]:
        """The same as arrays in the order of the lines: number of the store, instant, whether it is active."""
        store, interval, visit, active = self._drawn(first, last)
        hour, rest = self._hour_and_rest(store, interval, visit)
        return store, hour * HOUR + np.where(_is_whole(visit), rest - rest % SECOND, rest), active

    def _drawn(
        self, first: int, last: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Words, npt.NDArray[np.bool_]]:
        """Store, interval, random word and status of each poll of the cells."""
        back, store = np.divmod(np.arange(first, last), self.stores)
        interval = self._end - 1 - back
        visit = roll(self._visits[store], interval)
        polled = (bits(visit, 0, 16) < (1 << 16) - self._absence[store]) & self._is_watching(interval)
        store, interval, visit = store[polled], interval[polled], visit[polled]
        is_down, is_gap = self._events_at(store, interval)
        kept = ~is_gap
        store, interval, visit, active = store[kept], interval[kept], visit[kept], ~is_down[kept]
        order = np.repeat(np.arange(len(store)), 1 + (bits(visit, 16, 16) < REPEATED))
        active = active[order]
        active[1:] ^= order[1:] == order[:-1]
        return store[order], interval[order], visit[order], active

    def _is_watching(self, interval: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the log has any polls in each interval."""
        if not len(interval):
            return np.zeros(0, bool)
        oldest = int(interval[-1])
        slot, at = np.divmod(np.arange(oldest, int(interval[0]) + 1), MONITOR_SLOT)
        dice = roll(self._monitor, slot)
        since = at - bits(dice, 2, 16) % (MONITOR_SLOT - 6)
        is_away = (bits(dice, 0, 2) > 0) & (since >= 0) & (since <= bits(dice, 32, 16) % 6)
        return ~is_away[interval - oldest]

    def _events_at(
        self, store: npt.NDArray[np.int64], interval: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whether each store is down, and whether it has a gap without polls, in each interval."""
        slot, at = np.divmod(interval, SLOT)
        is_down, is_gap = np.zeros(len(interval), bool), np.zeros(len(interval), bool)
        for back in (0, 1):
            dice = roll(self._events[store], slot - back)
            since = at + back * SLOT
            is_down |= _happens(bits(dice, 0, 32), self._fragility[store], since)
            is_gap |= _happens(bits(dice, 32, 32), self._neglect[store], since)
        return is_down, is_gap

    def _hour_and_rest(
        self, store: npt.NDArray[np.int64], interval: npt.NDArray[np.int64], visit: Words
    ) -> tuple[npt.NDArray[np.int64], Micros]:
        """The hour since 1970 in which each poll is made, and how far into it, microseconds."""
        jitter = (bits(visit, 34, 15) + bits(visit, 49, 15) - (1 << 15)) * (round(JITTER * self._interval) >> 15)
        hour, part = np.divmod(interval, self._per_hour)
        return hour, part * self._interval + (self._usual[store] + jitter) % self._interval

    def _text(
        self,
        store: npt.NDArray[np.int64],
        interval: npt.NDArray[np.int64],
        visit: Words,
        active: npt.NDArray[np.bool_],
    ) -> bytes:
        hour, into_hour = self._hour_and_rest(store, interval, visit)
        second, micros = np.divmod(into_hour, SECOND)
        thousands, rest = np.divmod(micros, 1000)
        is_whole = _is_whole(visit)
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


def _is_whole(visit: Words) -> npt.NDArray[np.bool_]:
    """Whether a poll is without a fraction of a second."""
    return bits(visit, 18, 16) < WHOLE_SECOND


def _happens(
    dice: npt.NDArray[np.int64], chance: npt.NDArray[np.int64], since: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether the event of a slot, if there is one, goes on so many intervals after the slot's beginning."""
    since = since - (dice >> 16) % SLOT
    goes_on: npt.NDArray[np.bool_] = (since >= 0) & (since < LASTS[(dice >> 22) & 255])
    return goes_on & ((dice & 0xFFFF) < chance)


def _hour_texts(hour: npt.NDArray[np.int64]) -> npt.NDArray[np.void]:
    """The beginning of each timestamp, such as ``2023-01-22 12``; hours never grow from line to line."""
    if not len(hour):
        return np.empty(0, "V13")
    oldest = int(hour[-1])
    texts = np.datetime_as_string(np.arange(oldest, int(hour[0]) + 1).astype("datetime64[h]")).astype("S13")
    texts.view("S1").reshape(-1, 13)[:, 10] = b" "
    return texts.view("V13")[hour - oldest]
