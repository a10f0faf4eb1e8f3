"""Dataset kind ``pull_requests``: one pull request per row, which replaces its earlier row."""

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.files.csv_output import iso_instants
from app.flow.instants import INSTANTS, LATER_INSTANTS
from app.ingest.column_types import INSTANT, KEY, NUMBER
from app.ingest.keys import KeyIds, optional_ids
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities, pull_requests
from app.series.entities import REPOSITORY, TEAM
from app.storage.csv_copy import copy_rows


class PullRequestLoading:
    """Collects pull requests in a staging table and merges them: the last row of each wins."""

    def __init__(self, connection: Connection, _: str) -> None:
        self._connection = connection
        self._repositories = KeyIds(connection, REPOSITORY)
        self._teams = KeyIds(connection, TEAM)
        pull_requests.stage(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns = {
            "line": pa.array(np.arange(rows.first_row, rows.first_row + len(rows))),
            "repo_id": pa.array(self._repositories.of(rows.columns["repo"])),
            "number": pa.array(rows.columns["number"].array().astype(np.int64)),
            "team_id": optional_ids(self._teams, rows.columns.get("team")),
            "author": pa.array(rows.columns["author"].array(), pa.string()) if "author" in rows.columns else None,
        }
        for name in INSTANTS:
            if name in rows.columns:
                columns[name] = iso_instants(pa.array(rows.columns[name].array(), pa.timestamp("us")))
        named = {name: values for name, values in columns.items() if values is not None}
        copy_rows(self._connection, pull_requests.STAGED, pa.table(named))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, pull_requests.STAGED, "repo_id", "team_id")
        return pull_requests.merge(self._connection)

    def remove(self) -> int:
        new_entities.settle(self._connection, pull_requests.STAGED, "repo_id", "team_id")
        return pull_requests.remove(self._connection)


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
    ),
    loading=PullRequestLoading,
    instant="created_at",
    observed=True,
    documentation="""
        One pull request. If rows have the same repository and number, the last one counts. It replaces the row of an
        earlier file completely: a field that it leaves empty is empty from then on. To add what happens to a pull
        request later, load a later file. An instant more than a day after the file arrived is an error. Repositories
        and teams become entities. [pull-request-rules.md](pull-request-rules.md) says what each instant is used for.
    """,
    wrong=WrongRow("created_at", "2024-11-01T20:00:00", "no_zone"),
)
