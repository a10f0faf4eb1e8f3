"""Pull requests in Postgres: merge a load into them, read them as arrays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, func, select, text

from app.flow.instants import INSTANTS, LATER_INSTANTS
from app.flow.pull_requests import PullRequests
from app.series.tables import pull_request
from app.storage.binary_copy import (
    INTEGER,
    INTEGER_OR_ZERO,
    TEXT,
    TIMESTAMPTZ,
    TIMESTAMPTZ_OR_MISSING,
    Columns,
    read_columns,
)
from app.timeline import MISSING, to_micros

_COLUMNS: Final[Columns] = {
    "repo_id": INTEGER,
    "number": INTEGER,
    "team_id": INTEGER_OR_ZERO,
    "author": TEXT,
    "created_at": TIMESTAMPTZ,
    **dict.fromkeys(LATER_INSTANTS, TIMESTAMPTZ_OR_MISSING),
}

_NAMES: Final = ", ".join(_COLUMNS)

#: The staging table of a load; of rows of the same pull request, the one with the highest line wins.
STAGED: Final = "staged_pull_request"

_LATEST: Final = f"SELECT DISTINCT ON (repo_id, number) {_NAMES} FROM {STAGED} ORDER BY repo_id, number, line DESC"


def stage(connection: Connection) -> None:
    """Create STAGED, with a column ``line`` in addition to those of the table; dropped on commit."""
    columns = ", ".join(f"{name} {_type(name)}" for name in _COLUMNS)
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} (line bigint, {columns}) ON COMMIT DROP"))


def merge(connection: Connection) -> int:
    """Insert the staged pull requests, replacing those with the same repository and number; returns their number."""
    others = [name for name in _COLUMNS if name not in {"repo_id", "number"}]
    ours, theirs = (", ".join(f"{table}.{name}" for name in others) for table in ("pull_request", "excluded"))
    stand: int = connection.execute(
        text(
            f"WITH staged AS MATERIALIZED ({_LATEST}), "
            f"put AS (INSERT INTO pull_request ({_NAMES}) SELECT * FROM staged "
            f"ON CONFLICT (repo_id, number) DO UPDATE SET ({', '.join(others)}) = ({theirs}) "
            f"WHERE ({ours}) IS DISTINCT FROM ({theirs})) SELECT count(*) FROM staged"
        )
    ).scalar_one()
    return stand


def remove(connection: Connection) -> int:
    """Delete the pull requests that equal staged ones; returns their number."""
    ours, theirs = (", ".join(f"{table}.{name}" for name in _COLUMNS) for table in ("pull_request", "staged"))
    return connection.execute(
        text(
            f"DELETE FROM pull_request USING ({_LATEST}) AS staged WHERE (pull_request.repo_id, pull_request.number) "
            f"= (staged.repo_id, staged.number) AND ({ours}) IS NOT DISTINCT FROM ({theirs})"
        )
    ).rowcount


def latest(connection: Connection) -> datetime | None:
    """The latest instant of any pull request, or None without any."""
    at: datetime | None = connection.scalar(select(func.max(pull_request.c.last_at)))
    return at


def read(
    connection: Connection,
    *,
    as_of: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    repo_ids: Sequence[int] | None = None,
    team_ids: Sequence[int] | None = None,
) -> PullRequests:
    """Pull requests in their state at ``as_of``, in any order; later instants are MISSING.

    Only ``ready_at`` may be later: it was then a draft, which differs from having been ready from the beginning.

    Args:
        connection: any.
        as_of: pull requests created later are left out.
        since, until: only those created in ``[since, until)``.
        repo_ids, team_ids: only those of these repositories and teams; None: of all.
    """
    conditions = {
        "created_at <= %(as_of)s": as_of,
        "created_at >= %(since)s": since,
        "created_at < %(until)s": until,
        "repo_id = ANY(%(repos)s)": repo_ids,
        "team_id = ANY(%(teams)s)": team_ids,
    }
    source = "pull_request WHERE " + " AND ".join(one for one, value in conditions.items() if value is not None)
    lists = {"repos": repo_ids, "teams": team_ids}
    params: dict[str, Any] = {"as_of": as_of, "since": since, "until": until}
    params |= {name: None if ids is None else list(ids) for name, ids in lists.items()}
    rows = read_columns(connection, _COLUMNS, source, params)
    end = to_micros(as_of)
    known = dict.fromkeys(INSTANTS, end) | {"ready_at": np.iinfo(np.int64).max}
    instants = {name: np.where(rows[name] > known[name], MISSING, rows[name]) for name in INSTANTS}
    return PullRequests(rows["repo_id"], rows["number"], rows["team_id"], rows["author"], instants)


def _type(name: str) -> str:
    return "timestamptz" if name in INSTANTS else "text" if name == "author" else "int"
