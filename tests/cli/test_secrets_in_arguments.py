"""Other users of a machine see the arguments of every process: no command takes a secret there, or passes one on."""

import json
from collections.abc import Iterator
from typing import Any

import click
from typer.main import get_command

from app.cli import app
from app.commands.later import Later
from app.settings import Settings
from app.storage.resources import Addresses
from tests.commands import working_below

#: Words for what nobody else may know.
SECRET = {"password", "passphrase", "token", "secret", "code", "credential", "key"}

#: Parameters that have such a word in their name, and why they may.
HARMLESS = {
    ("login", "with_token"): "a flag: the key comes from standard input",
    **dict.fromkeys(
        ((command, name) for command in ("sources add", "sources set") for name in ("token_env", "token_from")),
        "the name of a variable or file that has it",
    ),
    ("dashboards role", "password_env"): "the name of a variable that has it",
    ("keys replace", "key"): "the first eight characters, which are no secret",
    ("keys revoke", "key"): "the first eight characters, which are no secret",
}


def commands(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for own, command in group.commands.items():
        chosen = command.chosen() if isinstance(command, Later) else command
        whole = f"{name} {own}".strip()
        if hasattr(chosen, "commands"):
            yield from commands(chosen, whole)
        else:
            yield whole, chosen


def words(parameter: click.Parameter) -> set[str]:
    return set(str(parameter.name).split("_"))


def test_no_command_takes_a_secret_as_an_argument() -> None:
    found = {
        (name, str(parameter.name))
        for name, command in commands(get_command(app))
        for parameter in command.params
        if words(parameter) & SECRET
    }
    assert found == set(HARMLESS)


def test_no_server_that_a_command_starts_has_a_secret_among_its_arguments(
    servers: Addresses, session_settings: Settings
) -> None:
    credentials = json.loads((session_settings.home / "credentials.json").read_text(encoding="utf-8"))
    secrets = {value for name, value in credentials.items() if not name.endswith("access_key")}
    assert servers.s3_secret_key in secrets
    arguments = [" ".join(process.cmdline()) for process in working_below(session_settings.home)]
    assert len(arguments) >= 3
    for line in arguments:
        assert not [secret for secret in secrets if secret in line]
