"""A command is imported when it is chosen: what only lists, refuses or asks a running server starts fast."""

import subprocess
import sys

import pytest
from typer.main import get_command

from app.cli import COMMANDS, app
from app.commands.later import Later
from tests.commands import REPOSITORY

#: What takes long to import, and what only commands with servers of their own need.
HEAVY = {
    *("alembic", "altair", "boto3", "botocore", "fastapi", "numpy", "pandas", "psycopg2", "pyarrow", "redis"),
    *("sqlalchemy", "starlette", "uvicorn"),
}


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a process of a command has loaded when it ends."""
    source = f"""
import sys
from app.__main__ import main
sys.argv = ["openhours", *{arguments!r}]
try:
    main()
except SystemExit:
    print(*(name for name in sys.modules if "." not in name))
"""
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    ["--help", "--version", "raport uptime", "status 1 --port", "status 1 --server http://127.0.0.1:1"],
)
def test_what_needs_no_server_of_its_own_loads_nothing_for_one(arguments: str) -> None:
    found = loaded_by(*arguments.split())
    assert "typer" in found
    assert not found & HEAVY


def test_pandas_is_left_out_of_a_command_that_converts_with_arrow() -> None:
    """And Arrow converts without it."""
    source = """
import sys
from app.files.without_pandas import keep_pandas_out
keep_pandas_out()
import numpy, pyarrow
print(pyarrow.array(numpy.arange(3)).to_pylist(), pyarrow.array(["a", None]).null_count, "pandas" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert ended.stdout == "[0, 1, 2] 1 False\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert isinstance(command, Later)
    chosen = command.chosen()
    assert chosen.name == name
    assert " ".join((chosen.help or "").split("\n\n")[0].split()) == command.help
