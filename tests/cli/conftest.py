"""The command line: with a database of its own, and of a service with users and keys."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.jobs.fork_server import end_all
from app.storage.resources import Addresses, Resources
from tests.commands import CommandLine, point_at


@pytest.fixture
def fresh_cli(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
) -> CommandLine:
    """Commands that use an empty database of the tests' servers, and run jobs."""
    point_at(monkeypatch, resources, servers, tmp_path / "home")
    end_all()  # a fork server that an earlier test has started knows other variables
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def access_cli(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
) -> CommandLine:
    """Commands that use an empty database of the tests' servers, with nobody's keys."""
    point_at(monkeypatch, resources, servers, tmp_path / "home")
    monkeypatch.setenv("OPENHOURS_AUTH", "on")
    monkeypatch.setenv("OPENHOURS_PUBLIC_URL", "https://openhours.example/")
    monkeypatch.delenv("OPENHOURS_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return CommandLine(monkeypatch, capsys)


def with_users(resources: Resources) -> Resources:
    """The same servers, of a service that asks who is there."""
    return replace(resources, settings=resources.settings.model_copy(update={"auth": "on"}))
