"""The command line; ``python -m app --help`` lists the commands.

Exit codes: 0 success, 1 failure, 2 invalid input, 130 Ctrl-C, 143 SIGTERM.
"""

import signal
import sys

import typer
from pydantic import ValidationError
from rich.markup import escape

from app.commands import data, reports, servers
from app.commands.report import report_command
from app.commands.terminal import err
from app.errors import BadInput, NotFound, OpenhoursError, reason
from app.reports.registry import REPORT_KINDS
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

app = typer.Typer(
    name="python -m app",
    help="Openhours: uptime and pull-request reports that count only working hours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
report = typer.Typer(help="Trigger a report, show its progress and download its files.", no_args_is_help=True)
app.add_typer(report, name="report")

for _command in (
    *(servers.demo, servers.serve, servers.worker, servers.migrate),
    *(data.load, data.upload, data.datasets, data.demo_data, data.entities),
    *(reports.reports, reports.status, reports.cancel),
    servers.env,
):
    app.command()(_command)

for _kind in REPORT_KINDS.values():
    report.command(_kind.name)(report_command(_kind))


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    # Close what the command has opened, as after Ctrl-C; above all, leave no embedded servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except (OpenhoursError, ClientError) as error:
        err.print(f"[bold red]{error.code}[/]: {escape(redacted(error.message))}")
        sys.exit(2 if isinstance(error, BadInput | NotFound) or 400 <= error.status < 500 else 1)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            err.print(f"[bold red]bad_setting[/]: OPENHOURS_{name}: {escape(reason(problem['msg']))}")
        sys.exit(2)
    except OSError as error:
        err.print(f"[bold red]input_output_error[/]: {escape(redacted(str(error)))}")
        sys.exit(1)
