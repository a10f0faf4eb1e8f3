"""Commands about the views of dashboards: refresh, role."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.commands import opening
from app.commands.terminal import out, report_progress
from app.errors import InvalidParameters

# ruff: noqa: PLC0415 - numpy and Arrow take a while to import

dashboards = typer.Typer(help="Views of the database for dashboards.", no_args_is_help=True)


@dashboards.command()
def refresh(
    *,
    every: Annotated[bool, typer.Option("--all", help="Recompute everything. Default: what is due.")] = False,
) -> None:
    """Refresh the views now; jobs do it after loads while a role may read them."""
    from app.dashboards.foreground import refresh_here

    with (
        opening.resources(opening.settings()) as (_, resources),
        report_progress("refreshing") as told,
    ):
        done = refresh_here(resources, every=every, now=datetime.now(UTC), told=told)
    for name, rows in done.rows.items():
        out.print(f"{name}: {rows:,} rows changed", markup=False)
    if not done.rows:
        out.print("nothing has changed since the views were refreshed last")


@dashboards.command()
def role(
    name: Annotated[str, typer.Argument(help="Name of a role of Postgres.")],
    *,
    password_env: Annotated[
        str | None, typer.Option(help="Variable of this terminal with the password that the role gets.")
    ] = None,
    existing: Annotated[
        bool, typer.Option("--existing", help="Use a role that exists on the server. Default: create it.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Revoke its rights; remove it if it was created here. Default: grant them.")
    ] = False,
) -> None:
    """Create a role that reads the views and nothing else, or give it another password."""
    from app.dashboards.role import add_role, remove_reader

    if (password_env is not None) + existing + remove != 1:
        raise InvalidParameters("Give one of --password-env, --existing and --remove.")
    password = None if password_env is None else _password(password_env)
    with opening.resources(opening.settings()) as (_, resources):
        if remove:
            remove_reader(resources.engine, name)
            out.print(f"{name} no longer reads the views", markup=False)
        else:
            add_role(resources.engine, name, password=password)
            out.print(f"{name} reads the views; jobs refresh them after loads", markup=False)


def _password(variable: str) -> str:
    password = os.environ.get(variable, "")
    if not password:
        raise InvalidParameters(
            f"--password-env: the variable {variable} is not set, or empty; give the name of one that has the password"
        )
    return password
