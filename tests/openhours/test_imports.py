"""The library stands by itself, and starts fast."""

import subprocess
import sys

from tests.commands import REPOSITORY
from tests.test_architecture import importers, imports, libraries

#: What it needs beside Python.
LIBRARIES = {"httpx2", "pandas", "pyarrow"}

#: Where the service uses it: nowhere but on the command line.
COMMANDS = {"commands"}


def loaded_after(statement: str) -> set[str]:
    """Top-level modules that an interpreter has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(done.stdout.split())


def test_it_imports_its_libraries_and_nothing_of_the_service() -> None:
    assert libraries(imports(), "openhours") == LIBRARIES


def test_only_the_commands_of_the_service_import_it() -> None:
    assert importers(imports(), "openhours") == COMMANDS


def test_pandas_is_imported_when_a_frame_is_asked_for() -> None:
    """Commands take half a second less without it."""
    assert "pandas" in loaded_after("import openhours.frames")
    assert not loaded_after("from openhours import Client; import openhours.outgoing") & {"pandas", "pyarrow"}


def test_the_command_line_imports_the_http_client_when_a_command_needs_it() -> None:
    assert "httpx2" in loaded_after("from openhours import Client")
    assert not loaded_after(
        "import app.cli, app.commands.data, app.commands.lists, app.commands.reports, openhours"
    ) & {"httpx2", "pandas"}


def test_it_says_that_it_is_typed() -> None:
    assert (REPOSITORY / "openhours/py.typed").is_file()
