"""The commands login and logout, with a service that asks who is there."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access.keys import KeyService
from app.access.scopes import Role
from app.access.users import UserService
from app.commands import login
from app.storage.resources import Resources
from app.web.server import serving
from openhours import keys
from tests.cli.conftest import with_users
from tests.commands import CommandLine

PASSWORD = "a lion sleeps at noon"


@pytest.fixture
def address(resources: Resources) -> Iterator[str]:
    with serving(with_users(resources), slots=0) as address:
        yield address


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> "Terminal":
    """Somebody who types into a terminal; what is typed where a secret is asked for is not echoed."""
    typed = Terminal()
    typed.secret = PASSWORD
    monkeypatch.setattr("sys.stdin", typed)
    monkeypatch.setattr(login.getpass, "getpass", lambda _: typed.secret)
    return typed


class Terminal(io.StringIO):
    secret = ""

    def isatty(self) -> bool:
        return True

    def types(self, line: str, *, secret: str) -> None:
        self.truncate(0)
        self.seek(0)
        self.write(f"{line}\n")
        self.seek(0)
        self.secret = secret


def test_a_person_logs_in_and_every_command_then_sends_their_key(
    access_cli: CommandLine, resources: Resources, address: str, terminal: Terminal, tmp_path: Path
) -> None:
    UserService(resources.engine).add("Ada", role=Role.OPERATOR, password=PASSWORD)
    assert access_cli("reports", "--server", address).err.splitlines()[-1] == (
        f"To store a key: openhours login {address} (or set OPENHOURS_API_KEY)."
    )
    terminal.types("ada", secret=PASSWORD)
    said = access_cli("login", address)
    file = tmp_path / "config" / "openhours" / "keys.json"
    assert (said.code, said.out) == (0, f"logged in to {address} as Ada, operator; the key is in {file}\n")
    key = json.loads(file.read_text())[address]
    assert PASSWORD not in said.out + said.err
    assert key not in said.out + said.err
    assert access_cli("reports", "--server", address).code == 0
    (made,) = KeyService(resources.engine).list(limit=10).items
    assert (made.id, made.user_name, made.name) == (keys.key_id(key), "Ada", login._KEY_NAME)
    said = access_cli("logout", address)
    assert (said.code, said.out) == (0, f"logged out of {address}; the key is revoked\n")
    assert not KeyService(resources.engine).get(made.id).is_alive
    assert access_cli("reports", "--server", address).code == 2
    assert access_cli("logout", address).err == f"invalid_parameters: No key is stored for {address}.\n"


def test_a_wrong_password_stores_nothing_and_is_not_repeated(
    access_cli: CommandLine, resources: Resources, address: str, terminal: Terminal, tmp_path: Path
) -> None:
    UserService(resources.engine).add("Ada", role=Role.OPERATOR, password=PASSWORD)
    terminal.types("ada", secret="a lion sleeps at ten")
    said = access_cli("login", address)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("name (empty: paste a key): login_failed: ")
    assert "lion" not in said.err
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize("how", ["stdin", "pasted"])
def test_a_key_that_is_there_may_be_given_and_stays_when_one_logs_out(
    access_cli: CommandLine,
    resources: Resources,
    address: str,
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    key = access_cli("keys", "add", "nightly", "--role", "viewer").out.strip()
    if how == "pasted":
        terminal.types("", secret=f" {key}\n")
        said = access_cli("login", address)
    else:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\n"))
        said = access_cli("login", address, "--with-token")
    assert said.out.startswith(f"logged in to {address} as nightly, viewer; the key is in ")
    assert access_cli("logout", address).out == f"logged out of {address}\n"
    assert [one.is_alive for one in KeyService(resources.engine).list(limit=10).items] == [True]


def test_a_key_that_nobody_has_is_not_stored(
    access_cli: CommandLine, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for wrong in ("oh_" + "k" * 49, "two words", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{wrong}\n"))
        said = access_cli("login", address, "--with-token")
        assert (said.code, said.out) == (2, "")
        assert "k" * 49 not in said.err
        assert "two words" not in said.err
    assert not (tmp_path / "config").exists()


def test_without_a_terminal_nobody_is_asked(
    access_cli: CommandLine, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"ada\n{PASSWORD}\n"))
    said = access_cli("login", address)
    assert (said.code, "--with-token" in said.err) == (2, True)


def test_a_server_that_asks_nobody_needs_no_key(access_cli: CommandLine, resources: Resources, tmp_path: Path) -> None:
    with serving(resources, slots=0) as address:
        assert access_cli("login", address).out == f"{address} does not authenticate users; no key is needed\n"
    assert not (tmp_path / "config").exists()
