"""What the tables hold beside what the fake GitHub says that they must."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, text

from app.ingest.registry import DATASET_KINDS
from app.storage.postgres import metadata
from tests.github import World, truth

#: Columns of tables whose values are ids of entities, and the column of the kind that names those.
_ENTITIES = {"repo_id": "repo", "team_id": "team"}
#: Columns whose order says nothing.
_UNORDERED = {"labels", "topics"}


def table_of(kind: str) -> Table:
    """Where the rows of a kind are."""
    if kind == "pull_requests":
        return metadata.tables["pull_request"]
    loading: Any = DATASET_KINDS[kind].loading
    table: Table = loading.table
    return table


def stored(connection: Connection, kind: str) -> list[truth.Row]:
    """All rows of a kind, as dicts by the columns of the kind, with names for entities."""
    table = table_of(kind)
    keys = dict(tuple(row) for row in connection.execute(text("SELECT id, key FROM entity")))
    rows = []
    for row in connection.execute(table.select()).mappings():
        named = {
            _ENTITIES.get(name, name): keys.get(value) if name in _ENTITIES else value for name, value in row.items()
        }
        rows.append({name: _plain(name, value) for name, value in named.items()})
    return rows


def _plain(name: str, value: Any) -> Any:
    """A value that compares: lists without an order in one, and what a key cannot leave empty as nothing."""
    if name in _UNORDERED and value is not None:
        return sorted(value)
    if value == "" or (isinstance(value, date) and not isinstance(value, datetime) and value.year < 1971):
        return None
    return value


def latest(rows: list[truth.Row]) -> list[truth.Row]:
    """Of a kind that has the state of each day, the rows of each repository's or team's last day."""
    days: dict[Any, date] = {}
    for row in rows:
        whose = row.get("team") or row["repo"]
        days[whose] = max(days.get(whose, date.min), row["seen_on"])
    return [row for row in rows if row["seen_on"] == days[row.get("team") or row["repo"]]]


def _is_of(world: World, row: truth.Row) -> bool:
    """Whether a row is of this world, and not of another that the same tables hold."""
    organisations = {one.full_name.partition("/")[0] for one in world.repositories.values()}
    if "repo" in row:
        return row["repo"].partition("/")[0] in organisations
    return row["team"] in {one.name for teams in world.teams.values() for one in teams}


def differences(connection: Connection, world: World, kind: str) -> list[str]:
    """What is lost, stale, too many or twice, each in a sentence; empty: the table equals the truth in every field."""
    told, key = truth.KINDS[kind]
    found = stored(connection, kind)
    if found and "seen_on" in found[0]:
        found = latest(found)
    found = [row for row in found if _is_of(world, row)]
    expected = {tuple(row[name] for name in key): row for row in told(world)}
    counts = Counter(tuple(row[name] for name in key) for row in found)
    wrong = [f"{kind} {each}: {number} times" for each, number in counts.items() if number > 1]
    wrong += [f"{kind} {each}: lost" for each in expected if each not in counts]
    wrong += [f"{kind} {each}: too many" for each in counts if each not in expected]
    for row in found:
        right = expected.get(tuple(row[name] for name in key), {})
        wrong += [
            f"{kind} {tuple(row[name] for name in key)}: {name} is {row[name]!r}, not {value!r}"
            for name, value in right.items()
            if row[name] != value
        ]
    return wrong
