"""Pull requests in Postgres: merge a load into them, read them as arrays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, func, select, text

from app.flow.instants import INSTANTS, LATER_INSTANTS
from app.flow.pull_requests import Details, PullRequests
from app.series.owning_teams import read_ways, with_teams
from app.series.tables import pull_request
from app.storage.binary_copy import (
    BOOLEAN_OR_FALSE,
    FLOAT_OR_NAN,
    INTEGER,
    INTEGER_OR_MINUS_ONE,
    INTEGER_OR_ZERO,
    TEXT,
    TIMESTAMPTZ,
    TIMESTAMPTZ_OR_MISSING,
    Columns,
    read_columns,
)
from app.timeline import MISSING, to_micros

#: Lines added and deleted; the sum of two that fit into four bytes need not.
_LINES: Final = "least(additions::bigint + deletions, 2147483647)::int"

#: When CI had finished: as a source tells, else when the last run of the last commit had, by its last job. A run is
#: touched again after its end, so that ``updated_at`` counts only where no job is known.
_CI: Final = """CASE WHEN ci_finished_at IS NOT NULL OR head_sha IS NULL THEN ci_finished_at ELSE (
    SELECT max(coalesce((
        SELECT max(job.completed_at) FROM workflow_job AS job
        WHERE job.repo_id = run.repo_id AND job.run_id = run.run_id AND job.attempt = run.attempt
    ), run.updated_at))
    FROM workflow_run AS run
    WHERE run.repo_id = pull_request.repo_id AND run.head_sha = pull_request.head_sha AND run.status = 'completed'
) END"""

_COLUMNS: Final[Columns] = {
    "repo_id": INTEGER,
    "number": INTEGER,
    "team_id": INTEGER_OR_ZERO,
    "author": TEXT,
    "created_at": TIMESTAMPTZ,
    **dict.fromkeys(LATER_INSTANTS, TIMESTAMPTZ_OR_MISSING),
    "is_draft": BOOLEAN_OR_FALSE,
    "draft_seconds": FLOAT_OR_NAN,
    "author_is_bot": BOOLEAN_OR_FALSE,
    _LINES: INTEGER_OR_MINUS_ONE,
    "changes_requested_at": TIMESTAMPTZ_OR_MISSING,
}

#: The staging table of a load; of rows of the same pull request, the one with the highest line wins.
STAGED: Final = "staged_pull_request"

#: Columns of the table that a file has a value for, or may have, and their types.
STORED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("repo_id", "number", "team_id"), "int"),
    "author": "text",
    **dict.fromkeys(INSTANTS, "timestamptz"),
    "is_draft": "boolean",
    "draft_seconds": "double precision",
    "author_is_bot": "boolean",
    "labels": "text[]",
    **dict.fromkeys(("additions", "deletions", "changed_files"), "int"),
    "head_sha": "text",
    "changes_requested_at": "timestamptz",
    "author_id": "bigint",
    "reverts": "int",
    "merge_sha": "text",
}

_KEY: Final = ("repo_id", "number")

#: What every file has: the key, and when the pull request was created.
ALWAYS: Final = (*_KEY, "created_at")


#: How the staged values of a column add up, and what they add up to with the value of the table.
_STAGED: Final = {
    "earliest": "min({name})",
    "latest": "max({name})",
    "known": "(array_agg({name} ORDER BY line DESC) FILTER (WHERE {name} IS NOT NULL))[1]",
}
_IN_TABLE: Final = {
    "": "excluded.{name}",
    "earliest": "LEAST(pull_request.{name}, excluded.{name})",
    "latest": "GREATEST(pull_request.{name}, excluded.{name})",
    "known": "COALESCE(excluded.{name}, pull_request.{name})",
}


def stage(connection: Connection) -> None:
    """Create STAGED, with a column ``line`` in addition to those of the table; dropped on commit."""
    columns = ", ".join(f"{name} {of}" for name, of in STORED.items())
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} (line bigint, {columns}) ON COMMIT DROP"))


def merge(
    connection: Connection, given: Collection[str] = STORED, *, combine: Mapping[str, str] = MappingProxyType({})
) -> int:
    """Insert the staged pull requests, or change those with the same repository and number; returns their number.

    Args:
        connection: in the transaction of the load.
        given: columns of STORED that the file has, ALWAYS among them; a pull request keeps what it has in the others.
        combine: columns whose values add up, of staged rows and of the table: ``earliest``, ``latest`` or ``known``,
            the last one that is not null.
    """
    names = [name for name in STORED if name in given]
    others = [name for name in names if name not in _KEY]
    ours = ", ".join(f"pull_request.{name}" for name in others)
    theirs = ", ".join(_IN_TABLE[combine.get(name, "")].format(name=name) for name in others)
    stand: int = connection.execute(
        text(
            f"WITH staged AS MATERIALIZED ({_latest(names, combine)}), "
            f"put AS (INSERT INTO pull_request ({', '.join(names)}) SELECT * FROM staged "
            f"ON CONFLICT (repo_id, number) DO UPDATE SET ({', '.join(others)}) = ROW({theirs}) "
            f"WHERE ({ours}) IS DISTINCT FROM ({theirs})) SELECT count(*) FROM staged"
        )
    ).scalar_one()
    return stand


def remove(
    connection: Connection, given: Collection[str] = STORED, *, combine: Mapping[str, str] = MappingProxyType({})
) -> int:
    """Take out what staged ones say of pull requests that still are so; returns the number of those it changes.

    One that has nothing in any column that the file lacks is deleted. Of any other, what the file says is emptied: the
    rest is from another file.

    Args:
        connection, given, combine: as for merge().
    """
    names = [name for name in STORED if name in given]
    ours, theirs = (", ".join(f"{table}.{name}" for name in names) for table in ("pull_request", "staged"))
    same = (
        f"(pull_request.repo_id, pull_request.number) = (staged.repo_id, staged.number) "
        f"AND ({ours}) IS NOT DISTINCT FROM ({theirs})"
    )
    rest = ", ".join(f"pull_request.{name}" for name in STORED if name not in given)
    mine = [name for name in names if name not in ALWAYS]
    staged = f"({_latest(names, combine)}) AS staged"
    emptied = 0
    if rest and mine:
        said = ", ".join(f"pull_request.{name}" for name in mine)
        emptied = connection.execute(
            text(
                f"UPDATE pull_request SET {', '.join(f'{name} = NULL' for name in mine)} FROM {staged} "
                f"WHERE {same} AND num_nonnulls({rest}) > 0 AND num_nonnulls({said}) > 0"
            )
        ).rowcount
    alone = f" AND num_nonnulls({rest}) = 0" if rest else ""
    deleted = connection.execute(text(f"DELETE FROM pull_request USING {staged} WHERE {same}{alone}")).rowcount
    return emptied + deleted


def long_coded(connection: Connection, *, examples: int) -> tuple[int, list[str]]:
    """How many staged pull requests began to be coded more than a year before they were created, and some of them."""
    found = connection.execute(
        text(
            f"WITH found AS (SELECT DISTINCT repo_id, number FROM ({_latest(STORED)}) AS staged "
            "WHERE created_at - first_commit_at > interval '365 days') "
            "SELECT key || '#' || number, count(*) OVER () FROM found JOIN entity ON entity.id = repo_id "
            "ORDER BY key, number LIMIT :examples"
        ),
        {"examples": examples},
    ).all()
    return (found[0][1] if found else 0), [row[0] for row in found]


def _latest(names: Iterable[str], combine: Mapping[str, str] = MappingProxyType({})) -> str:
    """The rows that win, with what adds up from the others."""
    listed = ", ".join(names)
    last = f"SELECT DISTINCT ON (repo_id, number) {listed} FROM {STAGED} ORDER BY repo_id, number, line DESC"
    sums = [f"{_STAGED[how].format(name=name)} AS {name}" for name, how in combine.items() if name in names]
    if not sums:
        return last
    values = ", ".join(f"{'summed' if name in combine else 'last'}.{name}" for name in names)
    return (
        f"SELECT {values} FROM ({last}) AS last JOIN (SELECT repo_id, number, {', '.join(sums)} FROM {STAGED} "
        "GROUP BY repo_id, number) AS summed USING (repo_id, number)"
    )


def _has_runs(connection: Connection) -> bool:
    """Whether runs of CI are known; without any nobody needs to look for those of each pull request."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM workflow_run)")))


#: No part of ``last_at``, which is older.
_ASKED: Final = pull_request.c.changes_requested_at


def latest(connection: Connection) -> datetime | None:
    """The latest instant of any pull request, or None without any."""
    last = [select(func.max(column)).scalar_subquery() for column in (pull_request.c.last_at, _ASKED)]
    at: datetime | None = connection.scalar(select(func.greatest(*last)))
    return at


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which pull requests to read; None: whatever they have.

    Attributes:
        since, until: created in ``[since, until)``.
        merged_since, merged_until: merged in ``[merged_since, merged_until)``.
        repo_ids, team_ids: of these repositories and teams.
        labels: with at least one of these.
        not_by: by none of these authors.
        and_open: also those that are in neither span, but are not over at ``as_of``.
    """

    since: datetime | None = None
    until: datetime | None = None
    merged_since: datetime | None = None
    merged_until: datetime | None = None
    repo_ids: Sequence[int] | None = None
    team_ids: Sequence[int] | None = None
    labels: Sequence[str] | None = None
    not_by: Sequence[str] | None = None
    and_open: bool = False


#: What a pull request fulfils that is in the spans, and what one fulfils that is chosen.
_SPANS: Final = {
    "since": "created_at >= %(since)s",
    "until": "created_at < %(until)s",
    "merged_since": "merged_at >= %(merged_since)s",
    "merged_until": "merged_at < %(merged_until)s",
}
_OTHERS: Final = {
    "repo_ids": "repo_id = ANY(%(repo_ids)s)",
    "team_ids": "team_id = ANY(%(team_ids)s)",
    "labels": "labels && %(labels)s",
    "not_by": "(author IS NULL OR author <> ALL(%(not_by)s))",
}
_OPEN: Final = "coalesce(least(merged_at, closed_at) > %(as_of)s, true)"


def read(connection: Connection, *, as_of: datetime, chosen: Chosen = Chosen()) -> PullRequests:
    """Pull requests in their state at ``as_of``, in any order; later instants are MISSING.

    One without a team in its row has that of its repository or its author: see owning_teams.py.

    Only ``ready_at`` may be later: it was then a draft, which differs from having been ready from the beginning.

    Args:
        connection: any.
        as_of: pull requests created later are left out.
        chosen: which ones.
    """
    params: dict[str, Any] = {
        name: list(value) if isinstance(value, Sequence) else value
        for name in (*_SPANS, *_OTHERS)
        if (value := getattr(chosen, name)) is not None
    }
    spans = " AND ".join(condition for name, condition in _SPANS.items() if name in params)
    if spans and chosen.and_open:
        spans = f"({spans} OR {_OPEN})"
    conditions = ["created_at <= %(as_of)s", *([spans] if spans else [])]
    conditions += [condition for name, condition in _OTHERS.items() if name in params]
    whole, of_teams = with_teams(read_ways(connection))
    source = f"{whole} WHERE " + " AND ".join(conditions)
    ci = _CI if _has_runs(connection) else "ci_finished_at"
    columns = {(ci if name == "ci_finished_at" else name): wire for name, wire in _COLUMNS.items()}
    rows = read_columns(connection, columns, source, {**params, **of_teams, "as_of": as_of})
    rows["ci_finished_at"] = rows[ci]
    end = to_micros(as_of)
    known = dict.fromkeys(INSTANTS, end) | {"ready_at": np.iinfo(np.int64).max}
    instants = {name: np.where(rows[name] > known[name], MISSING, rows[name]) for name in INSTANTS}
    asked = np.where(rows["changes_requested_at"] > end, MISSING, rows["changes_requested_at"])
    details = Details(rows["is_draft"], rows["draft_seconds"], rows["author_is_bot"], rows[_LINES], asked)
    return PullRequests(rows["repo_id"], rows["number"], rows["team_id"], rows["author"], instants, details)
