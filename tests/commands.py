"""The commands as the tests give them: in a process of their own, as a user does, or in this one, which is faster."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal, TypeVar

import httpx2
import psutil
import pytest
from typer import rich_utils

from app.cli import main
from app.storage.resources import Addresses, Resources
from tests.programs.command import COLOUR_VARIABLES, alone, of_module, without_settings

REPOSITORY = Path(__file__).parent.parent

#: Longest that a command of these tests may take, seconds.
LIMIT_SECONDS = 60

#: Longest that a test waits for anything, seconds.
PATIENCE_SECONDS = 90

T = TypeVar("T")


def point_at(monkeypatch: pytest.MonkeyPatch, resources: Resources, servers: Addresses, home: Path) -> None:
    """Have commands of this process use a database and a bucket of the tests' servers."""
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", resources.database_url)
    monkeypatch.setenv("OPENHOURS_REDIS_URL", servers.redis_url)
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", servers.s3_endpoint_url)
    monkeypatch.setenv("OPENHOURS_S3_BUCKET", resources.settings.s3_bucket)
    monkeypatch.setenv("OPENHOURS_HOME", str(home))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(servers.s3_access_key))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(servers.s3_secret_key))


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it showed."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err, self.err
        assert "\x1b" not in self.out + self.err, "escape codes in a pipe"


def run(home: Path, *arguments: str) -> Outcome:
    """``python -m app …`` to its end."""
    with started(home, *arguments) as process:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        return Outcome(process.returncode, out, err)


@contextmanager
def started(home: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """``python -m app …`` in its own terminal session, killed in the end if it is still there.

    ``variables`` are added to its environment. Without an access log: nobody reads stderr while it runs, and lines for
    which a full pipe has no room are lost.
    """
    with _ran(of_module("app"), home, arguments, variables) as process:
        yield process


@contextmanager
def started_alone(home: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """As started, in an interpreter of its own, for tests that look at its process."""
    with _ran(alone("app"), home, arguments, variables) as process:
        yield process


@contextmanager
def _ran(
    command: list[str], home: Path, arguments: tuple[str, ...], variables: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    own = {"OPENHOURS_HOME": str(home), "OPENHOURS_SLOTS": "1", "OPENHOURS_DRAIN_SECONDS": "0"}
    with subprocess.Popen(
        [*command, *arguments],
        cwd=REPOSITORY,
        env=without_settings() | own | {"OPENHOURS_ACCESS_LOG": "false"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class CommandLine:
    """Runs commands in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setattr(rich_utils, "FORCE_TERMINAL", False)  # it was set by the variables, at import
        monkeypatch.setenv("COLUMNS", "80")
        for name in COLOUR_VARIABLES:
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *arguments: str) -> Outcome:
        self._monkeypatch.setattr(sys, "argv", ["app", *arguments])
        handler = signal.getsignal(signal.SIGTERM)
        code = 0
        try:
            with logging_as_it_was():
                main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            signal.signal(signal.SIGTERM, handler)
        return Outcome(code, *self._capsys.readouterr())


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Undo what app.telemetry.logs.configure did to this process, which is that of pytest."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        sys.excepthook, threading.excepthook = hooks


def wait_until(
    condition: Callable[[], T | Literal[False] | None],
    process: "subprocess.Popen[Any] | None" = None,
    *,
    seconds: float = PATIENCE_SECONDS,
) -> T:
    """What the condition gives as soon as that is true; a process that has died meanwhile is told at once."""
    deadline = monotonic() + seconds
    while not (found := condition()):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}: {process.communicate(timeout=10)}")
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.02)
    return found


def answers(url: str) -> int | None:
    """The status with which an address answers, or None when nobody does."""
    try:
        return http().get(url).status_code
    except httpx2.TransportError:
        return None


@cache
def http() -> httpx2.Client:
    """One client for all that ask again and again: to make one takes longer than to ask. It keeps no connections."""
    return httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def suspend(pid: int) -> None:
    """Stop a process, as SIGSTOP does, and see it stopped: each of its threads goes on until the kernel gets to it."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: all(_is_stopped(thread) for thread in Path(f"/proc/{pid}/task").iterdir()))


def _is_stopped(thread: Path) -> bool:
    try:
        return (thread / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"T"
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return False


def working_below(folder: Path) -> list[psutil.Process]:
    """Processes whose working directory lies below a folder, as that of each embedded server does."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
