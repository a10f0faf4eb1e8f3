"""Samples of review times: durations that were measured elsewhere."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from app.files.csv_output import escape_formulas
from app.flow.observations import Observations, named, numbered
from app.flow.review_times import ReviewTimes
from app.flow.table import seconds
from app.timeline import DAY, MISSING, from_micros

#: A day that is not known, for Arrow, which keeps a mask beside it.
_NO_DAY: Final = 0


def observe(sample: ReviewTimes, names: Mapping[int, str]) -> Observations:
    """The observations in the order of their file; ``names`` are those of the teams by id.

    "Without review" is a review time of 0 and "without CI" a merge time of 0, as this format has it.
    """
    teams, team = numbered(sample.team_id, names)
    review, merge = sample.review_seconds, sample.merge_seconds
    durations = {"review_time": review, "merge_time": merge, "total_time": review + merge}
    dated = sample.day != MISSING
    days = np.where(dated, sample.day, _NO_DAY).astype(np.int32)
    columns = {
        "team": escape_formulas(named(teams, team)),
        "date": pa.array(days, mask=~dated).cast(pa.date32()),
        **{name: seconds(values) for name, values in durations.items()},
    }
    return Observations(
        table=pa.table(columns),
        teams=teams,
        team=team,
        durations=durations,
        ordinary=(review > 0) & (merge > 0),
        begin=_midnight(days[dated].min()) if dated.any() else None,
        end=_midnight(days[dated].max()) if dated.any() else None,
        without_review=int((review == 0).sum()),
        without_ci=int((merge == 0).sum()),
        missing={
            "review_time": int(np.isnan(review).sum()),
            "merge_time": int(np.isnan(merge).sum()),
            "date": int((~dated).sum()),
            "team": int((team < 0).sum()),
        },
        inconsistent={},
    )


def _midnight(day: np.integer) -> str:
    return from_micros(int(day) * DAY).replace(tzinfo=None).isoformat()
