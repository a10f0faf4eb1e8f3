"""The commands users and keys."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.access.known import Known
from app.access.scopes import Scope
from app.access.secrets import Kind, Secret, read_secret
from app.errors import InvalidToken
from app.storage.resources import Resources
from app.web.server import serving
from tests.cli.conftest import with_users
from tests.commands import CommandLine

LINK = "https://openhours.example/invite#"


def secret_of(line: str, kind: Kind) -> Secret:
    """What a command printed, alone on its line, is a credential."""
    secret = read_secret(line.removesuffix("\n"), [kind])
    assert secret is not None
    return secret


def audit_of(resources: Resources) -> list[tuple[str, str]]:
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT via, action FROM audit ORDER BY id"))]


def allowed(resources: Resources, secret: Secret) -> set[str]:
    """What the service lets a key do, just now."""
    return {scope.value for scope in Known(resources.engine).principal_of(secret, address=None).scopes}


def test_a_person_is_added_with_a_code_alone_on_stdout(access_cli: CommandLine, resources: Resources) -> None:
    said = access_cli("users", "add", "Ada", "--role", "operator", "--email", "ada@example.com")
    assert said.code == 0
    secret_of(said.out.removeprefix(LINK), Kind.ONCE)
    assert said.err == "Ada must choose a password within 72 hours, with this link:\n"
    listed = access_cli("users", "list").out.splitlines()
    assert listed[0].split() == ["name", "kind", "role", "state", "e-mail", "created", "by"]
    assert listed[1].split()[:5] == ["Ada", "person", "operator", "invited", "ada@example.com"]
    assert [action for _, action in audit_of(resources)] == ["user.add", "user.invite"]
    assert {via for via, _ in audit_of(resources)} == {"command"}


def test_users_are_disabled_enabled_and_given_another_role_whatever_the_case_of_their_name(
    access_cli: CommandLine,
) -> None:
    access_cli("users", "add", "Ada", "--role", "operator")
    assert access_cli("users", "disable", "ada").out == "Ada is disabled\n"
    assert json.loads(access_cli("users", "list", "--json").out)[0]["disabled_at"] is not None
    assert access_cli("users", "enable", "ADA").out == "Ada is enabled\n"
    assert access_cli("users", "role", "ada", "viewer").out == "Ada has the role viewer\n"
    found = json.loads(access_cli("users", "list", "--json").out)
    assert [(one["name"], one["role"], one["disabled_at"]) for one in found] == [("Ada", "viewer", None)]


def test_a_reset_gives_another_code(access_cli: CommandLine) -> None:
    first = access_cli("users", "add", "Ada", "--role", "operator").out
    said = access_cli("users", "reset", "ada", "--json")
    answer = json.loads(said.out)
    assert answer["name"] == "Ada"
    codes = [secret_of(link.removeprefix(LINK), Kind.ONCE) for link in (answer["secret"], first)]
    assert codes[0] != codes[1]
    assert said.err == ""


def test_the_code_for_the_first_administrator_is_there_until_there_is_a_user(access_cli: CommandLine) -> None:
    said = access_cli("users", "setup-code")
    secret_of(said.out, Kind.ONCE)
    assert said.err == "open https://openhours.example/setup within 24 hours and enter this code:\n"
    access_cli("users", "add", "Ada", "--role", "admin")
    refused = access_cli("users", "setup-code")
    assert (refused.code, refused.out) == (2, "")
    assert "There are users already" in refused.err


def test_a_key_for_a_program_is_one_command(access_cli: CommandLine, resources: Resources) -> None:
    said = access_cli("keys", "add", "demo", "--role", "operator")
    key = secret_of(said.out, Kind.KEY)
    assert re.fullmatch(r"key demo of demo, operator, until \S+Z; it is not shown again:\n", said.err)
    assert allowed(resources, key) >= {"reports:run", "data:write"}
    found = json.loads(access_cli("users", "list", "--json").out)
    assert [(one["name"], one["kind"], one["role"]) for one in found] == [("demo", "service", "operator")]
    again = secret_of(access_cli("keys", "add", "demo", "--role", "operator").out, Kind.KEY)
    assert again != key
    assert len(json.loads(access_cli("users", "list", "--json").out)) == 1
    listed = access_cli("keys", "list").out
    assert key.hint in listed
    assert key.text not in listed
    assert {via for via, _ in audit_of(resources)} == {"command"}


@pytest.mark.parametrize("wrong", [("--scope", "users:admin"), ("--days", "never")])
def test_a_key_that_is_refused_leaves_no_service_account(access_cli: CommandLine, wrong: tuple[str, str]) -> None:
    refused = access_cli("keys", "add", "nightly", "--role", "viewer", *wrong)
    assert (refused.code, refused.out) == (2, "")
    assert json.loads(access_cli("users", "list", "--json").out) == []


def test_a_key_has_no_more_than_it_was_given_and_ends_when_it_was_told(
    access_cli: CommandLine, resources: Resources
) -> None:
    access_cli("users", "add", "Ada", "--role", "operator")
    options = ("--scope", "reports:read", "--scope", "data:read", "--days", "30")
    said = access_cli("keys", "add", "dashboard", "--user", "ada", *options, "--json")
    answer = json.loads(said.out)
    secret = secret_of(answer["secret"], Kind.KEY)
    assert (answer["user_name"], answer["scopes"]) == ("Ada", ["data:read", "reports:read"])
    assert allowed(resources, secret) == {Scope.REPORTS_READ.value, Scope.DATA_READ.value}
    lasts = datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < lasts <= timedelta(days=30)


def test_a_key_of_a_name_that_a_person_has_is_refused(access_cli: CommandLine) -> None:
    access_cli("users", "add", "demo", "--role", "operator")
    said = access_cli("keys", "add", "demo", "--role", "operator")
    assert (said.code, said.out) == (2, "")
    assert "demo is there already, a person with the role operator" in said.err
    assert access_cli("keys", "add", "other").err.endswith(
        "Give either --role, for a service account of this name, or --user.\n"
    )
    assert json.loads(access_cli("keys", "list", "--json").out) == []


def test_a_key_is_replaced_with_an_overlap_and_revoked_by_its_id(access_cli: CommandLine, resources: Resources) -> None:
    old = secret_of(access_cli("keys", "add", "demo", "--role", "viewer").out, Kind.KEY)
    new = secret_of(access_cli("keys", "replace", old.hint, "--overlap", "24").out, Kind.KEY)
    assert allowed(resources, old) == allowed(resources, new)
    assert access_cli("keys", "revoke", old.id).out == f"{old.id} is revoked\n"
    with pytest.raises(InvalidToken):
        allowed(resources, old)
    assert allowed(resources, new)
    states = {
        one["id"]: one["is_alive"] for one in json.loads(access_cli("keys", "list", "--user", "demo", "--json").out)
    }
    assert states == {old.id: False, new.id: True}
    unknown = access_cli("keys", "revoke", "abcdefgh")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.startswith("unknown_key: There is no key 'abcdefgh'")


def test_what_does_not_exist_is_refused_with_its_name(access_cli: CommandLine) -> None:
    for arguments in (("disable", "nobody"), ("enable", "nobody"), ("role", "nobody", "viewer"), ("reset", "nobody")):
        said = access_cli("users", *arguments)
        assert (said.code, said.out, said.err) == (2, "", "unknown_user: There is no user 'nobody'.\n")
    assert "unknown_user" in access_cli("keys", "list", "--user", "nobody").err


def test_nobody_takes_the_rights_of_the_last_administrator(access_cli: CommandLine, resources: Resources) -> None:
    access_cli("users", "add", "Ada", "--role", "admin")
    with resources.engine.begin() as connection:  # as if she had chosen a password
        connection.execute(text("UPDATE app_user SET password_hash = 'x'"))
    for arguments in (("disable", "Ada"), ("role", "Ada", "viewer")):
        said = access_cli("users", *arguments)
        assert (said.code, said.err.partition(":")[0]) == (2, "last_admin")


def test_where_nobody_is_asked_who_they_are_the_commands_say_so(
    access_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENHOURS_AUTH")
    assert "OPENHOURS_AUTH=on" in access_cli("keys", "add", "demo", "--role", "viewer").err


def test_commands_that_start_a_server_of_their_own_are_let_in_and_nobody_else_is(
    access_cli: CommandLine, resources: Resources
) -> None:
    assert access_cli("reports").code == 0
    with serving(with_users(resources), slots=0) as address:
        assert access_cli("reports", "--server", address).err.startswith("setup_required: ")


def test_the_migration_prints_the_code_where_users_are_needed_and_there_is_none(
    access_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, line = access_cli("migrate").out.splitlines()
    assert told.startswith("the database is at revision ")
    words, code = line.rsplit(maxsplit=1)
    assert words == "open https://openhours.example/setup within 24 hours and enter this code:"
    secret_of(code, Kind.ONCE)
    monkeypatch.setenv("OPENHOURS_SETUP_CODE", "s" * 32)
    assert access_cli("migrate").out == f"{told}\n"
    monkeypatch.delenv("OPENHOURS_SETUP_CODE")
    monkeypatch.delenv("OPENHOURS_AUTH")
    assert access_cli("migrate").out == f"{told}\n"
    monkeypatch.setenv("OPENHOURS_HOST", "192.0.2.7")
    access_cli("users", "add", "Ada", "--role", "admin")
    assert access_cli("migrate").out == f"{told}\n"
