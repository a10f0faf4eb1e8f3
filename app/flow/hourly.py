"""How many pull requests of each team waited, were reviewed or were approved, for each of its working hours."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.csv_output import escape_formulas, iso_instants
from app.flow.observations import named
from app.flow.phases import STATES, first_known
from app.flow.teams import Teams
from app.timeline import HOUR, MISSING, Micros
from app.timeline.states import counts, hours_of_states, monotone

#: The rows of hourly(): every state but the end is counted.
HOURLY_SCHEMA: Final = pa.schema(
    [("team", pa.string()), ("hour_utc", pa.string()), *((name, pa.int32()) for name in list(STATES)[:-1])]
)


def hourly(
    instants: Mapping[str, Micros], teams: Teams, team: npt.NDArray[np.int64], *, as_of: int
) -> Iterator[pa.Table]:
    """Rows of team, UTC hour and the number of pull requests in each state, sorted, some teams after the other.

    There is a row for every hour in which the team is open at all, from the first hour of any pull request to the
    last. What is not over lasts until ``as_of``, and of the hour of ``as_of`` the part before it counts.

    Args:
        instants: int64[n] by the names of instants.INSTANTS.
        teams: those that the pull requests are of.
        team: int64[n], number of each one's team; those without one, -1, are left out.
        as_of: the instant for which the report is computed, microseconds.
    """
    of_a_team = team >= 0
    team = team[of_a_team]
    if not len(team):
        return
    begins = np.stack([first_known(instants, names)[of_a_team] for names in STATES.values()], axis=1)
    begins[:, -1] = np.where(begins[:, -1] == MISSING, as_of, begins[:, -1])
    begins = monotone(begins)
    hours = hours_of_states(begins, until=as_of)
    first, last = int(begins[:, 0].min()), int(begins[:, -1].max())
    for numbers, calendar in teams.calendars(first=first, last=last):
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
            **{name: pa.array(counted[row, hour]) for name, counted in zip(STATES, states, strict=False)},
        }
        yield pa.table(columns)
