"""Commands about keys: add, list, replace, revoke."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from app.access.scopes import Role, Scope
from app.access.secrets import PREFIXES, Kind
from app.commands.administration import (
    Administration,
    AsJson,
    administration,
    every,
    shown_at,
    tell_json,
    tell_mode,
    tell_secret,
)
from app.commands.terminal import out
from app.errors import InvalidParameters, NameTaken, UnknownUser

if TYPE_CHECKING:
    from app.access.key_records import Key
    from app.access.user_records import User

keys = typer.Typer(help="Keys for programs, in the configured database.", no_args_is_help=True)

#: What follows the prefix of a key in lists.
_ID_LENGTH: Final = 8


class Days(StrEnum):
    """How long a key may last."""

    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"
    NEVER = "never"


class Overlap(StrEnum):
    """How long a replaced key works on, hours."""

    NONE = "0"
    DAY = "24"
    WEEK = "168"


KeyId = Annotated[str, typer.Argument(help="The first eight characters after oh_, as keys list prints them.")]


@keys.command()
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    role: Annotated[
        Role | None,
        typer.Option(help="Make it for a service account of the same name, which is added with this role if missing."),
    ] = None,
    user: Annotated[str | None, typer.Option(help="Make it for this user instead.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="Allow no more than this; repeat it for more. Default: all of the role.")
    ] = None,
    days: Annotated[
        Days, typer.Option(help="Days until it ends; never only with OPENHOURS_KEYS_MAY_LAST.")
    ] = Days.QUARTER,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it; it is shown only once."""
    if (role is None) == (user is None):
        raise InvalidParameters("Give either --role, for a service account of this name, or --user.")
    with administration() as services:
        owner = services.users.named(user) if user is not None else _service_account(services, name, role)
        lasts = None if days is Days.NEVER else int(days.value)
        if owner is None:
            assert role is not None  # noqa: S101 - for the type checker
            key, secret = services.keys.make_for_service(name, role, scopes=scope or None, days=lasts)
        else:
            role = owner.role
            key, secret = services.keys.make(owner.id, name, scopes=scope or None, days=lasts)
        told = f"key {key.name} of {key.user_name}, {role}, {_until(key)}; it is not shown again:"
        tell_secret(secret.text, told, key, as_json=as_json)
        tell_mode(services.settings)


@keys.command("list")
def list_(
    *,
    user: Annotated[str | None, typer.Option(help="Only keys of this user. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """List keys, newest first, and those that ended in the last 30 days."""
    with administration() as services:
        owner = None if user is None else services.users.named(user).id
        found = every(lambda *, limit, cursor: services.keys.list(limit=limit, owner=owner, cursor=cursor))
    if as_json:
        tell_json(found)
        return
    table = Table("key", "name", "user", "scopes", "state", "expires", "last used", "from", box=None)
    for key in found:
        scopes = "all of the role" if key.scopes is None else " ".join(key.scopes)
        last = (shown_at(key.last_used_at) or "never", key.last_address or "")
        row = (key.hint, key.name, key.user_name, scopes, _state(key), shown_at(key.expires_at) or "never", *last)
        table.add_row(*map(escape, row))
    out.print(table)


@keys.command()
def replace(
    key: KeyId,
    *,
    overlap: Annotated[Overlap, typer.Option(help="Hours for which the old key keeps working.")] = Overlap.DAY,
    as_json: AsJson = False,
) -> None:
    """Replace a key by one with the same name, scopes and lifetime, and print it; it is shown only once."""
    with administration() as services:
        new, secret = services.keys.replace(_id(key), overlap_hours=int(overlap.value))
        told = f"key {new.name} of {new.user_name}, {_until(new)}; {_id(key)} works for {overlap.value} more hours:"
        tell_secret(secret.text, told, new, as_json=as_json)


@keys.command()
def revoke(key: KeyId) -> None:
    """End a key now; every replica refuses it within a second."""
    with administration() as services:
        services.keys.revoke(_id(key))
    out.print(f"{_id(key)} is revoked", markup=False)


def _service_account(services: Administration, name: str, role: Role | None) -> "User | None":
    """The service account of a name and role; None if nobody has the name. Raises NameTaken if somebody else has it."""
    try:
        found = services.users.named(name)
    except UnknownUser:
        return None
    if found.kind != "service" or found.role is not role:
        raise NameTaken(
            f"{found.name} is there already, a {found.kind} with the role {found.role}. For a key of theirs: "
            f"openhours keys add KEY --user {found.name}",
            received=name,
        )
    return found


def _id(text: str) -> str:
    """The id in what a list shows, such as ``oh_AbCd1234…wxyz``; never more of a key that was pasted whole."""
    return text.removeprefix(PREFIXES[Kind.KEY])[:_ID_LENGTH]


def _until(key: "Key") -> str:
    return "for ever" if key.expires_at is None else f"until {shown_at(key.expires_at)}"


def _state(key: "Key") -> str:
    if key.is_alive:
        return "works"
    return "ended" if key.revoked_at is None else "revoked"
