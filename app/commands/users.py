"""Commands about users: add, list, disable, enable, role, reset, setup-code."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.access.scopes import Role
from app.commands.administration import (
    Administration,
    AsJson,
    administration,
    every,
    page_of,
    shown_at,
    tell_json,
    tell_mode,
    tell_secret,
)
from app.commands.terminal import err, out
from app.errors import InvalidParameters

if TYPE_CHECKING:
    from app.access.user_records import User

users = typer.Typer(help="Users and service accounts, in the configured database.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the user, in upper or lower case.")]


@users.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    service: Annotated[
        bool, typer.Option("--service", help="A service account, which has keys and no password. Default: a person.")
    ] = False,
    email: Annotated[str | None, typer.Option(help="E-mail address, shown in lists. Default: none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a user; print the one-time link by which a person chooses a password, or its code."""
    with administration() as services:
        user = services.users.add(name, role=role, kind="service" if service else "person", email=email)
        if not service:
            _tell_code(services, user, as_json=as_json)
        elif as_json:
            tell_json(user)
        else:
            out.print(f"{user.name} is a service account with the role {user.role}", markup=False)
        tell_mode(services.settings)


@users.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List users, newest first."""
    with administration() as services:
        found = every(services.users.list)
    if as_json:
        tell_json(found)
        return
    table = Table("name", "kind", "role", "state", "e-mail", "created", "by", box=None)
    for user in found:
        row = (user.name, user.kind, user.role, _state(user), user.email, shown_at(user.created_at), user.created_by)
        table.add_row(*(escape(cell or "") for cell in row))
    out.print(table)


@users.command()
def disable(name: Name) -> None:
    """Disable a user and their keys; it takes effect on every replica within a second."""
    with administration() as services:
        user = services.users.disable(services.users.named(name).id)
    out.print(f"{user.name} is disabled", markup=False)


@users.command()
def enable(name: Name) -> None:
    """Accept a disabled user and their keys again."""
    with administration() as services:
        user = services.users.enable(services.users.named(name).id)
    out.print(f"{user.name} is enabled", markup=False)


@users.command("role")
def role_(name: Name, role: Annotated[Role, typer.Argument(help="The new role.")]) -> None:
    """Give a user another role, which also limits their keys."""
    with administration() as services:
        user = services.users.set_role(services.users.named(name).id, role)
    out.print(f"{user.name} has the role {user.role}", markup=False)


@users.command()
def reset(name: Name, *, as_json: AsJson = False) -> None:
    """Print a one-time link, or its code, by which a person chooses another password."""
    with administration() as services:
        _tell_code(services, services.users.named(name), as_json=as_json)


@users.command("setup-code")
def setup_code() -> None:
    """Print a new one-time code for the first administrator, while there is no user."""
    with administration() as services:
        secret = services.codes.setup()
    if secret is None:
        raise InvalidParameters(
            "There are users already, so this code is not needed. For an administrator who forgot the password: "
            "openhours users reset NAME. If there is no administrator: openhours users add NAME --role admin"
        )
    err.print(f"open {page_of(services.settings, '/setup')} within 24 hours and enter this code:", markup=False)
    out.print(secret.text, markup=False)


def _tell_code(services: Administration, user: "User", *, as_json: bool) -> None:
    link = services.codes.link(user.id)
    hours = link.lasts.total_seconds() / 3600
    within = "an hour" if hours == 1 else f"{hours:g} hours"
    page, code = page_of(services.settings, f"/{link.purpose}"), link.secret.text
    if services.settings.public_url:  # what is behind # stays in the browser
        told, secret = f"{user.name} must choose a password within {within}, with this link:", f"{page}#{code}"
    else:
        told, secret = f"{user.name} must choose a password at {page} within {within}, with this code:", code
    tell_secret(secret, told, user, as_json=as_json)


def _state(user: "User") -> str:
    if user.disabled_at is not None:
        return "disabled"
    return "enabled" if user.kind == "service" or user.has_password or user.has_identity else "invited"
