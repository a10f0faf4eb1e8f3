"""Dataset kind ``team_repositories``: which team owns which repository, and since when."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import DATE, KEY, SHORT_TEXT
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    Column("team", KEY, example="Platform"),
    REPO,
    Column("permission", SHORT_TEXT, example="admin", required=False),
    Column("valid_from", DATE, example="2024-01-01", required=False),
    Column("valid_to", DATE, example="2024-12-31", required=False),
    Column("seen_on", DATE, example="2024-11-04", required=False),
    DROPPED,
)


class TeamRepositoryLoading(KeyedLoading):
    """Collects ownerships and merges them by team, repository and date."""

    columns = _COLUMNS
    table = keyed_table("team_repository", _COLUMNS, key=("team", "repo", "valid_from", "seen_on"))


TEAM_REPOSITORIES = DatasetKind(
    name="team_repositories",
    summary="one row per repository of a team: from when to when, or on which day",
    columns=_COLUMNS,
    loading=TeamRepositoryLoading,
    is_guessed=False,
    documentation="""
        A repository of a team, from `valid_from` to `valid_to`, both included; without a date there is no limit. If
        rows have the same `team`, `repo`, `valid_from` and `seen_on`, the last one counts.

        A row with `seen_on` records a repository of the team on that day, as a source saw it. The rows of a team and
        day are the complete list, until the next such day. [teams.md](teams.md) describes which team a pull request
        belongs to. `permission` is what the team may do there, such as `admin` or `push`.

        A row with `dropped` `true` takes the row out.
    """,
    wrong=WrongRow("valid_to", "soon", "bad_date"),
)
