"""The commands: ``python -m app demo|serve|worker|migrate|load|report|reports|status|cancel|env``.

Exit codes: 0 it worked, 1 it failed, 2 what was given cannot be accepted, 130 Ctrl-C, 143 SIGTERM.
"""

import inspect
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from urllib.parse import unquote, urlsplit

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from rich.markup import escape
from rich.table import Table

from app.console import err, out, report_progress, row_progress
from app.database import database_errors
from app.datasets.registry import DATASET_KINDS
from app.errors import BadInput, InvalidParameters, NotFound, OpenhoursError
from app.logs import configure, redacted
from app.replica_name import replica_name
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.resources import Addresses, Resources, addresses, open_resources
from app.settings import Settings

app = typer.Typer(
    name="python -m app",
    help="Openhours: uptime reports that count only working hours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
report = typer.Typer(help="Make a report: trigger it, show its progress, download its files.", no_args_is_help=True)
app.add_typer(report, name="report")

DatasetName = Enum("DatasetName", {name: name for name in DATASET_KINDS})  # type: ignore[misc]

Server = Annotated[
    str | None,
    typer.Option(help="Address of a running server, such as http://127.0.0.1:8000. Default: none, do it here."),
]


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    # What a command has opened is closed as after Ctrl-C; above all, embedded servers do not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except OpenhoursError as error:
        err.print(f"[bold red]{error.code}[/]: {escape(redacted(error.message))}")
        sys.exit(2 if isinstance(error, BadInput | NotFound) or 400 <= error.status < 500 else 1)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            err.print(f"[bold red]bad_setting[/]: OPENHOURS_{name}: {escape(problem['msg'])}")
        sys.exit(2)
    except OSError as error:
        err.print(f"[bold red]input_output_error[/]: {escape(redacted(str(error)))}")
        sys.exit(1)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the report is downloaded to.")] = Path("out"),
) -> None:
    """Run the main job from end to end on sample data: load, trigger, poll, download."""
    from app.demo import run  # noqa: PLC0415 - the web server takes a while to import

    err.print("starting the servers …")
    with _resources(_settings()) as (_, resources):
        run(resources, folder)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OPENHOURS_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port, 0 for a free one. Default: OPENHOURS_PORT, 8000.")
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(min=0, help="Reports computed at a time, 0 for none. Default: OPENHOURS_SLOTS, one per core."),
    ] = None,
) -> None:
    """Serve the API and compute reports until Ctrl-C; with --slots 0 the API alone."""
    settings = _settings(server=True)
    port = settings.port if port is None else port
    _serve(settings, host=host, port=port, slots=settings.slots if slots is None else slots, api=True)


@app.command()
def worker(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OPENHOURS_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of probes and metrics, 0 for a free one. Default: OPENHOURS_HEALTH_PORT, 8001."
        ),
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, help="Reports computed at a time. Default: OPENHOURS_SLOTS, one per core.")
    ] = None,
) -> None:
    """Compute reports until Ctrl-C, without the API."""
    settings = _settings(server=True)
    port = settings.health_port if port is None else port
    _serve(settings, host=host, port=port, slots=max(settings.slots, 1) if slots is None else slots, api=False)


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    from app.migrate import migrate as apply  # noqa: PLC0415 - alembic takes a while to import
    from app.migrate import newest_revision  # noqa: PLC0415

    settings = _settings()
    with addresses(settings) as where, open_resources(settings, where) as resources:
        with database_errors():
            apply(resources.engine)
        out.print(f"the database is at revision {newest_revision()}")


@app.command()
def load(
    kind: Annotated[DatasetName, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV with a header, plain or gzip.")],
) -> None:
    """Load a CSV file into Postgres: all of it, or nothing and a list of what is wrong."""
    from app.datasets.load import load as load_file  # noqa: PLC0415 - Arrow takes a while to import

    with _resources(_settings()) as (_, resources), row_progress(f"loading {file.name}") as progress:
        loaded = load_file(resources.engine, DATASET_KINDS[kind.value], file, progress=progress)
    out.print(f"{loaded.rows:,} rows of {file} loaded as {kind.value}", markup=False)


@app.command()
def reports(
    server: Server = None,
    kind: Annotated[str | None, typer.Option(help="Only this report kind. Default: all.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only queued, running, complete, failed or cancelled. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")] = 20,
) -> None:
    """List reports, newest first."""
    with _client(server, slots=0) as client:
        page = client.reports(kind=kind, status=status, limit=limit)
    table = Table("report", "kind", "status", "as of", "created", "seconds", box=None)
    for row in page["reports"]:
        table.add_row(
            row["report_id"], row["report"], row["status"], row["as_of"] or "", row["created_at"], _seconds(row)
        )
    out.print(table)


@app.command()
def status(report_id: Annotated[str, typer.Argument(help="As printed by report.")], server: Server = None) -> None:
    """Say how a report stands and, when it is complete, where its files are."""
    with _client(server, slots=0) as client:
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


@app.command()
def cancel(report_id: Annotated[str, typer.Argument(help="As printed by report.")], server: Server = None) -> None:
    """Cancel a report that is queued or running; remove one that has ended, with its files."""
    with _client(server, slots=0) as client:
        out.print(client.delete(report_id)["status"])


@app.command()
def env() -> None:
    """Print the connection settings in use as export lines, for psql, redis-cli and the AWS CLI."""
    settings = _settings()
    with addresses(settings) as where:
        for name, value in _exports(settings, where).items():
            out.print(f"export {name}={shlex.quote(value)}", markup=False)
        if where.embedded:
            err.print("# embedded servers listen only while a command such as serve is running")


def _report_command(kind: ReportKind) -> Callable[..., None]:
    """A command whose options are the parameters of a report kind."""

    def command(*, out_file: Path | None, server: str | None, **options: Any) -> None:
        from app.client import File  # noqa: PLC0415 - the HTTP client takes a while to import

        params = {
            name: value for name, value in options.items() if not (value is None or value is False or value == [])
        }
        target = out_file or Path(f"{kind.name}.csv")
        if not target.parent.is_dir():
            raise InvalidParameters(f"--out: there is no folder {target.parent}")
        if target.is_dir():
            raise InvalidParameters(f"--out: {target} is a folder, not the name of a file")
        with _client(server, slots=1) as client:
            report_id = client.trigger(kind.name, params)
            answer: Any = None
            with report_progress(f"{kind.name} {report_id}") as progress:
                for answer in client.follow(report_id):
                    progress(answer.get("stage", "complete"), answer.get("progress", 1.0))
            for number, raw in enumerate(answer["files"]):
                file = File(**raw)
                path = target if number == 0 else target.with_name(file.name)
                client.download(file, path)
                out.print(f"{path}: {file.rows:,} rows as of {answer['as_of']}", markup=False)

    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if field.annotation is bool else [] if _is_list(field) else None,
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


def _option(field: FieldInfo) -> Any:
    """The option of a parameter: its type for the command line, its description and its default as help."""
    description = field.description or ""
    if field.default not in (None, False):
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


for _kind in REPORT_KINDS.values():
    report.command(_kind.name)(_report_command(_kind))


def _serve(settings: Settings, *, host: str | None, port: int, slots: int, api: bool) -> None:
    from app.server import serve as serve_http  # noqa: PLC0415 - the web server takes a while to import

    settings = settings.model_copy(update={"slots": slots})
    with _resources(settings, server=True) as (_, resources):
        serve_http(resources, host=settings.host if host is None else host, port=port, slots=slots, api=api)


def _settings(*, server: bool = False) -> Settings:
    """The settings, and the log as they want it; what is no server logs only what goes wrong unless told otherwise."""
    settings = Settings()
    if not server and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "warning"})
    configure(settings, replica=replica_name())
    return settings


@contextmanager
def _resources(settings: Settings, *, server: bool = False) -> Iterator[tuple[Addresses, Resources]]:
    """The servers in use; embedded ones are migrated, others have to be, but for a server that waits until they are."""
    with addresses(settings) as where, open_resources(settings, where, server=server) as resources:
        from app.migrate import migrate as apply  # noqa: PLC0415 - alembic takes a while to import
        from app.migrate import require_migrated  # noqa: PLC0415

        with database_errors():
            if "postgres" in where.embedded:
                apply(resources.engine)
            elif not server:
                with resources.engine.connect() as connection:
                    require_migrated(connection)
        yield where, resources


@contextmanager
def _client(server: str | None, *, slots: int) -> Iterator[Any]:
    """A client of the given server, or of one that runs here for as long."""
    from app.client import Client  # noqa: PLC0415 - the HTTP client takes a while to import

    with ExitStack() as stack:
        if server is None:
            from app.server import serving  # noqa: PLC0415 - the web server takes a while to import

            _, resources = stack.enter_context(_resources(_settings()))
            server = stack.enter_context(serving(resources, slots=slots))
        client = Client(server)
        stack.callback(client.close)
        yield client


def _seconds(row: dict[str, Any]) -> str:
    if not (row["started_at"] and row["finished_at"]):
        return ""
    took = datetime.fromisoformat(row["finished_at"]) - datetime.fromisoformat(row["started_at"])
    return f"{took.total_seconds():.2f}"


#: Variables of psql by the part of the address that they hold.
_PSQL: Final = {"PGHOST": "hostname", "PGPORT": "port", "PGUSER": "username", "PGPASSWORD": "password"}


def _exports(settings: Settings, where: Addresses) -> dict[str, str]:
    database, redis = urlsplit(where.database_url), urlsplit(where.redis_url)
    found = {
        "OPENHOURS_DATABASE_URL": where.database_url,
        "OPENHOURS_REDIS_URL": where.redis_url,
        "OPENHOURS_S3_ENDPOINT_URL": where.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": settings.s3_bucket,
        **{name: unquote(str(getattr(database, part) or "")) for name, part in _PSQL.items()},
        "PGDATABASE": unquote(database.path.lstrip("/")),
        "REDISCLI_AUTH": unquote(redis.password or ""),
        "AWS_ENDPOINT_URL_S3": where.s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": where.s3_access_key or "",
        "AWS_SECRET_ACCESS_KEY": where.s3_secret_key or "",
        "AWS_REGION": settings.s3_region,
    }
    return {name: value for name, value in found.items() if value}
