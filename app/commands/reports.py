"""Commands about triggered reports: reports, status, download, cancel."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.downloads import TABLES, downloaded, target_of
from app.commands.opening import Server
from app.commands.terminal import out
from app.errors import ReportNotComplete


def reports(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="List only this report kind. Default: all.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only queued, running, complete, failed or cancelled reports. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number to list, newest first.")] = 20,
) -> None:
    """List reports, newest first."""
    with opening.client(server, slots=0) as client:
        page = client.page("reports", kind=kind, status=status, limit=limit)
    table = Table("report", "kind", "status", "as of", "created", "seconds", box=None)
    for row in page["reports"]:
        table.add_row(
            row["report_id"], row["report"], row["status"], row["as_of"] or "", row["created_at"], _seconds(row)
        )
    out.print(table)


def status(
    report_id: Annotated[str, typer.Argument(help="Report id, as printed by report.")], server: Server = None
) -> None:
    """Show the status of a report and, once it is complete, links to its files."""
    with opening.client(server, slots=0) as client:
        answer = client.poll(report_id)
    # Its endpoint stops with this command, so that links to it would be dead when they are read.
    is_passing = server is None and opening.settings().s3_endpoint_url is None
    match answer["status"]:
        case "Running":
            out.print(f"Running: {answer['stage']}, {answer['progress']:.0%}")
        case "Complete":
            out.print(f"Complete, as of {answer['as_of']}")
            for file in answer["files"]:
                rows = f"{file['rows']:,} rows, " if file["name"].endswith(TABLES) else ""
                out.print(f"{file['name']}: {rows}{file['bytes']:,} bytes")
                if not is_passing:
                    out.print(f"  {escape(file['url'])}")
            if is_passing:
                out.print(f"openhours download {report_id} fetches them")
        case "Failed":
            out.print(f"Failed: {answer['error']['code']}: {escape(answer['error']['message'])}")
        case ended:
            out.print(ended)


def download(
    report_id: Annotated[str, typer.Argument(help="Report id, as printed by report and reports.")],
    out_file: Annotated[
        str | None,
        typer.Option(
            "--out",
            help="File to write, or a folder; a folder whose name ends with / is created. Further files go beside it, "
            "each with the beginning of its name; in a folder files have their own. Default: the name of its main "
            "file.",
        ),
    ] = None,
    server: Server = None,
) -> None:
    """Download the files of a complete report."""
    with opening.client(server, slots=0) as client:
        answer = client.poll(report_id)
        if answer["status"] != "Complete":
            raise ReportNotComplete(f"Report {report_id} has no files: its status is {answer['status']}.")
        with target_of(out_file, answer["files"][0]["name"]) as target:
            for _ in downloaded(client, answer, target):
                pass


def cancel(
    report_id: Annotated[str, typer.Argument(help="Report id, as printed by report.")], server: Server = None
) -> None:
    """Cancel a report that is queued or running; remove one that has ended, with its files."""
    with opening.client(server, slots=0) as client:
        out.print(client.delete(report_id)["status"])


def _seconds(row: dict[str, Any]) -> str:
    if not (row["started_at"] and row["finished_at"]):
        return ""
    took = datetime.fromisoformat(row["finished_at"]) - datetime.fromisoformat(row["started_at"])
    return f"{took.total_seconds():.2f}"
