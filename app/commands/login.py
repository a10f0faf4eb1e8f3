"""Commands that store and forget the key of a server: login, logout. No secret is ever an argument."""

import getpass
import platform
import sys
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from app.access.modes import is_loopback
from app.commands.terminal import err, out
from app.errors import InvalidParameters
from openhours.errors import OpenhoursError as ClientError

#: What keys that this command makes are called; ``logout`` revokes these alone, others may be in use elsewhere.
_KEY_NAME: Final = f"openhours login on {platform.node() or 'a machine'}"[:100]

#: The refusal of a right password where a code is needed as well.
_CODE_MISSING: Final = "second_factor_required"

#: Days that such a key lasts.
_LIFETIME_DAYS: Final = 90

Address = Annotated[str, typer.Argument(metavar="URL", help="Address of a server, such as https://openhours.example.")]


def login(
    url: Address,
    *,
    with_token: Annotated[
        bool,
        typer.Option("--with-token", help="Read a key from standard input. Default: ask for a name and a password."),
    ] = False,
) -> None:
    """Store a key for a server, which commands with --server and the client library then send."""
    from openhours import keys  # noqa: PLC0415 - the HTTP client takes a while to import
    from openhours.client import Client  # noqa: PLC0415

    with Client(url, key="") as client:
        if not _asks_who(client):
            out.print(f"{url} does not authenticate users; no key is needed", markup=False)
            return
    _warn_of_plain_http(url)
    key = keys.checked(sys.stdin.readline(), "Standard input") if with_token else _made(url)
    with Client(url, key=key) as client:
        who = client.me()
    file = keys.store(url, key)
    out.print(f"logged in to {url} as {who['name']}, {who['role']}; the key is in {file}", markup=False)


def logout(url: Address) -> None:
    """Delete the stored key of a server; revoke it if login created it."""
    from openhours import keys  # noqa: PLC0415 - as above
    from openhours.client import Client  # noqa: PLC0415

    key = keys.forget(url)
    if key is None:
        raise InvalidParameters(f"No key is stored for {url}.")
    try:
        with Client(url, key=key) as client:
            end = client.revoke_own(named=_KEY_NAME)
    except ClientError as error:
        err.print(f"note: the key is forgotten here, but was not revoked there: {error.message}", markup=False)
        end = False
    out.print(f"logged out of {url}{'; the key is revoked' if end else ''}", markup=False)


def _asks_who(client: Any) -> bool:
    """Whether a server wants credentials. Raises ServerUnreachable."""
    from openhours.errors import NotAuthenticated  # noqa: PLC0415

    try:
        client.me()
    except NotAuthenticated:
        return True
    return False


def _made(url: str) -> str:
    """A key that is made for a person at the terminal, or that they paste."""
    from openhours.login import Login  # noqa: PLC0415 - as above

    if not sys.stdin.isatty():
        raise InvalidParameters(
            "There is no terminal to ask for a name. Give a key on standard input: openhours login URL --with-token"
        )
    name = err.input("name (empty: paste a key): ", markup=False).strip()
    if not name:
        from openhours import keys  # noqa: PLC0415

        return keys.checked(getpass.getpass("key: "), "What was pasted")
    session, password = Login(url), getpass.getpass("password: ")
    make = partial(session.make_key, name, password, key_name=_KEY_NAME, days=_LIFETIME_DAYS)
    try:
        return str(make()["key"])
    except ClientError as error:
        if error.code != _CODE_MISSING:
            raise
        return str(make(code=getpass.getpass("code of your second factor: "))["key"])
    finally:
        session.close()


def _warn_of_plain_http(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        err.print(f"note: {url} is not encrypted: others on the network can read the key", markup=False)
