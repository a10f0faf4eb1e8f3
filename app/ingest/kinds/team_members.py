"""Dataset kind ``team_members``: who is on which team, and since when."""

from typing import Final

from app.ingest.column_types import DATE, KEY, LONG_NUMBER, SHORT_TEXT
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    Column("team", KEY, example="Platform"),
    Column("login", SHORT_TEXT, example="ada"),
    Column("user_id", LONG_NUMBER, example="9007199254740993", required=False),
    Column("valid_from", DATE, example="2024-01-01", required=False),
    Column("valid_to", DATE, example="2024-12-31", required=False),
    Column("seen_on", DATE, example="2024-11-04", required=False),
    DROPPED,
)


class TeamMemberLoading(KeyedLoading):
    """Collects memberships and merges them by team, login and date."""

    columns = _COLUMNS
    table = keyed_table("team_member", _COLUMNS, key=("team", "login", "valid_from", "seen_on"))


TEAM_MEMBERS = DatasetKind(
    name="team_members",
    summary="one row per member of a team: from when to when, or on which day",
    columns=_COLUMNS,
    loading=TeamMemberLoading,
    is_guessed=False,
    documentation="""
        A member of a team, from `valid_from` to `valid_to`, both included; without a date there is no limit. If rows
        have the same `team`, `login`, `valid_from` and `seen_on`, the last one counts. `user_id` is the number of the
        account, which stays the same when the login changes.

        A row with `seen_on` records a member of the team on that day, as a source saw it. The rows of a team and day
        are the complete team, until the next such day. [teams.md](teams.md) describes which team a pull request belongs
        to.

        A row with `dropped` `true` takes the row out.
    """,
    wrong=WrongRow("valid_from", "2024-13-01", "bad_date"),
)
