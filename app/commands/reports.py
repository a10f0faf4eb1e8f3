"""Commands about reports: one for each report kind, reports, status, cancel."""

import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer
from pydantic.fields import FieldInfo
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.opening import Server
from app.console import out, report_progress
from app.errors import InvalidParameters
from app.reports.kind import SUMMARY, Outline, ReportKind

#: Endings of files that have rows.
_TABLES: Final = (".csv", ".parquet")


def reports(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="Only this report kind. Default: all.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only queued, running, complete, failed or cancelled. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")] = 20,
) -> None:
    """List reports, newest first."""
    with opening.client(server, slots=0) as client:
        page = client.reports(kind=kind, status=status, limit=limit)
    table = Table("report", "kind", "status", "as of", "created", "seconds", box=None)
    for row in page["reports"]:
        table.add_row(
            row["report_id"], row["report"], row["status"], row["as_of"] or "", row["created_at"], _seconds(row)
        )
    out.print(table)


def status(report_id: Annotated[str, typer.Argument(help="As printed by report.")], server: Server = None) -> None:
    """Say how a report stands and, when it is complete, where its files are."""
    with opening.client(server, slots=0) as client:
        answer = client.poll(report_id)
    match answer["status"]:
        case "Running":
            out.print(f"Running: {answer['stage']}, {answer['progress']:.0%}")
        case "Complete":
            out.print(f"Complete, as of {answer['as_of']}")
            for file in answer["files"]:
                out.print(f"{file['name']}: {file['rows']:,} rows, {file['bytes']:,} bytes\n  {escape(file['url'])}")
        case "Failed":
            out.print(f"Failed: {answer['error']['code']}: {escape(answer['error']['message'])}")
        case ended:
            out.print(ended)


def cancel(report_id: Annotated[str, typer.Argument(help="As printed by report.")], server: Server = None) -> None:
    """Cancel a report that is queued or running; remove one that has ended, with its files."""
    with opening.client(server, slots=0) as client:
        out.print(client.delete(report_id)["status"])


def report_command(kind: ReportKind) -> Callable[..., None]:
    """A command whose options are the parameters of a report kind."""
    defaults = {name: field.default for name, field in kind.params.model_fields.items()}

    def command(*, out_file: Path | None, server: str | None, **options: Any) -> None:
        from app.client import File  # noqa: PLC0415 - the HTTP client takes a while to import

        params = {name: value for name, value in options.items() if value not in (None, [], defaults[name])}
        target = out_file or Path(f"{kind.name}.csv")
        if not target.parent.is_dir():
            raise InvalidParameters(f"--out: there is no folder {target.parent}")
        if target.is_dir():
            raise InvalidParameters(f"--out: {target} is a folder, not the name of a file")
        with opening.client(server, slots=1) as client:
            report_id = client.trigger(kind.name, params)
            answer: Any = None
            with report_progress(f"{kind.name} {report_id}") as progress:
                for answer in client.follow(report_id):
                    progress(answer.get("stage", "complete"), answer.get("progress", 1.0))
            outlines: list[Outline] = []
            for number, raw in enumerate(answer["files"]):
                file = File(**raw)
                path = target if number == 0 else target.with_name(file.name)
                client.download(file, path)
                size = f"{file.rows:,} rows" if path.suffix in _TABLES else f"{file.bytes:,} bytes"
                out.print(f"{path}: {size} as of {answer['as_of']}", markup=False)
                if file.name == SUMMARY and kind.findings is not None and kind.outline is not None:
                    outlines.append(kind.outline(kind.findings.model_validate_json(path.read_bytes())))
        for outline in outlines:
            _show(outline)

    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default if field.annotation is bool else [] if _is_list(field) else None,
            annotation=_option(field),
        )
        for name, field in kind.params.model_fields.items()
    ]
    own = {
        "out_file": Annotated[
            Path | None,
            typer.Option("--out", help=f"File to write; further files go beside it. Default: {kind.name}.csv."),
        ],
        "server": Server,
    }
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in own.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = f"{kind.summary[0].upper()}{kind.summary[1:]}."
    return command


def _show(outline: Outline) -> None:
    table = Table(*outline.columns, box=None, caption=outline.caption, caption_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in outline.rows:
        table.add_row(*map(escape, row))
    out.print()
    out.print(table)


def _option(field: FieldInfo) -> Any:
    """The option of a parameter: its type for the command line, its description and its default as help."""
    description = field.description or ""
    if field.default is not None and field.annotation is not bool:
        description += f" Default: {field.default}."
    if _is_list(field):
        return Annotated[list[str], typer.Option(help=description + " Repeat the option for several.")]
    if field.annotation is bool:
        return Annotated[bool, typer.Option(help=description)]
    kinds = {int: int, float: float}
    kind: Any = next((kinds[one] for one in (field.annotation, *get_args(field.annotation)) if one in kinds), str)
    return Annotated[kind | None, typer.Option(help=description, show_default=False)]


def _is_list(field: FieldInfo) -> bool:
    return any(str(one).startswith("list[") for one in (field.annotation, *get_args(field.annotation)))


def _seconds(row: dict[str, Any]) -> str:
    if not (row["started_at"] and row["finished_at"]):
        return ""
    took = datetime.fromisoformat(row["finished_at"]) - datetime.fromisoformat(row["started_at"])
    return f"{took.total_seconds():.2f}"
