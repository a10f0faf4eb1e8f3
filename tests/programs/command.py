"""How a program is started: ``python -m MODULE``, forked where the system can tell when a forked process ends."""

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from time import sleep

ROOT = Path(__file__).parent.parent.parent

#: Make rich and typer colour what they write into a pipe.
COLOUR_VARIABLES = ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE")

_ASKING = Path(__file__).parent / "asking.py"


def of_module(name: str) -> list[str]:
    """The command that runs a module with warnings as errors; give it arguments, a folder and an environment.

    The program is not the process of this command: signals are passed on, and it dies with it, but what looks at
    processes, or stops them, needs one in an interpreter of its own.
    """
    if not hasattr(os, "pidfd_open"):
        return alone(name)
    return [sys.executable, "-I", "-S", str(_ASKING), _socket(), name]


def alone(name: str) -> list[str]:
    """The command that does the same in an interpreter of its own."""
    return [sys.executable, "-W", "error", "-m", name]


def without_settings() -> dict[str, str]:
    """The environment without settings, and without what makes output other than in a pipe."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OPENHOURS_") and name not in COLOUR_VARIABLES
    }


@cache
def _socket() -> str:
    """That of the process that forks, which ends with this one."""
    folder = mkdtemp()
    path = Path(folder, "programs")
    command = [sys.executable, "-W", "error", "-m", "tests.programs.forking", str(path)]
    forking = subprocess.Popen(command, cwd=ROOT, env=without_settings(), stdin=subprocess.PIPE, start_new_session=True)

    def end() -> None:
        with suppress(OSError):
            forking.communicate(timeout=10)
        rmtree(folder, ignore_errors=True)

    atexit.register(end)
    while not path.exists():
        assert forking.poll() is None, "it could not import the application"
        sleep(0.02)
    return str(path)
