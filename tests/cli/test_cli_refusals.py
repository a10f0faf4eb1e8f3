"""What the commands say when it does not work: one message, an exit code, and never a traceback."""

import errno
import os
import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.main import get_command

from app.cli import app
from app.commands.failures import as_options, in_words
from app.ingest.registry import DATASET_KINDS
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Addresses, Resources
from app.web.server import serving
from tests.commands import CommandLine, Outcome, free_port

DEAD = "http://127.0.0.1:1"


#: What is accepted by mistake would wait for a worker that is not there.
TEST_SECONDS = 30

pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture(scope="module")
def server(loaded: Resources) -> Iterator[str]:
    with serving(loaded, slots=0) as address:
        yield address


@pytest.fixture
def own_servers(resources: Resources, servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use servers that are configured, with an empty database."""
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", resources.database_url)
    monkeypatch.setenv("OPENHOURS_REDIS_URL", servers.redis_url)
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", servers.s3_endpoint_url)
    monkeypatch.setenv("OPENHOURS_S3_BUCKET", resources.settings.s3_bucket)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(servers.s3_access_key))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(servers.s3_secret_key))


def words(outcome: Outcome) -> str:
    """What was said, without the frame and the line breaks."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", outcome.err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nosuch", "There is no command 'nosuch'. --help lists all."),
        ("loda hours {tmp}/x.csv", "There is no command 'loda' (did you mean 'load' or 'upload'?)"),
        ("--nosuch", "There is no option --nosuch. --help lists all."),
        (
            "load nosuch {tmp}/x.csv",
            f"'nosuch' is not one of {', '.join(map(repr, DATASET_KINDS))}",
        ),
        ("load polls", "file is missing. CSV with a header, plain or gzip."),
        ("upload {tmp}/x.csv", "--kind is missing. Dataset kind of the file."),
        ("load polls {tmp}/x.csv --on-error ignore", "'ignore' is not one of 'reject_file', 'skip_rows'"),
        ("load polls {tmp}/x.csv --max-errors -1", "Invalid value for '--max-errors': '-1' is not at least 0."),
        ("report nosuch", "There is no command 'nosuch'."),
        ("report uptime --nosuch 1", "There is no option --nosuch."),
        ("report uptime --lookback-hour 1", "There is no option --lookback-hour (did you mean '--lookback-hours'"),
        ("report uptime --lookback-hours long", "Invalid value for '--lookback-hours': 'long' is not a whole number."),
        (
            "report uptime --lookback-hours 1_0",
            "Invalid value for '--lookback-hours': '1_0' is not a number in digits.",
        ),
        ("report uptime --target-percent nan", "Invalid value for '--target-percent': 'nan' is not a number in"),
        ("reports --limit +5", "Invalid value for '--limit': '+5' is not a number in digits."),
        ("mappings show x --version 1_0", "Invalid value for '--version': '1_0' is not a number in digits."),
        ("report uptime --lookback-hours", "--lookback-hours needs a value; --help says which it takes."),
        ("load polls x.csv --on-error", "--on-error needs a value"),
        ("report uptime --charts=maybe", "--charts is a switch, which takes no value"),
        ("--version=3", "--version is a switch, which takes no value"),
        ("report pull_requests --charts yes", "yes is one argument too many. Put values"),
        ("demo --folder README.md", "--folder: README.md is a file, not a folder"),
        ("serve --port 70000", "Invalid value for '--port': '70000' is not at most 65535."),
        (
            "load poll {tmp}/x.csv",
            f"Invalid value for 'kind': 'poll' is not one of {', '.join(map(repr, DATASET_KINDS))}",
        ),
        ("serve --slots -1", "Invalid value for '--slots'"),
        ("reports --limit 0", "Invalid value for '--limit'"),
        ("entities --limit 1001", "Invalid value for '--limit'"),
        ("demo-data --stores 0", "Invalid value for '--stores'"),
        ("status", "report_id is missing."),
        ("report uptime --out {tmp}/none/x.csv", "invalid_parameters: --out: there is no folder {tmp}/none"),
        ("report uptime --out README.md/", "invalid_parameters: --out: README.md is a file; give the name of a folder"),
        ("load polls {tmp}/x.csv --rejects {tmp}", "invalid_parameters: --rejects: {tmp} is a folder, not the name"),
        (
            "load polls {tmp}/x.csv --rejects {tmp}/none/x",
            "invalid_parameters: --rejects: there is no folder {tmp}/none",
        ),
        ("upload README.md --kind polls --rejects {tmp}", "invalid_parameters: --rejects: {tmp} is a folder, not the"),
        ("demo-data --out README.md", "invalid_parameters: --out: README.md is not a folder and cannot be created"),
        ("demo-data --out README.md/x", "invalid_parameters: --out: README.md/x is not a folder and cannot be created"),
    ],
)
def test_what_is_misspelt_is_refused_before_anything_starts(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, said: str
) -> None:
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    outcome = cli(*arguments.format(tmp=tmp_path).split())
    assert outcome.code == 2
    assert said.format(tmp=tmp_path) in words(outcome)
    assert outcome.out == ""
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("report uptime --lookback-hours 0", "a whole number from 1 to 720"),
        ("report uptime --as-of yesterday", "an instant in ISO 8601 with Z or an offset"),
        ("report uptime --stores 1 --stores nobody", "has named the store '1', 'nobody'"),
        (
            "report pull_requests --teams serch --teams Mobile --teams x",
            "invalid_parameters: teams: no loaded file has named the team 'serch' (did you mean 'Search'?), 'x'",
        ),
        (
            "report pull_requests --repos payments-ap",
            "repos: no loaded file has named the repository 'payments-ap' (did you mean 'payments-api'",
        ),
        (
            "report pull_requests --since 2024-11-02T00:00:00Z --until 2024-11-02T00:00:00Z",
            "must be later than since",
        ),
        (
            "report pull_requests --source review_times",
            "source: 'review_times' is not a loaded dataset of review times; allowed: pull_requests, or the",
        ),
        ("report pull_requests --clock lunar", "clock: 'lunar' is not one of working, wall"),
        ("report pull_requests --as-of 2024-11-02", "an instant in ISO 8601 with Z or an offset"),
        ("status 0123456789abcdef0123456789abcdef", "unknown_report: There is no report '0123456789abcdef"),
        ("reports --status done", "malformed_request: status: 'done' is not one of queued, running, complete"),
        (
            "entities --kind site",
            "unknown_entity_kind: There is no entity kind 'site'; known kinds: repository, store, team.",
        ),
        (
            "reports --kind nosuch",
            f"unknown_report_kind: There is no report kind 'nosuch'; known kinds: {', '.join(REPORT_KINDS)}.",
        ),
    ],
)
def test_what_the_server_does_not_accept_is_told_in_its_words(
    cli: CommandLine, server: str, tmp_path: Path, arguments: str, said: str
) -> None:
    out = ["--out", str(tmp_path / "x.csv")] if arguments.startswith("report ") else []
    outcome = cli(*arguments.split(), *out, "--server", server)
    assert outcome.code == 2
    assert said in words(outcome)
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_not_replaced_by_one(cli: CommandLine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    outcome = cli("report", "uptime", "--out", str(pipe), "--server", DEAD)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"invalid_parameters: --out: {pipe} is neither a file nor a folder")
    assert pipe.is_fifo()


@pytest.mark.parametrize("file", ["none.csv", "folder"])
@pytest.mark.usefixtures("own_servers")
def test_a_file_that_cannot_be_read_is_refused(cli: CommandLine, tmp_path: Path, file: str) -> None:
    (tmp_path / "folder").mkdir()
    outcome = cli("load", "polls", str(tmp_path / file))
    assert outcome.code == 2
    assert outcome.err.startswith(f"rejected_file: {tmp_path / file} cannot be read: ")


@pytest.mark.parametrize("command", ["report uptime --out {tmp}/x.csv", "reports", "status 1"])
@pytest.mark.parametrize("address", [DEAD, "http://no-such-host.invalid", "http://"])
def test_a_server_that_does_not_answer_is_named(cli: CommandLine, tmp_path: Path, address: str, command: str) -> None:
    outcome = cli(*command.format(tmp=tmp_path).split(), "--server", address)
    assert outcome.code == 1
    assert words(outcome).startswith(f"server_unreachable: {address.rstrip('/')} does not answer: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["report uptime --out {tmp}/x.csv", "reports", "status 1"])
@pytest.mark.parametrize("address", ["localhost:8000", "nonsense", "ftp://127.0.0.1"])
def test_a_server_that_is_no_address_is_refused(cli: CommandLine, tmp_path: Path, address: str, command: str) -> None:
    outcome = cli(*command.format(tmp=tmp_path).split(), "--server", address)
    assert outcome.code == 2
    assert words(outcome).startswith(
        f"invalid_parameters: --server: '{address}' is not an address; give one such as http:"
    )
    assert list(tmp_path.iterdir()) == []


class Other(BaseHTTPRequestHandler):
    """A server that is not ours: a page whatever is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>It works!</h1>")

    do_POST = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: Any) -> None:
        pass


def test_a_server_that_is_not_ours_is_named(cli: CommandLine, tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Other) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{http.server_port}"
        try:
            for command in (["report", "uptime", "--out", f"{tmp_path}/x.csv"], ["reports"], ["status", "1"]):
                outcome = cli(*command, "--server", address)
                assert outcome.code == 1
                assert outcome.err == f"server_unreachable: {address} answers 200, but not as an Openhours server.\n"
        finally:
            http.shutdown()
            thread.join()


@pytest.mark.usefixtures("own_servers")
def test_a_port_in_use_is_named(cli: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        outcome = cli("serve", "--port", str(port))
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1] == (  # above it is the log
        f"setup_error: Cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another with --port or OPENHOURS_PORT."
    )


@pytest.mark.usefixtures("own_servers")
@pytest.mark.parametrize("command", ["migrate", "load polls {tmp}/x.csv", "reports"])
def test_a_database_that_does_not_answer_is_told(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", f"postgresql://me:secret@127.0.0.1:{free_port()}/none")
    outcome = cli(*command.format(tmp=tmp_path).split())
    assert outcome.code == 1
    assert outcome.err.startswith("database_unavailable: Postgres does not answer")
    assert "secret" not in outcome.err


@pytest.mark.usefixtures("own_servers")
@pytest.mark.parametrize("command", ["load polls {tmp}/x.csv", "report uptime --out {tmp}/x.csv", "reports"])
def test_a_database_that_is_not_migrated_is_told_with_the_remedy(
    cli: CommandLine, servers: Addresses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", f"{servers.database_url.rpartition('/')[0]}/postgres")
    outcome = cli(*command.format(tmp=tmp_path).split())
    assert outcome.code == 1
    assert outcome.err.startswith("not_migrated: The database is at revision none, this version needs ")
    assert "run `openhours migrate`" in outcome.err


@pytest.mark.usefixtures("own_servers")
def test_a_file_that_cannot_be_written_is_told(cli: CommandLine) -> None:
    outcome = cli("report", "uptime", "--as-of", "2023-01-24T00:00:00Z", "--out", "/proc/uptime.csv")
    assert outcome.code == 1
    assert outcome.out == ""
    *_, hint, error = outcome.err.splitlines()
    assert re.fullmatch(r"the report is complete: openhours download [0-9a-f]{32} --out FILE fetches it", hint)
    assert error == ("input_output_error: /proc/uptime.csv is not there and cannot be made there; give another path")


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that has no room for what is not whole yet."""
    opened = Path.open

    def full(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "w" not in mode or not (self.suffix == ".part" or ".demo-data-" in str(self)):
            return opened(self, mode, *args, **options)
        opened(self, mode, *args, **options).close()
        return open("/dev/full", mode, *args, **options)  # noqa: PTH123 - its reader closes it

    monkeypatch.setattr(Path, "open", full)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize(
    "arguments",
    ["calendar from-country DE --years 1990-2039 --output {file}", "inspect {source} --out {file}"],
)
def test_a_full_disk_is_named_and_what_was_there_stays(cli: CommandLine, tmp_path: Path, arguments: str) -> None:
    file, source = tmp_path / "good.csv", tmp_path / "visits.csv"
    file.write_bytes(b"as it was")
    source.write_text("shop,seen,state\n1,2024-01-01T00:00:00Z,active\n")
    outcome = cli(*arguments.format(file=file, source=source).split())
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1] == (
        f"input_output_error: there is no space left to write {file}; make room, or give a path on another disk"
    )
    assert file.read_bytes() == b"as it was"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
@pytest.mark.usefixtures("no_room")
def test_demo_data_that_finds_no_room_leaves_no_folder(cli: CommandLine, tmp_path: Path) -> None:
    outcome = cli("demo-data", "--stores", "2", "--days", "1", "--out", str(tmp_path / "new" / "data"))
    assert outcome.code == 1
    assert f"there is no space left to write {tmp_path / 'new' / 'data'};" in words(outcome)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_written_is_refused_before_anything_is_computed(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    outcome = cli("report", "uptime", "--out", f"{tmp_path}/new/", "--server", DEAD)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"--out: the folder {tmp_path}/new cannot be written to" in words(outcome)
    assert not (tmp_path / "new").exists()


def test_a_folder_for_a_report_goes_when_the_report_is_refused(cli: CommandLine, server: str, tmp_path: Path) -> None:
    outcome = cli("report", "uptime", "--lookback-hours", "0", "--out", f"{tmp_path}/a/b/", "--server", server)
    assert outcome.code == 2
    assert not list(tmp_path.iterdir())


def test_parameters_of_the_service_are_told_as_options() -> None:
    assert as_options("To load them again, use force=true.") == "To load them again, use --force."
    assert as_options("or name its columns with columns=.") == "or name its columns with --columns."
    assert as_options("such rows out with on_error=skip_rows.") == "such rows out with --on-error skip_rows."
    assert as_options("x is shipped; PUT stores one of the same name.") == (
        "x is shipped; `put` stores one of the same name."
    )
    of_a_file = "'columns=.' and ?force=true are not ours"
    assert as_options(of_a_file) == of_a_file


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "there is no space left to write x/y.csv; make room, or give a path on another disk"),
        (errno.EROFS, "x/y.csv cannot be written: its disk is read-only; give a path on another disk"),
        (errno.EACCES, "this user may not use x/y.csv; change its rights"),
        (errno.ENOENT, "there is no folder x; make it, or give another path"),
        (errno.EISDIR, "x/y.csv is a folder; give the name of a file"),
        (errno.EXDEV, "x/y.csv: Invalid cross-device link; give another path"),
    ],
)
def test_what_the_system_refuses_is_told_without_its_number(number: int, said: str) -> None:
    assert in_words(OSError(number, os.strerror(number), "x/y.csv")).startswith(said)
    assert "Errno" not in in_words(OSError(number, os.strerror(number)))


BAD_SETTINGS = {
    "OPENHOURS_PORT": "http",
    "OPENHOURS_SLOTS": "-1",
    "OPENHOURS_DEFAULT_TIMEZONE": "Mars/Phobos",
    "OPENHOURS_READ_CONNECTIONS": "0",
    "OPENHOURS_REPORT_TIME_LIMIT_SECONDS": "0",
    "OPENHOURS_REPORT_MEMORY_LIMIT_MB": "1",
    "OPENHOURS_LINK_TTL_SECONDS": "0",
    "OPENHOURS_S3_BUCKET": "b",
    "OPENHOURS_LOG_LEVEL": "INFO",
}


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_a_bad_setting_is_refused_by_its_name(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, BAD_SETTINGS[name])
    outcome = cli("env")
    assert outcome.code == 2
    assert outcome.err.startswith(f"bad_setting: {name}: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("name", ["OPENHOURS_DATABASE_URL", "OPENHOURS_REDIS_URL", "OPENHOURS_S3_ENDPOINT_URL"])
@pytest.mark.usefixtures("own_servers")
def test_an_address_that_is_none_is_refused_by_its_name(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "nonsense")
    outcome = cli("migrate")
    assert outcome.code == 2
    assert outcome.err.startswith(f"bad_setting: {name}: ")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OPENHOURS_PORT", "http", "OPENHOURS_PORT: 'http' is not a whole number from 0 to 65535"),
        ("OPENHOURS_LOG_LEVEL", "INFO", "OPENHOURS_LOG_LEVEL: 'INFO' is not one of debug, info, warning, error"),
        (
            "OPENHOURS_TEAM_HOURS",
            "Mon 09:00-17:00, Tue",
            "OPENHOURS_TEAM_HOURS: 'Tue' is not a weekly time window such as Mon-Fri 09:00-17:00",
        ),
        (
            "OPENHOURS_RETENTON_DAYS",
            "7",
            "OPENHOURS_RETENTON_DAYS: is not a setting (did you mean 'OPENHOURS_RETENTION_",
        ),
        ("openhours_slot", "7", "OPENHOURS_SLOT: is not a setting (did you mean 'OPENHOURS_SLOTS'?)"),
        (
            "OPENHOURS_Q",
            "",
            "OPENHOURS_Q: is not a setting; allowed: OPENHOURS_HOME, OPENHOURS_DATABASE_URL, OPENHOURS_",
        ),
    ],
)
def test_a_setting_that_is_wrong_or_none_is_told_with_what_is_allowed(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = cli("env")
    assert outcome.code == 2
    assert outcome.err.startswith(f"bad_setting: {said}")
    assert outcome.err.count("\n") == 1


def test_every_wrong_setting_is_told_and_no_password(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENHOURS_SLOTS", "-1")
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", "mysql://me:hunter2@db/none")
    outcome = cli("env")
    assert outcome.code == 2
    assert "OPENHOURS_SLOTS: '-1' is not a whole number of at least 0" in outcome.err
    assert "OPENHOURS_DATABASE_URL: does not begin with postgresql:// or postgres://, such as postgres" in outcome.err
    assert "hunter2" not in outcome.err


@pytest.mark.usefixtures("own_servers")
def test_what_kubernetes_tells_of_services_is_no_misspelt_setting(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENHOURS_API_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("OPENHOURS_API_SERVICE_PORT_HTTP", "8000")
    monkeypatch.setenv("OPENHOURS_API_PORT", "tcp://10.0.0.1:8000")
    monkeypatch.setenv("OPENHOURS_API_PORT_8000_TCP_PROTO", "tcp")
    assert cli("env").code == 0


@pytest.mark.usefixtures("own_servers")
def test_a_variable_for_the_token_of_a_source_is_no_misspelt_setting(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENHOURS_TOKEN_GITHUB", "ghp_x")
    assert cli("env").code == 0
    monkeypatch.setenv("OPENHOURS_TOKENS", "ghp_x")
    refused = cli("env")
    assert (refused.code, "ghp_x" in refused.err) == (2, False)


def commands() -> list[str]:
    top = get_command(app).commands  # type: ignore[attr-defined]
    return [name for name in top if name != "report"] + [f"report {name}" for name in top["report"].chosen().commands]


#: What a number counts or measures, by its option; a report kind names the units of its parameters itself.
UNITS = {
    **{
        f"--{name.replace('_', '-')}": schema["unit"]
        for kind in REPORT_KINDS.values()
        for name, schema in kind.params.model_json_schema()["properties"].items()
        if "unit" in schema
    },
    "--port": "Port",
    "--health-port": "Port for",
    "--workers": "each a process",
    "--songs": "songs",
    "--slots": "Reports",
    "--limit": "Number to list",
    "--stores": "stores",
    "--days": "Days",
    "--interval-minutes": "minutes",
    "--pull-requests": "pull requests",
    "--teams": "teams",
    "--seed": "seed",
    "--max-errors": "invalid rows",
}


@pytest.mark.parametrize("command", commands())
def test_the_help_says_of_every_option_what_it_is_by_default_and_of_every_number_its_unit(
    cli: CommandLine, command: str
) -> None:
    outcome = cli(*command.split(), "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    # Rows of the frame; one that begins with an option begins its paragraph.
    lines = [line.strip("│ ") for line in outcome.out.splitlines() if line.startswith("│")]
    for row in re.split(r" (?=--[a-z])(?!--no-)", " " + " ".join(" ".join(lines).split())):
        option, _, text = row.strip().partition(" ")
        if not option.startswith("--") or option == "--help":
            continue
        assert re.search(r"default: |\[required\]", text, re.IGNORECASE), row
        if re.search(r"<(int|float)\b", text):
            assert UNITS[option] in text, row


def test_without_a_command_the_help_is_shown(cli: CommandLine) -> None:
    outcome = cli()
    assert outcome.code == 2
    for command in ("demo", "serve", "migrate", "load", "report", "reports", "status", "env"):
        assert command in outcome.out + outcome.err
