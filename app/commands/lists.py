"""Commands that list what is there: datasets, entities."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.opening import Server
from app.commands.terminal import err, out


def datasets(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="List only this dataset kind. Default: all.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Only uploading, checking, loading, ready, rejected or removing datasets. Default: all."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number to list, newest first.")] = 20,
) -> None:
    """List datasets, newest first."""
    with opening.client(server, slots=0) as client:
        page = client.page("datasets", kind=kind, status=status, limit=limit)
    table = Table("dataset", "kind", "file", "status", "bytes", "rows", "rejected", "created", box=None)
    for row in page["datasets"]:
        figures = (row["bytes"], row["rows_read"], row["rows_rejected"])
        table.add_row(
            *(row["dataset_id"], row["kind"], escape(row["filename"] or ""), _status(row)),
            *("" if figure is None else f"{figure:,}" for figure in figures),
            row["created_at"],
        )
    out.print(table)
    if page["next_cursor"]:
        err.print(f"there are more than {limit:,}: use --limit, --kind or --status")


def _status(row: Mapping[str, Any]) -> str:
    return f"{row['status']}, rows stay" if row["status"] == "rejected" and row["rows_loaded"] else str(row["status"])


def entities(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="Entity kind. Default: store.")] = None,
    prefix: Annotated[str, typer.Option(help="List only keys with this prefix. Default: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Number to list, in order of their keys.")] = 50,
) -> None:
    """List entities with their time zones."""
    with opening.client(server, slots=0) as client:
        page = client.page("entities", kind=kind, prefix=prefix, limit=limit)
    table = Table("kind", "key", "timezone", box=None)
    for row in page["entities"]:
        is_default = " (default)" if row["timezone_is_default"] else ""
        table.add_row(escape(row["kind"]), escape(row["key"]), f"{row['timezone']}{is_default}")
    out.print(table)
    if page["next_cursor"]:
        err.print(f"there are more than {limit:,}: use --limit or --prefix")
