"""Commands that run servers, and those about the servers in use: demo, serve, worker, migrate, env, doctor."""

import shlex
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import typer

from app.commands import opening
from app.commands.terminal import err, out
from app.errors import InvalidParameters
from app.settings import Settings
from app.storage.postgres import database_errors
from app.storage.resources import Addresses, Resources, addresses, open_resources


def demo(
    folder: Annotated[Path, typer.Option(help="Folder to download the report to.")] = Path("out"),
) -> None:
    """Run the main workflow on sample data: load, trigger, poll, download.

    It has its own servers and data, in demo/ below OPENHOURS_HOME.
    """
    from app.commands.demo import own, run  # noqa: PLC0415 - the web server takes a while to import

    if folder.exists() and not folder.is_dir():
        raise InvalidParameters(f"--folder: {folder} is a file, not a folder")
    err.print("starting the servers …")
    with opening.resources(own(opening.settings())) as (_, resources):
        run(resources, folder)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OPENHOURS_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one. Default: OPENHOURS_PORT, 8000."),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Reports and loads to run at the same time; 0 runs none. Default: OPENHOURS_SLOTS, one per core.",
        ),
    ] = None,
) -> None:
    """Serve the API and compute reports until Ctrl-C; with --slots 0, only the API."""
    settings = opening.settings(server=True)
    port = settings.port if port is None else port
    _serve(settings, host=host, port=port, slots=settings.slots if slots is None else slots, api=True)


def worker(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OPENHOURS_HOST, 127.0.0.1.")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port for probes and metrics; 0 picks a free one. Default: OPENHOURS_HEALTH_PORT, 8001.",
        ),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(min=1, help="Reports and loads to run at the same time. Default: OPENHOURS_SLOTS, one per core."),
    ] = None,
) -> None:
    """Compute reports until Ctrl-C, without the API."""
    settings = opening.settings(server=True)
    port = settings.health_port if port is None else port
    _serve(settings, host=host, port=port, slots=max(settings.slots, 1) if slots is None else slots, api=False)


def migrate() -> None:
    """Migrate the database to this version's schema."""
    from app.storage.migrate import migrate as apply  # noqa: PLC0415 - alembic takes a while to import
    from app.storage.migrate import newest_revision  # noqa: PLC0415

    settings = opening.settings()
    with addresses(settings) as where, open_resources(settings, where) as resources:
        with database_errors():
            apply(resources.engine)
        out.print(f"the database is at revision {newest_revision()}")
        _tell_setup_code(settings, resources)


def _tell_setup_code(settings: Settings, resources: Resources, *, host: str | None = None) -> None:
    """Print how the first administrator is made, while there is no user where users are needed."""
    from app.access.codes import CodeService  # noqa: PLC0415 - SQLAlchemy takes a while to import
    from app.access.modes import Mode, mode_of  # noqa: PLC0415
    from app.access.principal import acting_as, at_the_command_line  # noqa: PLC0415
    from app.commands.administration import page_of  # noqa: PLC0415

    if (
        mode_of(settings, host=settings.host if host is None else host) is not Mode.ON
        or settings.setup_code is not None
    ):
        return
    with acting_as(at_the_command_line()):
        secret = CodeService(resources.engine).setup()
    if secret is not None:
        page = page_of(settings, "/setup")
        out.print(f"open {page} within 24 hours and enter this code: {secret.text}", markup=False)


def env() -> None:
    """Print the connection settings in use as export lines, for psql, redis-cli and the AWS CLI."""
    settings = opening.settings()
    with addresses(settings) as where:
        for name, value in _exports(settings, where).items():
            out.print(f"export {name}={shlex.quote(value)}", markup=False)
        if where.embedded:
            err.print("# embedded servers listen only while a command such as serve is running")


def doctor() -> None:
    """Check the installation: servers, migrations, clocks, rights in the bucket, links, this machine.

    One line for each check; exit code 1 if one failed.
    """
    from app.commands.doctor import examine  # noqa: PLC0415 - alembic and the HTTP client take a while to import

    failed = 0
    for finding in examine(opening.settings()):
        failed += not finding.is_well
        out.print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.check}: {finding.text}", markup=False)
    if failed:
        err.print(f"{failed} of the checks failed")
        raise typer.Exit(1)


def _serve(settings: Settings, *, host: str | None, port: int, slots: int, api: bool) -> None:
    from app.web.server import serve as serve_http  # noqa: PLC0415 - the web server takes a while to import

    settings = settings.model_copy(update={"slots": slots})
    with opening.resources(settings, server=True) as (where, resources):
        if api and where.embedded:  # with servers of one's own, migrate has told it
            _tell_setup_code(settings, resources, host=host)
        serve_http(resources, host=settings.host if host is None else host, port=port, slots=slots, api=api)


#: Variables of psql, by the part of the address.
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
