"""Commands about mappings: list, show, put, remove."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from app.commands import opening
from app.commands.json_file import text_of
from app.commands.terminal import out
from app.errors import InvalidParameters

if TYPE_CHECKING:
    from app.catalogue.mappings import MappingService

mappings = typer.Typer(help="Named mappings: how raw files become rows.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the mapping.")]


def document_of(mapping: str | None) -> str | None:
    """What ``--mapping`` names: the JSON in a file, or else a name as it is."""
    if mapping is None or not (mapping.endswith(".json") or Path(mapping).is_file()):
        return mapping
    return text_of(Path(mapping), option="--mapping: ")


def values_of(given: list[str] | None) -> str | None:
    """What ``--set`` gives, as an option of a load: one COLUMN=TEXT as it is, several in JSON."""
    if not given or len(given) == 1:
        return given[0] if given else None
    values: dict[str, str] = {}
    for one in given:
        name, is_given, text = one.partition("=")
        if not is_given or not name or name in values:
            said = "twice" if name in values else "is not COLUMN=TEXT such as store_id=shop"
            raise InvalidParameters(f"--set: {one!r} {'names its column ' if name in values else ''}{said}")
        values[name] = text
    return json.dumps(values, ensure_ascii=False)


@mappings.command("list")
def list_() -> None:
    """List mappings by name."""
    table = Table("name", "kind", "version", box=None)
    with _service() as service:
        for one in service.list():
            table.add_row(one.name, str(one.document["kind"]), str(one.version) if one.version else "shipped")
    out.print(table)


@mappings.command()
def show(
    name: Name, version: Annotated[int | None, typer.Option(min=0, help="Version. Default: the latest.")] = None
) -> None:
    """Print a mapping as JSON."""
    with _service() as service:
        found = service.get(name, version)
    out.print(json.dumps(found.document, indent=2, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)


@mappings.command()
def put(name: Name, file: Annotated[Path, typer.Argument(help="JSON file with the mapping.")]) -> None:
    """Store a mapping under a name, as a new version."""
    document = text_of(file)
    with _service() as service:
        stored = service.put(name, document)
    out.print(f"{stored.name}, version {stored.version}", markup=False)


@mappings.command()
def remove(name: Name) -> None:
    """Remove all stored versions of a mapping."""
    with _service() as service:
        service.remove(name)
    out.print(f"{name} removed", markup=False)


@contextmanager
def _service() -> "Iterator[MappingService]":
    from app.catalogue.mappings import MappingService  # noqa: PLC0415 - SQLAlchemy takes a while to import

    with opening.resources(opening.settings()) as (_, resources):
        yield MappingService(resources.engine)
