"""Dataset kind ``pull_requests``: one pull request per row, which changes what an earlier row said of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.files.csv_output import iso_instants
from app.flow.instants import INSTANTS, LATER_INSTANTS
from app.ingest.column_types import COUNT, DURATION, INSTANT, KEY, LONG_NUMBER, NAMES, NUMBER, TRUTH
from app.ingest.keys import KeyIds, optional_ids
from app.ingest.kind import Column, DatasetKind, RowRule, Rows, Values, WrongRow
from app.series import new_entities, pull_requests
from app.series.entities import REPOSITORY, TEAM
from app.storage.csv_copy import copy_rows
from app.timeline import Micros, to_micros
from app.wording.warnings import EXAMPLES, DataWarning, warning

#: No pull request was reviewed, merged or closed before: an earlier instant stands for none, as that of year 0 or 1970.
FIRST_YEAR: Final = 2005
_FIRST: Final = to_micros(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))

#: What columns other than keys and instants hold.
_PLAIN: Final[Mapping[str, pa.DataType]] = {
    **dict.fromkeys(("author", "head_sha", "merge_sha"), pa.string()),
    **dict.fromkeys(("is_draft", "author_is_bot"), pa.bool_()),
    "draft_seconds": pa.float64(),
    **dict.fromkeys(("additions", "deletions", "changed_files", "reverts", "author_id"), pa.int64()),
}


class PullRequestLoading:
    """Collects pull requests in a staging table and merges them: the last row of each wins."""

    def __init__(self, connection: Connection, _: str) -> None:
        self._connection = connection
        self._repositories = KeyIds(connection, REPOSITORY)
        self._teams = KeyIds(connection, TEAM)
        self._given = set(pull_requests.ALWAYS)
        self._combine: Mapping[str, str] = {}
        self._long_coded: tuple[int, list[str]] = (0, [])
        pull_requests.stage(connection)

    def combine(self, columns: Mapping[str, str]) -> None:
        """Have rows of the same pull request add up in these columns."""
        self._combine = columns

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns: dict[str, pa.Array | None] = {
            "line": pa.array(np.arange(rows.first_row, rows.first_row + len(rows))),
            "repo_id": pa.array(self._repositories.of(rows.columns["repo"])),
            "number": pa.array(rows.columns["number"].array().astype(np.int64)),
            "team_id": optional_ids(self._teams, rows.columns.get("team")),
        }
        columns |= {
            name: pa.array(rows.columns[name].array().tolist(), of)
            for name, of in _PLAIN.items()
            if name in rows.columns
        }
        for name in (*INSTANTS, "changes_requested_at"):
            if name in rows.columns:
                columns[name] = iso_instants(pa.array(rows.columns[name].array(), pa.timestamp("us")))
        if "labels" in rows.columns:
            columns["labels"] = _arrays(rows.columns["labels"])
        named = {name: values for name, values in columns.items() if values is not None}
        self._given |= named.keys() - {"line"}
        copy_rows(self._connection, pull_requests.STAGED, pa.table(named))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, pull_requests.STAGED, "repo_id", "team_id")
        if "first_commit_at" in self._given:
            self._long_coded = pull_requests.long_coded(self._connection, examples=EXAMPLES)
        return pull_requests.merge(self._connection, self._given, combine=self._combine)

    def warnings(self) -> tuple[DataWarning, ...]:
        """What is to be told of the merged rows."""
        count, examples = self._long_coded
        return (warning("long_coding_time", count, examples),) if count else ()

    def remove(self) -> int:
        new_entities.settle(self._connection, pull_requests.STAGED, "repo_id", "team_id")
        return pull_requests.remove(self._connection, self._given, combine=self._combine)


def _arrays(names: Values) -> pa.Array:
    """Lists of names as Postgres writes arrays."""
    literals = [None if one is None else _literal(json.loads(one)) for one in names.distinct.tolist()]
    return pa.array(literals, pa.string()).take(pa.array(names.codes))


def _literal(names: list[str]) -> str:
    quoted = (name.replace("\\", r"\\").replace('"', r"\"") for name in names)
    return "{" + ",".join(f'"{name}"' for name in quoted) + "}"


def _before_there_were_any(name: str) -> RowRule:
    """An instant of a pull request that says there was none, as 1970-01-01 does."""

    def broken(columns: Mapping[str, Values]) -> npt.NDArray[np.bool_]:
        created = columns["created_at"]
        if name not in columns:
            return np.zeros(len(created), bool)
        early = _is_early(columns[name])
        return early & ~_is_early(created) if early.any() else early

    reason = f"is before {FIRST_YEAR}, although created_at is not; leave the field empty if there is no such instant"
    return RowRule(name, "out_of_range", reason, broken)


def _is_early(instants: Values) -> npt.NDArray[np.bool_]:
    distinct: Micros | npt.NDArray[Any] = instants.distinct
    if distinct.dtype == object:
        distinct = np.array([_FIRST if at is None else at for at in distinct.tolist()], np.int64)
    early: npt.NDArray[np.bool_] = (distinct < _FIRST)[instants.codes]
    return early


PULL_REQUESTS = DatasetKind(
    name="pull_requests",
    summary="one row per pull request: when it was created, reviewed, approved, merged",
    columns=(
        Column("repo", KEY, example="openhours/api"),
        Column("number", NUMBER, example="1042"),
        Column("team", KEY, example="Platform", required=False),
        Column("author", KEY, example="ada", required=False),
        Column("created_at", INSTANT, example="2024-11-01T20:00:00Z"),
        *(Column(name, INSTANT, example="2024-11-04T14:30:00Z", required=False) for name in LATER_INSTANTS),
        Column("is_draft", TRUTH, example="false", required=False),
        Column("draft_seconds", DURATION, example="86400", required=False),
        Column("author_is_bot", TRUTH, example="false", required=False),
        Column("labels", NAMES, example="bug;ui", required=False),
        Column("additions", COUNT, example="120", required=False),
        Column("deletions", COUNT, example="15", required=False),
        Column("changed_files", COUNT, example="7", required=False),
        Column("head_sha", KEY, example="5f1d7e7b6c0f4c4c9a2f2f8b7d3e1a0c9b8d7e6f", required=False),
        Column("changes_requested_at", INSTANT, example="2024-11-04T14:30:00Z", required=False),
        Column("reverts", NUMBER, example="1031", required=False),
        Column("merge_sha", KEY, example="9c1f0e2d3b4a59687766554433221100ffeeddcc", required=False),
        Column("author_id", LONG_NUMBER, example="9007199254740993", required=False),
    ),
    loading=PullRequestLoading,
    instant="created_at",
    observed=True,
    documentation="""
        One pull request. If rows of a file have the same repository and number, the last one counts. Columns that a
        file lacks keep their values from earlier files; an empty field overwrites the earlier value. So a file may add
        what has happened since, such as `repo,number,created_at,merged_at`, and leave out the rest. Removing a file
        empties the fields that still are as the file set them, and removes a pull request that no other file contains.

        An instant more than a day after the file arrived is an error. So is a `first_review_at`, `merged_at` or
        `closed_at` before 2005 if the pull request was created later, because 1970-01-01 usually stands for a missing
        value. Repositories and teams become entities. [pull-request-rules.md](pull-request-rules.md) describes how each
        column is used.
    """,
    wrong=WrongRow("created_at", "2024-11-01T20:00:00", "no_zone"),
    row_rules=tuple(_before_there_were_any(name) for name in ("first_review_at", "merged_at", "closed_at")),
)
