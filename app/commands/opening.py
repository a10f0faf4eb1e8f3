"""What commands open and close: settings, servers, a client of the API."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from app.access.principal import SYSTEM, acting_as, at_the_command_line
from app.commands.terminal import err
from app.errors import InvalidParameters

if TYPE_CHECKING:
    from app.settings import Settings
    from app.storage.resources import Addresses, Resources

# ruff: noqa: PLC0415 - a command that asks a running server needs neither settings nor clients of servers

Server = Annotated[
    str | None,
    typer.Option(
        help="Address of a running server, such as http://127.0.0.1:8000. Default: start one for this command."
    ),
]

#: Where earlier versions kept the data if no home was set: below the folder in which the command was typed.
EARLIER_HOME: Final = Path(".openhours")


def settings(*, server: bool = False) -> "Settings":
    """Read the settings and configure the log; commands other than servers log only warnings by default."""
    from app.commands.settings import read_settings
    from app.telemetry.logs import configure
    from app.telemetry.replica_name import replica_name

    settings = read_settings()
    if not server and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "warning"})
    configure(settings, replica=replica_name())
    if "home" not in settings.model_fields_set and (EARLIER_HOME / "credentials.json").is_file():
        err.print(
            f"note: ./{EARLIER_HOME} has data of an earlier version, which this command does not use; data is in "
            f"{settings.home} now. To use the earlier data, set OPENHOURS_HOME={EARLIER_HOME}",
            markup=False,
        )
    return settings


@contextmanager
def resources(settings: "Settings", *, server: bool = False) -> Iterator[tuple["Addresses", "Resources"]]:
    """The servers in use. Embedded ones are migrated; others must be already, unless the command waits for that.

    What the command changes is recorded as done by whoever typed it; a server acts for those who ask it.
    """
    from app.storage.migrate import require_migrated
    from app.storage.postgres import database_errors
    from app.storage.resources import addresses, open_resources

    who = SYSTEM if server else at_the_command_line()
    with (
        acting_as(who),
        addresses(settings) as where,
        open_resources(settings, where, server=server) as resources,
    ):
        with database_errors():
            if "postgres" in where.embedded:
                _migrate(where.database_url)
            elif not server:
                with resources.engine.connect() as connection:
                    require_migrated(connection)
        yield where, resources


def _migrate(url: str) -> None:
    """On a connection of its own, which may take longer than what a server asks."""
    from app.storage.migrate import migrate
    from app.storage.postgres import build_engine

    engine = build_engine(url, pool_size=1)
    try:
        migrate(engine)
    finally:
        engine.dispose()


@contextmanager
def client(server: str | None, *, slots: int) -> Iterator[Any]:
    """A client of the given server, or of one that runs in this process meanwhile."""
    from openhours.client import Client

    key = None
    with ExitStack() as stack:
        if server is None:
            from app.access.secrets import Kind, new_secret
            from app.web.server import serving

            _, opened = stack.enter_context(resources(settings()))
            own = new_secret(Kind.KEY)  # others on this machine reach the port, too
            server = stack.enter_context(serving(opened, slots=slots, own=(own, at_the_command_line())))
            key = own.text
        elif not server.startswith(("http://", "https://")):
            raise InvalidParameters(f"--server: {server!r} is not an address; give one such as http://127.0.0.1:8000")
        client = Client(server, key=key)
        stack.callback(client.close)
        yield client
