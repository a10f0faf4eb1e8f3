"""Review times of fictitious teams: durations of the reviews and merges of each day, zero if there were none."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np

from app.demo_data.dice import draw, happens, lognormal, roll, state
from app.demo_data.teams import works_on

HEADER: Final = "review_time,team,date,merge_time\n"

#: Percentages of days without a review and without a merge; higher on days off.
WITHOUT_REVIEW, WITHOUT_MERGE, IDLE_DAY_OFF = 25.0, 15.0, 90.0

#: Their duration, seconds.
_REVIEW: Final = lognormal(2400, 2.0)
_MERGE: Final = lognormal(720, 1.0)

#: 1970-01-01 was a Thursday; Monday is 0.
_WEEKDAY_OF_EPOCH: Final = 3


def review_time_lines(seed: int, names: Sequence[str], *, days: int, end: date) -> Iterator[str]:
    """The lines of review_times.csv, a team at a time: one for each of so many days before ``end``."""
    last = (end - date(1970, 1, 1)).days
    day = np.arange(last - days, last)
    dates = np.datetime_as_string(day.astype("datetime64[D]")).tolist()
    for number, name in enumerate(names):
        dice = roll(state(seed, f"review times {number}"), day)
        is_idle = ~works_on(len(names))[number, (day + _WEEKDAY_OF_EPOCH) % 7] & happens(dice, 0, IDLE_DAY_OFF)
        chances = roll(state(seed, f"days without {number}"), day)
        review = np.where(is_idle | happens(chances, 0, WITHOUT_REVIEW), 0, draw(dice, 16, _REVIEW))
        merge = np.where(is_idle | happens(chances, 16, WITHOUT_MERGE), 0, draw(dice, 32, _MERGE))
        yield "".join(
            f"{reviewed},{name},{on},{merged}\n"
            for reviewed, on, merged in zip(review.tolist(), dates, merge.tolist(), strict=True)
        )
