"""The compose file as ``docker compose`` reads it when no variable is set."""

import re
from typing import Any

import yaml

from tests.commands import REPOSITORY

#: ``${NAME:-default}``, innermost first; the default may hold another one.
_VARIABLE = re.compile(r"\$\{(\w+):-([^${}]*)\}")

Service = dict[str, Any]


def services() -> dict[str, Service]:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    while _VARIABLE.search(text):
        text = _VARIABLE.sub(r"\2", text)
    assert "${" not in text
    found: dict[str, Service] = yaml.safe_load(text)["services"]
    return found


def variables() -> set[str]:
    """Every variable that replaces a default."""
    return set(re.findall(r"\$\{(\w+)", (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")))


def ours() -> dict[str, Service]:
    """The services that run this program."""
    return {name: service for name, service in services().items() if "build" in service}


def command(service: Service) -> list[str]:
    """What follows ``openhours``, if anything does."""
    entrypoint = service.get("entrypoint", ["openhours"])
    return [*entrypoint, *service.get("command", [])][1:] if entrypoint[0] == "openhours" else []
