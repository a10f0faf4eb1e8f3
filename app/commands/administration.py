"""What the commands about users and keys share: they work on the database itself, and print a secret once, alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar

import typer
from pydantic import TypeAdapter

from app.access.modes import Mode, mode_of
from app.commands import opening
from app.commands.terminal import err, out
from app.paging import Page
from app.settings import Settings

if TYPE_CHECKING:
    from app.access.codes import CodeService
    from app.access.keys import KeyService
    from app.access.users import UserService

#: Items that are asked for at a time; lists are printed whole.
_PAGE_ITEMS: Final = 200

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON. Default: text.")]


@dataclass(frozen=True, slots=True)
class Administration:
    """The services behind the commands."""

    settings: Settings
    users: "UserService"
    keys: "KeyService"
    codes: "CodeService"


class Listing(Protocol[T]):
    """How services list."""

    def __call__(self, *, limit: int, cursor: str | None) -> Page[T]: ...


@contextmanager
def administration() -> Iterator[Administration]:
    """The services, for whoever may read the settings of the servers: the audit names their account."""
    from app.access.codes import CodeService  # noqa: PLC0415 - SQLAlchemy takes a while to import
    from app.access.keys import KeyService  # noqa: PLC0415
    from app.access.users import UserService  # noqa: PLC0415

    settings = opening.settings()
    with opening.resources(settings) as (_, resources):
        engine = resources.engine
        yield Administration(
            settings, UserService(engine), KeyService(engine, may_last=settings.keys_may_last), CodeService(engine)
        )


def every(page: Listing[T]) -> list[T]:
    """All items of a list."""
    found: list[T] = []
    cursor = None
    while True:
        one = page(limit=_PAGE_ITEMS, cursor=cursor)
        found += one.items
        cursor = one.next_cursor
        if cursor is None:
            return found


def tell_secret(secret: str, told: str, record: Any, *, as_json: bool) -> None:
    """Print a secret, alone on stdout, so that ``$(…)`` takes it; what it is for is told on stderr."""
    if as_json:
        tell_json({"secret": secret, **plain(record)})
        return
    err.print(told, markup=False)
    out.print(secret, markup=False)


def tell_json(value: Any) -> None:
    """Print a record or a list of them."""
    out.print_json(data=plain(value))


def plain(value: Any) -> Any:
    """The same with nothing but what JSON has."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def shown_at(instant: datetime | None) -> str:
    """An instant to the minute; nothing for none."""
    return "" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def tell_mode(settings: Settings) -> None:
    """Say so where users and keys change nothing yet."""
    if mode_of(settings, host=settings.host) is Mode.LOCAL:
        err.print("note: a service that listens on loopback does not authenticate users; OPENHOURS_AUTH=on turns it on")


def page_of(settings: Settings, path: str) -> str:
    """The address of a page, as far as the settings tell."""
    return f"{settings.public_url.rstrip('/')}{path}" if settings.public_url else f"{path} of the service"
