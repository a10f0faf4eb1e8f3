"""The command line; ``openhours --help`` lists the commands.

Exit codes: 0 success, 1 failure, 2 invalid input, 130 Ctrl-C, 143 SIGTERM.
"""

import signal
import sys
from typing import Annotated

import typer
from rich.markup import escape

from app import __version__
from app.commands import data, reports, servers
from app.commands.calendar import calendar
from app.commands.explain import explain_command
from app.commands.failures import TOLD, told
from app.commands.inspect import inspect
from app.commands.mappings import mappings
from app.commands.report import report_command
from app.commands.terminal import err, out
from app.commands.usage import Commands
from app.errors import BadInput, NotFound, OpenhoursError
from app.reports.registry import REPORT_KINDS
from openhours.errors import OpenhoursError as ClientError

app = typer.Typer(
    cls=Commands,
    name="openhours",
    help="Openhours: uptime and pull-request reports that count only working hours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
report = typer.Typer(help="Trigger a report, show its progress and download its files.", no_args_is_help=True)
app.add_typer(report, name="report")
app.add_typer(mappings, name="mappings")
app.add_typer(calendar, name="calendar")

for _command in (
    *(servers.demo, servers.serve, servers.worker, servers.migrate),
    *(data.load, data.upload, inspect, data.datasets, data.demo_data, data.entities),
    *(reports.reports, reports.status, reports.download, reports.cancel),
    *(servers.env, servers.doctor),
):
    app.command()(_command)

for _kind in REPORT_KINDS.values():
    report.command(_kind.name)(report_command(_kind))
    if _kind.drilldown is not None:
        app.command("explain")(explain_command(_kind))


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        out.print(f"openhours {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    # Close what the command has opened, as after Ctrl-C; above all, leave no embedded servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app(prog_name="openhours")
    except TOLD as error:
        for code, message in told(error):
            err.print(f"[bold red]{code}[/]: {escape(message)}")
        sys.exit(2 if _is_refusal(error) else 1)


def _is_refusal(error: Exception) -> bool:
    """Whether the input is wrong, rather than something that failed."""
    refused = isinstance(error, OpenhoursError | ClientError) and 400 <= error.status < 500
    return refused or isinstance(error, BadInput | NotFound)
