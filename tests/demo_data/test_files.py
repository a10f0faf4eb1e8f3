"""The files: loadable, of the size that was asked for, the same by seed, and never half."""

import csv
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.demo_data.files import parse_size, write
from app.errors import InvalidParameters
from app.storage.resources import Resources
from tests.commands import CommandLine, started, wait_until
from tests.conftest import SAMPLE_DATA, load_file

END = date(2024, 11, 10)
NAMES = ["hours.csv", "timezones.csv", "polls.csv"]
TEAM_NAMES = ["team_hours.csv", "team_timezones.csv", "pull_requests.csv", "review_times.csv"]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_load_and_every_row_is_there(resources: Resources, tmp_path: Path) -> None:
    files = write(tmp_path, stores=80, days=9, seed=7, end=END)
    assert [file.path.name for file in files] == NAMES
    for file in files:
        rows = rows_of(file.path)
        assert (file.rows, file.bytes) == (len(rows), file.path.stat().st_size)
        loaded = load_file(resources, file.path.stem, file.path)
        assert (loaded.rows_read, loaded.rows_rejected) == (len(rows), 0)
    polls, hours, zones = (rows_of(tmp_path / f"{name}.csv") for name in ("polls", "hours", "timezones"))
    with resources.engine.connect() as connection:
        counted = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("poll", "hours_window")}
        stores, zoned = connection.execute(
            text("SELECT count(*), (SELECT count(*) FROM entity_zone) FROM entity")
        ).one()
    assert stores == 80 == len({row["store_id"] for row in polls})
    assert zoned == len(zones)
    assert counted == {
        "poll": len({(row["store_id"], row["timestamp_utc"]) for row in polls}),
        "hours_window": len({tuple(row.values()) for row in hours}),
    }


def test_the_same_arguments_give_the_same_bytes_in_any_process_and_in_pieces_of_any_size(tmp_path: Path) -> None:
    for name, chunk in (("a", 17), ("b", 1000), ("c", 1 << 20)):
        write(tmp_path / name, stores=13, days=5, size=400_000, seed=11, end=END, chunk=chunk)
    arguments = "--stores 13 --days 5 --bytes 400kB --seed 11 --end 2024-11-10 --out"
    command = [sys.executable, "-m", "app", "demo-data", *arguments.split(), str(tmp_path / "d")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    expected = content(tmp_path / "a")
    assert sorted(expected) == sorted(NAMES)
    for name in "bcd":
        assert content(tmp_path / name) == expected


def test_another_seed_gives_other_files(tmp_path: Path) -> None:
    for seed in (1, 2):
        write(tmp_path / str(seed), stores=20, days=2, seed=seed, end=END)
    first, second = content(tmp_path / "1"), content(tmp_path / "2")
    assert all(first[name] != second[name] for name in NAMES)


def test_a_size_is_reached_by_the_last_row(tmp_path: Path) -> None:
    for size in (1, 500, 123_456):
        (_, _, polls) = write(tmp_path / str(size), stores=20, size=size, seed=1, end=END)
        data = polls.path.read_bytes()
        *before, last = data.splitlines(keepends=True)
        assert len(data) == polls.bytes >= size
        assert size <= 30 or len(data) - len(last) < size
        assert polls.rows == len(before)


def test_a_size_goes_on_beyond_the_days_and_days_beyond_a_size(tmp_path: Path) -> None:
    by_days = write(tmp_path / "days", stores=20, days=3, seed=1, end=END)[-1]
    for name, size in (("less", 1000), ("more", 2 * by_days.bytes)):
        both = write(tmp_path / name, stores=20, days=3, size=size, seed=1, end=END)[-1]
        assert both.path.read_bytes().startswith(by_days.path.read_bytes())
        assert both.bytes >= size
        assert (both.bytes == by_days.bytes) == (name == "less")


def test_without_days_and_size_it_is_eight_days(tmp_path: Path) -> None:
    (_, _, polls) = write(tmp_path, stores=20, seed=1, end=END)
    oldest = datetime.fromisoformat(rows_of(polls.path)[-1]["timestamp_utc"].replace(" UTC", "Z"))
    assert datetime(2024, 11, 10, tzinfo=UTC) - oldest <= timedelta(days=8)
    assert datetime(2024, 11, 10, tzinfo=UTC) - oldest > timedelta(days=7, hours=20)


def test_polls_are_as_frequent_as_asked_for(cli: CommandLine, tmp_path: Path) -> None:
    options = "--stores 20 --days 2 --interval-minutes 15 --end 2024-11-10"
    assert cli("demo-data", *options.split(), "--out", str(tmp_path)).code == 0
    instants = {(row["store_id"], row["timestamp_utc"]) for row in rows_of(tmp_path / "polls.csv")}
    assert 0.8 * 20 * 2 * 24 * 4 < len(instants) <= 20 * 2 * 24 * 4


def test_pull_requests_come_in_files_beside_the_others_which_stay_the_same(tmp_path: Path) -> None:
    write(tmp_path / "without", stores=5, days=3, seed=1, end=END)
    files = write(tmp_path / "with", stores=5, days=3, seed=1, end=END, pull_requests=700, team_count=4)
    assert [file.path.name for file in files] == NAMES + TEAM_NAMES
    for name in NAMES:
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()
    for file in files:
        assert (file.rows, file.bytes) == (len(rows_of(file.path)), file.path.stat().st_size)
    assert [file.rows for file in files[4:]] == [4, 700, 12]
    teams = {row["team"] for row in rows_of(tmp_path / "with" / "team_timezones.csv")}
    assert {row["team"] for row in rows_of(tmp_path / "with" / "pull_requests.csv")} == teams


def test_pull_requests_are_of_ninety_days_unless_days_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path, stores=1, seed=1, end=END, pull_requests=2000)
    created = [datetime.fromisoformat(row["created_at"]) for row in rows_of(tmp_path / "pull_requests.csv")]
    assert timedelta(days=88) < datetime(2024, 11, 10, tzinfo=UTC) - created[0] <= timedelta(days=90)


def test_files_of_pull_requests_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "team_hours.csv").write_text("mine")
    with pytest.raises(InvalidParameters, match=r"has team_hours\.csv already"):
        write(tmp_path, stores=1, days=1, seed=1, end=END, pull_requests=1)
    write(tmp_path, stores=1, days=1, seed=1, end=END)
    assert (tmp_path / "team_hours.csv").read_text() == "mine"


def test_the_sample_of_pull_requests_is_what_the_command_writes(cli: CommandLine, tmp_path: Path) -> None:
    options = "--stores 1 --pull-requests 300 --teams 3 --days 32 --end 2024-11-10"
    assert cli("demo-data", *options.split(), "--out", str(tmp_path)).code == 0
    for name in TEAM_NAMES:
        assert (SAMPLE_DATA / name).read_bytes() == (tmp_path / name).read_bytes()


def test_files_that_are_there_are_kept_unless_they_are_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "polls.csv").write_text("mine")
    (tmp_path / "other.csv").write_text("mine, too")
    with pytest.raises(InvalidParameters, match=r"has polls\.csv already; use --force to replace them"):
        write(tmp_path, stores=2, days=1, seed=1, end=END)
    assert content(tmp_path) == {"polls.csv": b"mine", "other.csv": b"mine, too"}
    write(tmp_path, stores=2, days=1, seed=1, end=END, force=True)
    assert content(tmp_path)["polls.csv"].startswith(b"store_id,status,timestamp_utc\n")
    assert content(tmp_path)["other.csv"] == b"mine, too"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("10B", 10),
        ("1kB", 1000),
        ("500MB", 500_000_000),
        ("1GB", 1_000_000_000),
        ("1 gb", 1_000_000_000),
        ("1.5GiB", 1_610_612_736),
        ("2TB", 2_000_000_000_000),
    ],
)
def test_a_size_has_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0GB", "-1GB", "1XB", "GB", "1e9", "1,5GB", "nan", "inf", "1G B", "٣GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameters, match="is not a size such as 500MB, 1GB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"days": 20_100}, "--days: 20,100 days before --end would begin before 1970"),
        ({"size": 1 << 40}, "--bytes: 1 stores have no 1,099,511,627,776 bytes of polls since 1970"),
        ({"size": 29_000_000}, "--bytes: 1 stores have no 29,000,000 bytes of polls since 1970"),
    ],
)
def test_there_is_no_more_past_than_since_1970(options: dict[str, int], said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters, match=said):
        write(tmp_path, stores=1, seed=1, end=END, **options)  # type: ignore[arg-type]
    assert content(tmp_path) == {}


def test_the_command_says_what_it_wrote(cli: CommandLine, tmp_path: Path) -> None:
    outcome = cli("demo-data", "--stores", "5", "--bytes", "10kB", "--out", str(tmp_path))
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"{path}: {len(rows_of(path)):,} rows, {path.stat().st_size:,} bytes"
        for path in (tmp_path / name for name in NAMES)
    ]
    assert outcome.err.splitlines() == [f"demo data: {name} (0%)" for name in ("hours", "timezones", "polls")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--out {tmp}/x --stores 0", "'--stores': '0' is not at least 1."),
        ("--out {tmp}/x --stores many", "'--stores': 'many' is not a whole number."),
        ("--out {tmp}/x --days 0", "'--days': '0' is not at least 1."),
        ("--out {tmp}/x --interval-minutes 7", "--interval-minutes: 7 does not divide an hour; use 1, 2, 3, 4, 5, 6,"),
        ("--out {tmp}/x --interval-minutes 61", "'--interval-minutes': '61' is not at most 60."),
        ("--out {tmp}/x --bytes lots", "--bytes: 'lots' is not a size such as 500MB, 1GB or 1.5GiB"),
        ("--out {tmp}/x --end 2024-13-01", "'2024-13-01' does not match the formats '%Y-%m-%d'"),
        ("--out {tmp}/x --end 2999-01-01", "--end: 2999-01-01 is in the future"),
        ("--out {tmp}/x --pull-requests 1000001", "'--pull-requests': '1000001' is not at most 1000000."),
        ("--out {tmp}/x --pull-requests 1 --teams 0", "'--teams': '0' is not at least 1."),
        (
            "--out {tmp}/x --pull-requests 1 --end 1970-03-01 --days 1",
            "--days: 1 days of pull requests would begin before",
        ),
        ("--out {tmp}/x --end 1969-12-31", "--days: 8 days before --end would begin before 1970"),
    ],
)
def test_the_command_refuses_what_cannot_be_written(
    arguments: str, said: str, cli: CommandLine, tmp_path: Path
) -> None:
    outcome = cli("demo-data", *arguments.format(tmp=tmp_path).split())
    assert outcome.code == 2
    assert said in " ".join(outcome.err.replace("│", " ").split())
    assert content(tmp_path) == {}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_stopped_leaves_nothing(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with started(
        tmp_path / "home", "demo-data", "--bytes", "900GB", "--out", str(folder), "--stores", "50000"
    ) as process:
        draft = ".demo-data-*/polls.csv"
        wait_until(lambda: sum(path.stat().st_size for path in folder.glob(draft)) >= 1_000_000, process)
        assert not [path for path in folder.iterdir() if path.suffix]
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert not folder.exists()
