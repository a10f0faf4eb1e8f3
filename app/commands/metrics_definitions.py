"""Commands about metrics: list, show, put, remove definitions; show the facts that they count."""

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
from app.wording.wrong_values import WrongValue

if TYPE_CHECKING:
    from app.metrics.service import MetricService

# ruff: noqa: PLC0415 - SQLAlchemy takes a while to import

metrics = typer.Typer(help="Metrics: what reports count, defined in JSON.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the metric.")]


@metrics.command("list")
def list_() -> None:
    """List metrics by name."""
    table = Table("name", "pillar", "facts", "version", box=None)
    with _service() as service:
        for one in service.list():
            version = str(one.version) if one.version else "shipped"
            table.add_row(one.name, str(one.document["pillar"]), str(one.document["from"]), version)
    out.print(table)


@metrics.command()
def show(
    name: Name, version: Annotated[int | None, typer.Option(min=0, help="Version. Default: the latest.")] = None
) -> None:
    """Print a definition as JSON."""
    with _service() as service:
        found = service.get(name, version)
    out.print(json.dumps(found.document, indent=2, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)


@metrics.command()
def put(
    name: Name,
    file: Annotated[Path, typer.Argument(help="JSON file with the definition.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it. Default: store it.")] = False,
) -> None:
    """Store a definition under a name, as a new version."""
    document = text_of(file)
    with _service() as service:
        try:
            stored = service.put(name, document, dry_run=dry_run)
        except InvalidParameters as error:
            raise _line_by_line(error, file) from error
    said = ", which would be stored; nothing was" if dry_run else ""
    out.print(f"{stored.name}, version {stored.version}{said}", markup=False)


@metrics.command()
def remove(name: Name) -> None:
    """Remove all stored versions of a metric."""
    with _service() as service:
        service.remove(name)
    out.print(f"{name} removed", markup=False)


@metrics.command()
def facts(
    name: Annotated[str | None, typer.Argument(help="Table of facts. Default: a short list of all tables.")] = None,
) -> None:
    """Show the facts that definitions count, and their columns."""
    from app.metrics.facts.registry import FACTS
    from app.wording.suggestions import did_you_mean, suggestions

    if name is None:
        table = Table("facts", "what they are", box=None)
        for one in FACTS.values():
            table.add_row(one.name, one.summary)
    elif name not in FACTS:
        meant = did_you_mean(suggestions(name, FACTS)[:1])
        raise InvalidParameters(f"{name!r} is not a table of facts{meant}; there are {', '.join(FACTS)}.")
    else:
        table = Table("column", "type", "what it is", box=None)
        for column, of in FACTS[name].columns.items():
            table.add_row(column, of.type, of.about)
    out.print(table)


def _line_by_line(error: InvalidParameters, file: Path) -> InvalidParameters:
    """The same with a line for each thing that is wrong: a file may have many."""
    wrong = [WrongValue(**one, is_shown=one["received"] is not None) for one in error.details.get("errors", ())]
    if not wrong:
        return error
    return InvalidParameters("\n".join([f"{file} is not a definition of a metric:", *(one.sentence for one in wrong)]))


@contextmanager
def _service() -> "Iterator[MetricService]":
    from app.metrics.service import MetricService

    settings = opening.settings()
    with opening.resources(settings) as (_, resources):
        yield MetricService(resources.engine, settings)
