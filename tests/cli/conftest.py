"""The command line of a service with users and keys."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.storage.resources import Addresses, Resources
from tests.commands import CommandLine


@pytest.fixture
def access_cli(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
) -> CommandLine:
    """Commands that use an empty database of the tests' servers, with nobody's keys."""
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", resources.database_url)
    monkeypatch.setenv("OPENHOURS_REDIS_URL", servers.redis_url)
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", servers.s3_endpoint_url)
    monkeypatch.setenv("OPENHOURS_S3_BUCKET", resources.settings.s3_bucket)
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENHOURS_AUTH", "on")
    monkeypatch.setenv("OPENHOURS_PUBLIC_URL", "https://openhours.example/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(servers.s3_access_key))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(servers.s3_secret_key))
    monkeypatch.delenv("OPENHOURS_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return CommandLine(monkeypatch, capsys)


def with_users(resources: Resources) -> Resources:
    """The same servers, of a service that asks who is there."""
    return replace(resources, settings=resources.settings.model_copy(update={"auth": "on"}))
