"""Fictitious stores: their ids, opening hours and zones."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from app.demo_data.dice import bits, roll, state

#: Zones on six continents, weighted by their numbers; offsets of half and quarter hours, half-hour summer time,
#: none at all, and the southern summer are among them.
ZONES: Final = {
    "America/New_York": 20,
    "America/Chicago": 20,
    "America/Los_Angeles": 15,
    "America/Denver": 8,
    "America/Phoenix": 3,
    "America/Sao_Paulo": 4,
    "America/St_Johns": 1,
    "Europe/London": 5,
    "Europe/Berlin": 5,
    "Africa/Lagos": 2,
    "Africa/Casablanca": 2,
    "Asia/Beirut": 2,
    "Asia/Kolkata": 4,
    "Asia/Kathmandu": 1,
    "Asia/Tokyo": 3,
    "Australia/Sydney": 3,
    "Australia/Lord_Howe": 1,
    "Pacific/Auckland": 1,
}

#: Percentage of stores without a row in timezones.csv, which use the default zone.
WITHOUT_ZONE: Final = 4

#: Different weeks; each store has one of them.
WEEKS: Final = 1000

#: Stores whose lines are put together at a time.
BLOCK: Final = 10_000

_QUARTER = 15

_Day = list[tuple[int, int]]


def store_ids(seed: int, count: int) -> npt.NDArray[np.uint64]:
    """Numbers of 19 digits in no order, all different: each step is a permutation of the numbers below 2^62."""
    low = np.uint64((1 << 62) - 1)
    numbers = (np.arange(count, dtype=np.uint64) + state(seed, "ids")) & low
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        numbers ^= numbers >> np.uint64(31)
        numbers = (numbers * np.uint64(factor)) & low
    numbers ^= numbers >> np.uint64(31)
    return numbers + np.uint64(10**18)


def hours_lines(seed: int, ids: npt.NDArray[np.uint64]) -> Iterator[str]:
    """The lines of hours.csv, some thousand at a time; a store that never closes has none."""
    endings = [_endings(number, words) for number, words in enumerate(_week_words(seed))]
    chosen = roll(state(seed, "hours"), np.arange(len(ids))) % np.uint64(WEEKS)
    for low in range(0, len(ids), BLOCK):
        stores = zip(ids[low : low + BLOCK].tolist(), chosen[low : low + BLOCK].tolist(), strict=True)
        yield "".join(f"{store}{ending}" for store, week in stores for ending in endings[week])


def zone_lines(seed: int, ids: npt.NDArray[np.uint64]) -> Iterator[str]:
    """The lines of timezones.csv, some thousand at a time."""
    names = [name for name, weight in ZONES.items() for _ in range(weight)]
    dice = roll(state(seed, "zones"), np.arange(len(ids)))
    of_each, has_one = bits(dice, 0, 32) % len(names), bits(dice, 32, 31) % 100 >= WITHOUT_ZONE
    for low in range(0, len(ids), BLOCK):
        part = slice(low, low + BLOCK)
        stores = zip(ids[part][has_one[part]].tolist(), of_each[part][has_one[part]].tolist(), strict=True)
        yield "".join(f"{store},{names[zone]}\n" for store, zone in stores)


def _week_words(seed: int) -> list[list[list[int]]]:
    words = roll(state(seed, "weeks"), np.arange(WEEKS * 7 * 4))
    chosen: list[list[list[int]]] = words.reshape(WEEKS, 7, 4).tolist()
    return chosen


def _endings(number: int, words: list[list[int]]) -> list[str]:
    """What follows the id in the lines of a week."""
    week = _style(number % 100)(words)
    return [
        f",{day},{_clock(opens)},{_clock(closes)}\n" for day, windows in enumerate(week) for opens, closes in windows
    ]


def _style(percent: int) -> Callable[[list[list[int]]], list[_Day]]:
    """Types of opening weeks, and the percentage of each."""
    for share, style in _STYLES:
        if percent < share:
            return style
        percent -= share
    raise ValueError("the shares add up to 100")


def _never_closed(_: list[list[int]]) -> list[_Day]:
    return [[] for _ in range(7)]


def _round_the_clock(_: list[list[int]]) -> list[_Day]:
    return [[(0, 24 * 60)] for _ in range(7)]


def _daytime(words: list[list[int]]) -> list[_Day]:
    """From the morning on; up to two days closed, shorter on Sundays."""
    opens, length = _between(words[0][0], 6, 11), _between(words[0][1], 7, 13)
    closed = {words[0][2] % 7, words[0][3] % 14}
    ends = [min(opens + length - (2 * 60 if day == 6 else 0), 24 * 60) for day in range(7)]
    return [[] if day in closed else [(opens, ends[day])] for day in range(7)]


def _meals(words: list[list[int]]) -> list[_Day]:
    """Lunch and dinner, times of their own on each day, dinner alone or nothing on some."""
    week: list[_Day] = []
    for day in words:
        lunch = (_between(day[0], 11, 12), _between(day[1], 14, 15))
        dinner = (_between(day[2], 17, 18), _between(day[3], 21, 24))
        week.append([[lunch, dinner], [lunch, dinner], [lunch, dinner], [dinner], []][day[0] % 5])
    return week


def _overnight(words: list[list[int]]) -> list[_Day]:
    """Until the next morning; one day closed."""
    opens, closes = _between(words[0][0], 17, 21), _between(words[0][1], 1, 4)
    return [[] if day == words[0][2] % 7 else [(opens, closes)] for day in range(7)]


def _cut_at_midnight(words: list[list[int]]) -> list[_Day]:
    """The same nights as two windows, each on its own day."""
    opens, closes = _between(words[0][0], 17, 21), _between(words[0][1], 1, 4)
    return [[(0, closes), (opens, 24 * 60)] for _ in range(7)]


_STYLES: Final = (
    (15, _never_closed),
    (5, _round_the_clock),
    (45, _daytime),
    (20, _meals),
    (10, _overnight),
    (5, _cut_at_midnight),
)


def _between(word: int, first: int, last: int) -> int:
    """A quarter of an hour between two full hours, both included, minutes."""
    return first * 60 + word % ((last - first) * 60 // _QUARTER + 1) * _QUARTER


def _clock(minutes: int) -> str:
    """As in real files: the end of the day is its last second."""
    return "23:59:59" if minutes == 24 * 60 else f"{minutes // 60:02}:{minutes % 60:02}:00"
