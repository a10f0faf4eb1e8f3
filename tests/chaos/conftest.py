"""Servers of their own for the fault tests, and the table of promises at the end of the run."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.promises import Promises
from tests.chaos.scene import Scene, scene
from tests.chaos.servers import Servers, servers_of_our_own

#: Durations are held to their promises by `make chaos` only: the ordinary tests may run on a busy machine.
MEASURING = "CHAOS_KILLS" in os.environ

#: How many replicas the run kills, and the scale of everything else.
KILLS = int(os.environ.get("CHAOS_KILLS", "8"))

_PROMISES = Promises()

Stage = Callable[..., AbstractContextManager[Scene]]


@pytest.fixture(scope="session")
def promises() -> Promises:
    return _PROMISES


@pytest.fixture(scope="session")
def chaos_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers_of_our_own(tmp_path_factory.mktemp("chaos") / "home") as servers:
        yield servers


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a short name: sockets of replicas lie below it, and the kernel takes 107 bytes of theirs."""
    return tmp_path_factory.mktemp("chaos")


@pytest.fixture
def stage(chaos_servers: Servers, tmp_path: Path, promises: Promises) -> Stage:
    """Makes a scene; logs and temporary files of its replicas are in ``replicas``."""
    return partial(scene, chaos_servers, tmp_path / "replicas", promises)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _PROMISES.anything:
        terminalreporter.section("Promises")
        for line in _PROMISES.lines():
            terminalreporter.line(line)
