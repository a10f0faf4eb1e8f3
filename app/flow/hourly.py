"""How many pull requests of each team waited, were reviewed or were approved, for each of its working hours."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.csv_output import escape_formulas, iso_instants
from app.flow.milestones import Milestones, first_known
from app.flow.observations import named
from app.flow.teams import Teams
from app.timeline import HOUR
from app.timeline.states import counts, hours_of_states, monotone

#: States that a pull request goes through from when it is ready until it is over, in order.
STATES: Final = ("awaiting_review", "in_review", "approved")

#: The rows of hourly().
HOURLY_SCHEMA: Final = pa.schema(
    [("team", pa.string()), ("hour_utc", pa.string()), *((name, pa.int32()) for name in STATES)]
)


def hourly(at: Milestones, teams: Teams, team: npt.NDArray[np.int64], *, as_of: int) -> Iterator[pa.Table]:
    """Rows of team, UTC hour and the number of pull requests in each state, sorted, some teams after the other.

    There is a row for every hour in which the team is open at all, from the first hour in which any pull request is in
    a state to the last in which one is not over. What is not over lasts until ``as_of``, and of the hour of ``as_of``
    the part before it counts.

    Args:
        at: what counts in the course of each pull request.
        teams: those that the pull requests are of.
        team: int64[n], number of each one's team; those without one, -1, are left out.
        as_of: the instant for which the report is computed, microseconds.
    """
    of_a_team = np.flatnonzero(team >= 0)
    over = first_known(at.ended, np.full(len(team), as_of))[of_a_team]
    if not len(over):
        return
    last = int(over.max())
    begins = np.stack([at.ready, at.once_ready(at.reviewed), at.once_ready(at.approved)], axis=1)[of_a_team]
    begins = monotone(np.column_stack([begins, over]))
    is_ever = begins[:, 0] < over  # a draft is in no state, nor is what was over before it was ready
    begins, team = begins[is_ever], team[of_a_team][is_ever]
    if not len(team):
        return
    hours = hours_of_states(begins, until=as_of)
    for numbers, calendar in teams.calendars(first=int(begins[:, 0].min()), last=last):
        names = teams.names[numbers]
        edges = np.arange(calendar.first, -(-last // HOUR) * HOUR + 1, HOUR)
        row, hour = np.nonzero(calendar.open_time(edges, slice(0, len(names))))
        ours = (team >= numbers.start) & (team < numbers.start + len(names))
        states = counts(
            team[ours] - numbers.start,
            hours[ours],
            groups=len(names),
            first=calendar.first // HOUR,
            last=calendar.last // HOUR,
        )
        columns = {
            "team": escape_formulas(named(names, row)),
            "hour_utc": iso_instants(pa.array(edges[hour]).cast(pa.timestamp("us"))),
            **{name: pa.array(counted[row, hour]) for name, counted in zip(STATES, states, strict=True)},
        }
        yield pa.table(columns)
