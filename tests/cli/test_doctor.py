"""``openhours doctor``: a line for each check, what to do, and an exit code."""

import re
from pathlib import Path

import pytest

from app.commands import doctor
from app.storage.resources import Addresses, Resources
from tests.cli.test_cli_refusals import own_servers
from tests.commands import CommandLine, free_port

__all__ = ["own_servers"]

CHECKS = (*doctor.MACHINE, *doctor.SERVERS)


def lines(out: str) -> dict[str, str]:
    """What was told of each check: ok or FAIL, and the text."""
    found = {}
    for line in out.splitlines():
        state, _, rest = line.partition("  ")
        name, _, text = rest.strip().partition(": ")
        found[name] = f"{state.strip()} {text}"
    return found


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.mark.usefixtures("own_servers")
def test_a_sound_installation_passes_every_check_and_nothing_stays_behind(
    cli: CommandLine, resources: Resources
) -> None:
    resources.object_store.ensure_bucket()
    outcome = cli("doctor")
    assert (outcome.code, outcome.err) == (0, "")
    told = lines(outcome.out)
    assert list(told) == [*CHECKS]
    assert [text for text in told.values() if not text.startswith("ok ")] == []
    assert "PostgreSQL 18." in told["postgres"]
    assert told["redis"].startswith("ok Valkey 9.")
    assert [item.key for page in resources.object_store.pages("") for item in page] == []
    assert "password" not in outcome.out


@pytest.mark.usefixtures("own_servers")
def test_each_defect_is_told_in_its_line_with_its_code_and_the_other_checks_go_on(
    cli: CommandLine, servers: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", f"{servers.database_url.rpartition('/')[0]}/postgres")
    monkeypatch.setenv("OPENHOURS_REDIS_URL", f"redis://:sesame@127.0.0.1:{free_port()}/0")
    monkeypatch.setenv("OPENHOURS_S3_BUCKET", "is-not-there")
    monkeypatch.setattr(doctor, "LEAST_ROOM_BYTES", 1 << 60)
    monkeypatch.setattr(doctor, "LEAST_DESCRIPTORS", 1 << 40)
    outcome = cli("doctor")
    told = lines(outcome.out)
    assert list(told) == [*CHECKS]
    failed = {name: text.split()[1] for name, text in told.items() if text.startswith("FAIL ")}
    assert failed == {
        "temporary folder": "setup_error:",
        "descriptors": "setup_error:",
        "migrations": "not_migrated:",
        "redis": "redis_unavailable:",
        "s3": "bucket_missing:",
        "bucket rights": "bucket_missing:",
        "presigned link": "bucket_missing:",
    }
    assert (outcome.code, outcome.err) == (1, "7 of the checks failed\n")
    assert "run `openhours migrate`" in told["migrations"]
    assert "create it, or correct OPENHOURS_S3_BUCKET" in told["s3"]
    assert "sesame" not in outcome.out


@pytest.mark.usefixtures("own_servers")
def test_a_link_that_users_cannot_open_is_told(
    cli: CommandLine, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources.object_store.ensure_bucket()
    monkeypatch.setenv("OPENHOURS_S3_PUBLIC_URL", f"http://127.0.0.1:{free_port()}")
    outcome = cli("doctor")
    failed = {name: text for name, text in lines(outcome.out).items() if text.startswith("FAIL ")}
    assert list(failed) == ["presigned link"]
    assert "OPENHOURS_S3_PUBLIC_URL" in failed["presigned link"]


@pytest.mark.usefixtures("own_servers")
@pytest.mark.parametrize(
    ("name", "address", "said"),
    [
        ("DATABASE_URL", "postgresql://me:sesame@127.0.0.1:1/x?foo=bar", "has the option 'foo', which is not known"),
        ("REDIS_URL", "redis://:sesame@127.0.0.1:1/0?foo=bar", "has the option 'foo', which is not known"),
        ("REDIS_URL", "redis://:sesame@127.0.0.1:1/0?socket_timeout=x", "has the option 'socket_timeout', which"),
        ("REDIS_URL", "redis://:ses/ame@127.0.0.1:1/0", "has a host or a port that cannot be read"),
        ("S3_ENDPOINT_URL", "http://me:sesame@127.0.0.1:99999", "has a host or a port that cannot be read"),
    ],
)
def test_an_address_with_which_nothing_can_be_opened_is_told_without_its_password(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, address: str, said: str
) -> None:
    monkeypatch.setenv(f"OPENHOURS_{name}", address)
    outcome = cli("doctor")
    assert outcome.code != 0
    (line,) = [one for one in (outcome.out + outcome.err).splitlines() if f"OPENHOURS_{name}" in one]
    assert "bad_setting: " in line
    assert said in line
    assert not re.search("ses|ame@|Traceback", outcome.out + outcome.err)


def test_embedded_servers_that_do_not_start_are_a_line_too(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "credentials.json").write_text("{", encoding="utf-8")
    monkeypatch.setenv("OPENHOURS_HOME", str(home))
    outcome = cli("doctor")
    assert outcome.code == 1
    assert lines(outcome.out)["servers"].startswith("FAIL embedded_server_error: ")
