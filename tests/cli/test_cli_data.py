"""The commands that bring files in, as a user gives them."""

import re
import runpy
import signal
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import httpx2
import pytest

from app.catalogue.records import DatasetStatus
from openhours.client import Client
from openhours.errors import ServerUnreachable
from tests.commands import CommandLine, answers, free_port, http, run, started, wait_until

#: Of a file that takes long enough to be interrupted: 110 MB.
ROWS = 400_000

HEADER = "store_id,status,timestamp_utc\n"
WRONG = HEADER + "007,active,2023-01-22 12:09:39 UTC\n=1+1,up,2023-01-22 13:09:39 UTC\n"


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    monkeypatch.setenv("OPENHOURS_HOME", str(home))
    return CommandLine(monkeypatch, capsys)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    address = f"http://127.0.0.1:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        wait_until(lambda: answers(f"{address}/readyz") == 200, process)
        yield address
        process.terminate()
        process.communicate(timeout=20)


def test_an_upload_that_ctrl_c_ends_is_finished_by_the_same_command(home: Path, address: str, tmp_path: Path) -> None:
    path = tmp_path / "polls.csv"
    keys = [f"{key:0240},active,2023-01-22 " for key in range(1000)]  # long: many bytes, which are loaded fast
    ends = (f"{minute // 60:02}:{minute % 60:02}:00 UTC\n" for minute in range(ROWS // len(keys)))
    path.write_text(HEADER + "".join(end.join(keys) + end for end in ends))
    command = ("upload", str(path), "--kind", "polls", "--server", address)
    with started(home, *command) as process:
        wait_until(lambda: uploading(address), process)
        sleep(0.1)  # some bytes are on their way; HEAD says 423 as long as they are
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    wait_until(lambda: offset(address) > 0)  # until the cut is noticed, too
    assert offset(address) < path.stat().st_size
    outcome = run(home, *command)
    assert outcome.code == 0
    assert f"rows {ROWS:,} read, {ROWS:,} accepted" in outcome.out
    assert len(httpx2.get(f"{address}/datasets").json()["datasets"]) == 1
    assert list((home / "uploads").iterdir()) == []


def test_ctrl_c_while_a_file_is_checked_costs_no_second_upload(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "none.csv"
    path.write_text(HEADER)
    port = free_port()
    command = ("upload", str(path), "--kind", "polls", "--server", f"http://127.0.0.1:{port}")
    with started(home, "serve", "--port", str(port), "--slots", "0") as server:
        wait_until(lambda: answers(f"{command[-1]}/readyz") == 200, server)
        with started(home, *command) as process:
            assert process.stderr is not None
            for line in process.stderr:  # to the first that tells how far the dataset is
                if line.startswith("dataset "):
                    break
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        (first,) = httpx2.get(f"{command[-1]}/datasets").json()["datasets"]
        assert err.splitlines()[-1] == (
            f"dataset {first['dataset_id']} is uploaded, and is still checked and loaded; datasets shows its state, "
            f"the same command follows it again, and DELETE /datasets/{first['dataset_id']} removes it"
        )
        assert httpx2.delete(f"{command[-1]}/datasets/{first['dataset_id']}").status_code == 200
        outcome = run(home, *command)
        assert (outcome.code, first["dataset_id"] in outcome.err) == (2, True)
        assert list((home / "uploads").iterdir()) == []
        server.terminate()
        server.communicate(timeout=20)


def test_ctrl_c_in_an_upload_without_a_server_says_that_nothing_loads_the_file(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Client, "follow_dataset", interrupted)
    (path := tmp_path / "none.csv").write_text(HEADER)
    outcome = cli("upload", str(path), "--kind", "polls")
    assert outcome.code == 130
    assert "is uploaded, but it is not checked and loaded until the next serve, worker or upload runs;" in outcome.err


def test_ctrl_c_while_the_modules_are_imported_shows_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.main", interrupted)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("app", run_name="__main__")
    assert ended.value.code == 130


def uploading(address: str) -> list[dict[str, Any]]:
    """The datasets that are being uploaded, the newest first."""
    found: list[dict[str, Any]] = http().get(f"{address}/datasets?status=uploading").json()["datasets"]
    return found


def offset(address: str) -> int:
    """Bytes that are there of the newest dataset, which is being uploaded."""
    found = uploading(address)
    if not found:
        return 0
    head = http().head(f"{address}/uploads/{found[0]['dataset_id']}", headers={"Tus-Resumable": "1.0.0"})
    return int(head.headers.get("upload-offset", 0))


def test_rejected_rows_are_shown_and_saved(cli: CommandLine, address: str, tmp_path: Path) -> None:
    path, rejects = tmp_path / "wrong.csv", tmp_path / "rejects.csv"
    path.write_text(WRONG)
    outcome = cli("upload", str(path), "--kind", "polls", "--server", address, "--rejects", str(rejects))
    assert outcome.code == 2
    assert "rejected: rows 2 read, 1 accepted, 1 rejected, 0 duplicate" in outcome.out
    assert "line 3, status: 'up' is not one of active, inactive, unknown" in outcome.out
    assert "rejected_rows: wrong.csv was not loaded: 1 of 2 rows are invalid." in outcome.err
    assert rejects.read_text() == (
        "line,column,value,code,reason\n3,status,'up',not_allowed,\"is not one of active, inactive, unknown\"\n"
    )


def test_the_outcome_is_told_although_the_rejected_rows_cannot_be_saved(
    address: str, tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise ServerUnreachable("http://s3 does not answer: Connection refused")

    path, rejects = tmp_path / "wrong.csv", tmp_path / "rejects.csv"
    monkeypatch.setattr(Client, "download", unreachable)
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    command = ("upload", str(path), "--kind", "polls", "--server", address, "--rejects", str(rejects))
    for number, (options, code, said) in enumerate(
        [((), 2, "rejected_rows: wrong.csv was not loaded"), (("--on-error", "skip_rows"), 1, "server_unreachable: ")]
    ):
        path.write_text(WRONG.replace("007", f"{number}07"))
        outcome = cli(*command, *options)
        assert outcome.code == code
        assert "rows 2 read, 1 accepted, 1 rejected, 0 duplicate" in outcome.out
        assert "line 3, status: 'up' is not one of active, inactive, unknown" in outcome.out
        assert "rejects.csv: http://s3 does not answer" in " ".join(outcome.err.split())
        assert outcome.err.splitlines()[-1].startswith(said)


def test_no_file_is_read_before_a_server_has_answered(
    tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "polls.csv"
    path.write_text(HEADER)
    monkeypatch.setattr("openhours.outgoing.outgoing", lambda *_, **__: pytest.fail("the file was read"))
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    outcome = cli("upload", str(path), "--kind", "polls", "--server", "http://127.0.0.1:1")
    assert "127.0.0.1:1 does not answer" in outcome.err


def test_the_help_of_datasets_names_every_status(cli: CommandLine) -> None:
    shown = cli("datasets", "--help").out
    assert [status for status in DatasetStatus if status not in shown] == []


def test_the_list_of_datasets_tells_that_there_are_more(cli: CommandLine, address: str, tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    for name in ("a", "b"):
        path.write_text(f"store_id,timezone_str\n{name},UTC\n")
        assert cli("upload", str(path), "--kind", "timezones", "--server", address).code == 0
    listed = cli("datasets", "--server", address, "--kind", "timezones", "--limit", "1")
    assert "there are more than 1: use --limit, --kind or --status" in listed.err
    assert cli("datasets", "--server", address, "--kind", "timezones", "--limit", "2").err == ""


def test_the_list_of_datasets_shows_what_became_of_each(cli: CommandLine, address: str, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text(HEADER)
    assert cli("upload", str(path), "--kind", "polls", "--server", address).code == 0
    listed = cli("datasets", "--server", address, "--limit", "1").out.splitlines()
    assert listed[0].split() == ["dataset", "kind", "file", "status", "bytes", "rows", "rejected", "created"]
    assert re.fullmatch(r" [0-9a-f]{32} +polls +none\.csv +ready +30 +0 +0 +\S+ *", listed[1])
    assert cli("datasets", "--server", address, "--kind", "nothing").code == 2


def test_an_upload_needs_no_server_that_runs_already(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("store_id,timezone_str\n1,Europe/Paris\n")
    outcome = run(tmp_path / "home", "upload", str(path), "--kind", "timezones")
    assert outcome.code == 0
    assert "ready: rows 1 read, 1 accepted, 0 rejected, 0 duplicate" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.csv", "--kind", "polls"), "nowhere.csv is missing"),
        ((".", "--kind", "polls"), ". is a folder"),
        (("README.md", "--kind", "polls", "--rejects", "nowhere/r.csv"), "there is no folder nowhere"),
        (("README.md", "--kind", "poll"), "'poll'"),
        (("README.md",), "--kind"),
        (("README.md", "--kind", "polls", "--server", "http://127.0.0.1:1"), "127.0.0.1:1 does not answer"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.setenv("OPENHOURS_HOME", str(tmp_path / "home"))
    outcome = CommandLine(monkeypatch, capsys)("upload", *arguments)
    assert outcome.code in {1, 2}
    assert told in outcome.err
