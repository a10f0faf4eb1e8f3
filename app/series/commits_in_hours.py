"""Commits with the teams that they are of, by which their shares inside the hours of the teams are told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import Connection, column, table

from app.flow.in_hours import MonthInHours, months_in_hours
from app.flow.teams import Teams
from app.series.entities import TEAM, read_entities
from app.series.owning_teams import read_ways, with_owners
from app.series.schedules import read_schedule
from app.storage.binary_copy import BOOLEAN, INTEGER, TEXT, TIMESTAMPTZ, Columns, read_columns
from app.storage.postgres import as_text
from app.timeline.working_hours import Window

_COLUMNS: Final[Columns] = {"team_id": INTEGER, "at": TIMESTAMPTZ, "person": TEXT, "is_merge": BOOLEAN}

#: A month of a team's clock may begin and end so much before or after that of UTC.
_AROUND: Final = timedelta(days=1)

#: Who has made a commit: people are told apart by the account, else by the address, else by the login.
_PERSON: Final = "coalesce(author_id::text, author_email_hash, lower(author), '')"

# A commit that two repositories have, as forks or under an earlier name, counts once for each team.
_OF_TEAMS: Final = """(
    SELECT DISTINCT ON (team_id, sha) team_id, authored_at AS at, {person} AS person,
        coalesce(parents, 1) > 1 AS is_merge
    FROM ({joined}) AS one
    WHERE team_id IS NOT NULL AND author_is_bot IS NOT TRUE
        AND authored_at >= %(first)s AND authored_at < %(end)s AND authored_at <= %(as_of)s
    ORDER BY team_id, sha, repo_id
) AS found"""

#: What is read of the table of commits, which a dataset kind declares.
_COMMITS: Final = table(
    "commit",
    *map(
        column,
        ("repo_id", "sha", "author", "author_id", "author_is_bot", "author_email_hash", "authored_at", "parents"),
    ),
)


def read(
    connection: Connection, *, as_of: datetime, months: int, default_zone: str, default: Sequence[Window] = ()
) -> list[MonthInHours]:
    """The shares of each team in the whole months before ``as_of``'s, by team and month; bots are left out.

    Args:
        connection: any.
        as_of: an instant; later commits, by their own clock, are left out.
        months: how many, 1 or more.
        default_zone: of a team without a zone.
        default: windows of a team without hours; without any it works around the clock.
    """
    end = as_of.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = _months_before(end, months)
    source, params = as_text(with_owners(_COMMITS, read_ways(connection), at="authored_at"))
    span = {"first": first - _AROUND, "end": end + _AROUND, "as_of": as_of}
    rows = read_columns(connection, _COLUMNS, _OF_TEAMS.format(joined=source, person=_PERSON), {**params, **span})
    every = read_entities(connection, TEAM)
    keys = dict(zip(every.ids.tolist(), every.keys, strict=True))
    names = sorted({keys[number] for number in np.unique(rows["team_id"]).tolist()})
    number_of = {name: number for number, name in enumerate(names)}
    team = np.array([number_of[keys[one]] for one in rows["team_id"].tolist()], np.int64)
    people, person = np.unique(rows["person"].astype(str), return_inverse=True)
    person = np.where(people[person] == "", -1, person) if len(people) else np.zeros(0, np.int64)
    schedule = read_schedule(connection, every, default_zone=default_zone, default=default)
    found = months_in_hours(Teams.of(names, every, schedule), team, rows["at"], person, rows["is_merge"])
    return [one for one in found if f"{first:%Y-%m}" <= one.month < f"{end:%Y-%m}"]


def _months_before(month: datetime, count: int) -> datetime:
    number = month.year * 12 + month.month - 1 - count
    return month.replace(year=number // 12, month=number % 12 + 1)
