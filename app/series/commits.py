"""Commits that a file is all of, and up to when all commits of a repository are known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Table, text

from app.series import told_rows

#: The staging table of a load; see keyed_rows.py.
_STAGED: Final = "staged_commit"

#: The staged repositories, each with the ids of it in every case of letters: hosts take them for the same.
_ALIKE: Final = f"""
SELECT named.repo_id, other.id FROM (SELECT DISTINCT repo_id FROM {_STAGED}) AS named
JOIN entity AS one ON one.id = named.repo_id
JOIN entity AS other ON other.kind = 'repository' AND lower(other.key) = lower(one.key)
"""


def leave_out_older(connection: Connection, dataset_id: str) -> None:
    """Forget staged rows of repositories of which a snapshot has come that is newer than this dataset."""
    connection.execute(
        text(
            f"DELETE FROM {_STAGED} WHERE repo_id IN (SELECT alike.repo_id FROM ({_ALIKE}) AS alike "
            "JOIN repo_seen AS seen ON seen.entity_id = alike.id WHERE seen.snapshot_id > :dataset)"
        ),
        {"dataset": dataset_id},
    )


def drop_others(connection: Connection, commits: Table, dataset_id: str) -> None:
    """Take out the commits of the staged repositories that are not staged and that no later dataset has named.

    Of the others nothing is left of what datasets before this one have said.
    """
    connection.execute(
        text(f"DELETE FROM commit WHERE repo_id IN (SELECT id FROM ({_ALIKE}) AS alike) AND dataset_id < :dataset"),
        {"dataset": dataset_id},
    )
    named = f"commit.repo_id IN (SELECT id FROM ({_ALIKE}) AS alike)"
    told_rows.end_older(connection, commits, named, dataset_id)
    connection.execute(
        text(
            "INSERT INTO repo_seen (entity_id, snapshot_id) "
            f"SELECT DISTINCT repo_id, :dataset FROM {_STAGED} ON CONFLICT (entity_id) "
            "DO UPDATE SET snapshot_id = greatest(repo_seen.snapshot_id, excluded.snapshot_id)"
        ),
        {"dataset": dataset_id},
    )


def read_anew(connection: Connection, repository: str, dataset_id: str) -> None:
    """Take out the commits of a repository that neither this dataset nor a later one has named: they are all.

    What an older dataset says of it does not count any more, whenever that is loaded again.
    """
    values = {"key": repository, "dataset": dataset_id}
    of = "(SELECT id FROM entity WHERE kind = 'repository' AND key = :key)"
    connection.execute(text(f"DELETE FROM commit WHERE repo_id = {of} AND dataset_id < :dataset"), values)
    connection.execute(
        text(f"UPDATE repo_seen SET snapshot_id = greatest(snapshot_id, :dataset) WHERE entity_id = {of}"),
        values,
    )


def see(connection: Connection, until: datetime | None) -> None:
    """All commits of the staged repositories are known: up to ``until``, or else to the last one that is staged."""
    connection.execute(
        text(
            "INSERT INTO repo_seen (entity_id, until) "
            f"SELECT repo_id, coalesce(:until, max(committed_at)) FROM {_STAGED} GROUP BY repo_id "
            "ON CONFLICT (entity_id) DO UPDATE SET until = greatest(repo_seen.until, excluded.until)"
        ),
        {"until": until},
    )


def forget(connection: Connection) -> None:
    """Forget up to when the staged repositories are known that have no commit left."""
    connection.execute(
        text(
            f"DELETE FROM repo_seen WHERE entity_id IN (SELECT repo_id FROM {_STAGED}) "
            "AND NOT EXISTS (SELECT FROM commit WHERE repo_id = entity_id)"
        )
    )


def know(connection: Connection, repositories: Sequence[str], until: datetime) -> None:
    """All commits of these repositories, by their keys, are known up to ``until``."""
    connection.execute(
        text(
            "INSERT INTO repo_seen (entity_id, until) SELECT id, :until FROM entity "
            "WHERE kind = 'repository' AND key = ANY(:keys) "
            "ON CONFLICT (entity_id) DO UPDATE SET until = greatest(repo_seen.until, excluded.until)"
        ),
        {"keys": list(repositories), "until": until},
    )
