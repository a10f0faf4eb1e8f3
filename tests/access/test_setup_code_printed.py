"""The code for the first administrator, as the job that migrates prints it."""

import re

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.storage.resources import Addresses, Resources
from tests.access.services import PASSWORD, accounts_of


@pytest.fixture
def own_servers(emptied: Resources, servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a replica that listens on a network."""
    values = {
        "OPENHOURS_HOST": "0.0.0.0",  # noqa: S104 - nothing listens
        "OPENHOURS_DATABASE_URL": emptied.database_url,
        "OPENHOURS_REDIS_URL": servers.redis_url,
        "OPENHOURS_S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "OPENHOURS_PUBLIC_URL": "https://openhours.example",
        "AWS_ACCESS_KEY_ID": servers.s3_access_key or "",
        "AWS_SECRET_ACCESS_KEY": servers.s3_secret_key or "",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def migrated() -> list[str]:
    result = CliRunner().invoke(app, ["migrate"])
    assert result.exit_code == 0, result.output
    return result.stdout.replace("\n", " ").split("the database is at revision ")[1].split()[1:]


@pytest.mark.usefixtures("own_servers")
def test_a_migration_prints_the_code_while_there_is_no_user(emptied: Resources) -> None:
    accounts = accounts_of(emptied)
    told = " ".join(migrated())
    assert "https://openhours.example/setup" in told
    (code,) = re.findall(r"oh1_\w+", told)
    accounts.codes.set_up(code, "ada", PASSWORD, None)
    assert migrated() == []


@pytest.mark.usefixtures("own_servers")
@pytest.mark.parametrize("variable", [("OPENHOURS_HOST", "127.0.0.1"), ("OPENHOURS_SETUP_CODE", "x" * 32)])
def test_it_prints_none_where_nobody_needs_one(monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]) -> None:
    monkeypatch.setenv(*variable)
    assert migrated() == []
