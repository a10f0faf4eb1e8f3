"""The command line; ``openhours --help`` lists the commands.

Exit codes: 0 success, 1 failure, 2 invalid input, 130 Ctrl-C, 143 SIGTERM.
"""

import signal
import sys
from typing import Annotated, Final

import typer

from app import __version__
from app.commands.later import LaterCommands

#: Of each command, by its name: module and function or group, and what the list of commands says of it.
COMMANDS: Final = {
    "demo": (
        "app.commands.servers:demo",
        "Run the main workflow on sample data: load, trigger, poll, download.",
    ),
    "serve": (
        "app.commands.servers:serve",
        "Serve the API and compute reports until Ctrl-C; with --slots 0, only the API.",
    ),
    "worker": ("app.commands.servers:worker", "Compute reports until Ctrl-C, without the API."),
    "dask-scheduler": (
        "app.commands.cluster:dask_scheduler",
        "Run the scheduler of a cluster until Ctrl-C; anybody who can connect to it can run code on it.",
    ),
    "dask-worker": (
        "app.commands.cluster:dask_worker",
        "Run pieces of large jobs for the cluster of OPENHOURS_DASK_SCHEDULER until Ctrl-C.",
    ),
    "migrate": ("app.commands.servers:migrate", "Migrate the database to this version's schema."),
    "load": (
        "app.commands.data:load",
        "Load a CSV file into Postgres, all or nothing; show the rejected rows.",
    ),
    "upload": (
        "app.commands.data:upload",
        "Upload a CSV file to be checked and loaded; with a server, the same command resumes it after Ctrl-C.",
    ),
    "inspect": ("app.commands.inspect:inspect", "Guess what a file contains, and propose a mapping."),
    "datasets": ("app.commands.lists:datasets", "List datasets, newest first."),
    "demo-data": (
        "app.commands.generate:demo_data",
        "Generate realistic polls, hours and zones of fictitious stores, pull requests of teams, or plays of songs.",
    ),
    "entities": ("app.commands.lists:entities", "List entities with their time zones."),
    "reports": ("app.commands.reports:reports", "List reports, newest first."),
    "status": (
        "app.commands.reports:status",
        "Show the status of a report and, once it is complete, links to its files.",
    ),
    "download": ("app.commands.reports:download", "Download the files of a complete report."),
    "cancel": (
        "app.commands.reports:cancel",
        "Cancel a report that is queued or running; remove one that has ended, with its files.",
    ),
    "schedules": ("app.commands.schedules:schedules", "Schedules: reports and syncs that start automatically."),
    "webhooks": ("app.commands.webhooks:webhooks", "Webhooks: receivers that are notified of events."),
    "deliveries": ("app.commands.deliveries:deliveries", "Deliveries: messages to webhooks and by mail."),
    "rules": ("app.commands.rules:rules", "Rules: what to watch, and what to do when something happens."),
    "mail": ("app.commands.mail:mail", "Mail: test it, and see who has unsubscribed."),
    "activity": ("app.commands.activity:activity", "Activity: installs and commits, and when teams work."),
    "sources": ("app.commands.sources:sources", "Sources: APIs that are read regularly, such as GitHub."),
    "seal": (
        "app.commands.seal:seal",
        "Seal the weeks of polls that are due: move them into S3; --undo brings all back.",
    ),
    "dashboards": (
        "app.commands.dashboards:dashboards",
        "Views for dashboards: refresh them, create the role that reads them.",
    ),
    "env": (
        "app.commands.servers:env",
        "Print the connection settings in use as export lines, for psql, redis-cli and the AWS CLI.",
    ),
    "doctor": (
        "app.commands.servers:doctor",
        "Check the installation: servers, migrations, clocks, rights in the bucket, links, this machine.",
    ),
    "explain": (
        "app.commands.report_kinds:explain",
        "Explain the figures of one store: when it was open, every stretch, every outage, and why.",
    ),
    "report": (
        "app.commands.report_kinds:report",
        "Trigger a report, show its progress and download its files.",
    ),
    "login": (
        "app.commands.login:login",
        "Store a key for a server, which commands with --server and the client library then send.",
    ),
    "logout": ("app.commands.login:logout", "Delete the stored key of a server; revoke it if login created it."),
    "users": ("app.commands.users:users", "Users and service accounts, in the configured database."),
    "keys": ("app.commands.keys:keys", "Keys for programs, in the configured database."),
    "mappings": ("app.commands.mappings:mappings", "Named mappings: how raw files become rows."),
    "metrics": ("app.commands.metrics_definitions:metrics", "Metrics: what reports count, defined in JSON."),
    "calendar": (
        "app.commands.calendar:calendar",
        "Calendars: those that are loaded, and holidays as files to load.",
    ),
}


class TopCommands(LaterCommands):
    """All commands. Neither their list nor a wrong name imports the module of one."""

    PLACES = COMMANDS


app = typer.Typer(
    cls=TopCommands,
    name="openhours",
    help="Openhours: uptime and pull-request reports that count only working hours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(f"openhours {__version__}")
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
    except Exception as error:  # noqa: BLE001 - a defect is raised again
        from app.commands.failures import tell  # noqa: PLC0415 - most commands need no words for an error

        sys.exit(tell(error))
