"""The commands as a user gives them, from files to the report, and what is left when they end."""

import csv
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg2
import pytest

from app.settings import Settings
from app.storage.resources import Addresses, Resources, addresses
from app.web.server import serving
from openhours.client import Client
from tests.commands import CommandLine, Outcome, answers, free_port, run, started, wait_until, working_below
from tests.conftest import SAMPLE_DATA

AS_OF = "2023-01-24T00:00:00Z"


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "home"


@pytest.fixture(scope="module")
def where(empty_home: Path) -> Iterator[Addresses]:
    """The embedded servers of that home, which the commands then need not start."""
    with addresses(Settings(home=empty_home)) as where:
        yield where
    assert working_below(empty_home) == []


@pytest.fixture(scope="module")
def home(empty_home: Path, where: Addresses) -> Path:
    """That home with servers that run and the sample data, loaded by the command."""
    files = {kind: SAMPLE_DATA / f"{kind}.csv" for kind in ("polls", "hours", "timezones")}
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda kind: run(empty_home, "load", kind, str(files[kind])), files))
    contradicting = (
        "warning: polls that contradict a later line for the same store and instant: 8; the later line "
        "counts (158406589678859173 at 2023-01-22 13:45:59 UTC; 2716610122072123243 at 2023-01-18 02:33:59 UTC, …)\n"
    )
    assert [(outcome.code, outcome.out) for outcome in outcomes] == [
        (0, f"{rows} rows of {file} loaded as {kind}\n")
        for (kind, file), rows in zip(files.items(), ("3,601", "155", "25"), strict=True)
    ]
    assert outcomes[0].err == f"duplicate rows: 8; the last one counts\n{contradicting}"
    # Whether polls were there already, with which hours and zones are compared, is a matter of chance.
    assert all(line.startswith("warning: stores ") for one in outcomes[1:] for line in one.err.splitlines())
    return empty_home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    """The address of ``serve``, which is stopped as a service manager does it."""
    address = f"http://127.0.0.1:{free_port()}"
    with started(home, "serve", "--port", address.rpartition(":")[2]) as process:
        wait_until(lambda: answers(f"{address}/readyz") == 200, process)
        yield address
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        # The signal alone would have ended it with -15, and left embedded servers behind.
        assert Outcome(process.returncode, out, err).code == 143


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    monkeypatch.setenv("OPENHOURS_HOME", str(home))
    return CommandLine(monkeypatch, capsys)


def stores_of_the_samples() -> list[str]:
    keys = set()
    for path in SAMPLE_DATA.glob("*.csv"):
        with path.open(newline="") as file:
            keys |= {row["store_id"] for row in csv.DictReader(file) if "store_id" in row}
    return sorted(keys)


def stores_of(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["store_id"] for row in csv.DictReader(file)]


def test_a_report_is_made_and_downloaded_without_a_server(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my report.csv"
    outcome = run(home, "report", "uptime", "--out", str(file), "--hourly", "--as-of", AS_OF)
    assert outcome.code == 0
    rows = len(stores_of_the_samples())
    hourly = tmp_path / "my report-hourly.parquet"
    assert outcome.out.startswith(f"{file}: {rows} rows as of {AS_OF}\n{hourly}: {rows * 168:,} rows as of {AS_OF}\n")
    assert stores_of(file) == stores_of_the_samples()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my report-hourly.parquet",
        "my report-manifest.json",
        "my report-summary.json",
        "my report.csv",
    ]
    lines = outcome.err.splitlines()
    told = [line for line in lines if not line.startswith("warning: ")]
    assert all(re.fullmatch(r"uptime [0-9a-f]{32}: [a-z]+ \([0-9]+%\)", line) for line in told), lines
    assert told[-1].endswith(": complete (100%)")
    # One store of the samples has no time zone, and six have no hours.
    assert [line.split(": ")[1:3] for line in lines if line not in told] == [
        ["stores with polls but no time zone of their own", "1; the default zone America/Chicago applies"],
        ["stores with polls but no hours", "6; they count as always open"],
    ]


def test_entities_are_listed_with_the_zones_that_count(server: str, cli: CommandLine) -> None:
    outcome = cli("entities", "--server", server, "--prefix", "1", "--limit", "2")
    assert outcome.code == 0
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["kind", "key", "timezone"],
        ["store", "1050565545391667097", "America/Chicago", "(default)"],
        ["store", "158406589678859173", "America/Chicago"],
    ]
    assert outcome.err == "there are more than 2: use --limit or --prefix\n"


def test_a_running_server_makes_reports_and_tells_of_them(
    server: str, cli: CommandLine, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "uptime.csv"
    store = stores_of_the_samples()[3]
    outcome = run(home, "report", "uptime", "--server", server, "--out", str(file), "--stores", store)
    assert outcome.code == 0
    assert stores_of(file) == [store]
    report_id = outcome.err.split()[1].rstrip(":")

    listed = cli("reports", "--server", server, "--limit", "1", "--kind", "uptime", "--status", "complete")
    assert listed.code == 0
    header, row = listed.out.splitlines()
    assert header.split() == ["report", "kind", "status", "as", "of", "created", "seconds"]
    assert row.split()[:3] == [report_id, "uptime", "complete"]

    answers = [cli("status", report_id, *option) for option in ([], ["--server", server])]
    for answer in answers:
        assert answer.code == 0
        complete, size, *_ = answer.out.splitlines()
        others = ("summary.json", "manifest.json")  # of no rows
        assert [name for name in others if not re.search(rf"\n{re.escape(name)}: [\d,]+ bytes\n", answer.out)] == []
        assert complete.startswith("Complete, as of 2023-01-")
        assert size == f"uptime.csv: 1 rows, {file.stat().st_size} bytes"
    link, fetch = (answers[at].out.splitlines()[line] for at, line in ((1, 2), (0, 4)))
    assert httpx2.get(link.strip()).content == file.read_bytes()
    # A link to servers that end with the command would be dead.
    assert fetch == f"openhours download {report_id} fetches them"


def test_the_files_of_an_earlier_report_are_downloaded_into_a_folder_that_is_made(
    server: str, cli: CommandLine, tmp_path: Path
) -> None:
    made = f"{tmp_path}/new/first/"
    first = cli("report", "uptime", "--hourly", "--as-of", AS_OF, "--out", made)
    assert first.code == 0
    report_id = first.err.split()[1].rstrip(":")
    for number, option in enumerate(([], ["--server", server])):
        again = f"{tmp_path}/again/{number}/"
        outcome = cli("download", report_id, "--out", again, *option)
        assert outcome.code == 0
        files, _, table = first.out.replace(made, again).partition("\n\n")
        assert outcome.out == files + "\n"
        assert "(all, last week)" in table
        for name in ("uptime.csv", "hourly.parquet", "summary.json", "manifest.json"):
            assert Path(again, name).read_bytes() == Path(made, name).read_bytes()
    named = tmp_path / "named.csv"
    assert cli("download", report_id, "--out", str(named)).code == 0
    assert named.read_bytes() == Path(made, "uptime.csv").read_bytes()
    assert (tmp_path / "named-hourly.parquet").is_file()


def test_a_download_of_a_report_that_is_not_complete_says_what_it_is(
    server: str, cli: CommandLine, tmp_path: Path
) -> None:
    unknown = cli("download", "0" * 32, "--server", server, "--out", f"{tmp_path}/x/")
    assert (unknown.code, unknown.err.split()[0]) == (2, "unknown_report:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "poll", lambda *_: {"status": "Failed"})
        failed = cli("download", "0" * 32, "--server", server, "--out", f"{tmp_path}/x/")
    assert failed.code == 2
    assert failed.err.startswith(f"report_not_complete: Report {'0' * 32} has no files: its status is Failed.")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_a_run_without_a_server_says_that_nothing_computes_the_report(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(Client, "follow", interrupted)
    outcome = cli("report", "uptime", "--out", f"{tmp_path}/")
    assert outcome.code == 130
    line = outcome.err.splitlines()[-1]
    assert re.fullmatch(
        r"report ([0-9a-f]{32}) is queued, but it is not computed until the next serve, worker or report runs; "
        r"status \1 shows its state, cancel \1 stops it",
        line,
    )


def test_ctrl_c_leaves_a_report_of_a_server_alone_and_says_so(loaded: Resources, tmp_path: Path) -> None:
    with (
        serving(loaded, slots=0) as address,
        started(tmp_path, "report", "uptime", "--out", str(tmp_path), "--server", address) as process,
    ):
        assert process.stderr is not None
        first = process.stderr.readline()
        report_id = first.split()[1].rstrip(":")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert (first + err).splitlines()[-1] == (
            f"report {report_id} is still running; status {report_id} shows its state, cancel {report_id} stops it"
        )
        assert httpx2.get(f"{address}/get_report?report_id={report_id}").json()["status"] == "Running"


def test_a_sample_has_the_same_id_whenever_it_is_loaded(cli: CommandLine, where: Addresses, tmp_path: Path) -> None:
    file = tmp_path / "sample.csv"
    file.write_text("review_time,team,date,merge_time\n1,A,2023-01-14,10\n1,A,2023-01-14,10\n,B,,\n")
    outcome = cli("load", "review_times", str(file))
    dataset_id = outcome.out.split()[-1]
    for again in (outcome, cli("load", "review_times", str(file))):
        assert again.code == 0
        assert again.out == f"3 rows of {file} loaded as review_times, dataset {dataset_id}\n"
    with psycopg2.connect(where.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT dataset_id, count(*) FROM review_time GROUP BY dataset_id")
        assert cursor.fetchall() == [(dataset_id, 3)]
    table = tmp_path / "report.csv"
    options = ("--source", dataset_id, "--no-charts", "--out", str(table))
    outcome = cli("report", "pull_requests", *options)
    assert outcome.code == 0
    assert table.read_text().splitlines()[1:] == [
        "A,2023-01-14,1,10,11",
        "A,2023-01-14,1,10,11",
        "B,,,,",
    ]
    table_lines = [line.split() for line in outcome.out.splitlines()]
    assert ["(all)", "3", "median", "1.0", "s", "10.0", "s", "11.0", "s"] in table_lines
    assert ["(no", "team)"] not in [line[:2] for line in table_lines]


def test_a_sample_without_observations_is_told_to_be_none(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "sample.csv"
    file.write_text("review_time,team,date,merge_time\n")
    outcome = cli("load", "review_times", str(file))
    assert outcome.code == 0
    assert outcome.out == f"0 rows of {file} loaded as review_times: no report can use it\n"


def test_the_report_on_pull_requests_prints_its_outline(
    server: str, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    data = tmp_path / "pulls.csv"
    data.write_text(
        "repo,number,team,created_at,first_review_at,approved_at,merged_at\n"
        "api,1,[red]Core,2024-11-04T15:00:00Z,2024-11-04T16:00:00Z,2024-11-04T18:00:00Z,2024-11-04T18:30:00Z\n"
        "api,2,[red]Core,2024-11-05T15:00:00Z,2024-11-05T18:00:00Z,,\n"
    )
    loaded = cli("load", "pull_requests", str(data))
    assert loaded.out == f"2 rows of {data} loaded as pull_requests\n"
    file = tmp_path / "report.csv"
    options = ("--no-charts", "--clock", "wall", "--server", server, "--out", str(file))
    outcome = cli("report", "pull_requests", *options)
    assert outcome.code == 0
    lines = [line.rstrip() for line in outcome.out.splitlines()]
    as_of = "2024-11-05T18:00:00Z"
    summary, manifest = tmp_path / "report-summary.json", tmp_path / "report-manifest.json"
    size = f"{summary.stat().st_size:,} bytes"
    # Pickup took 1 and 3 hours, review 2, merge a half, and the cycle 3.5 from creation to merge.
    assert lines == [
        f"{file}: 2 rows as of {as_of}",
        f"{summary}: {size} as of {as_of}",
        *(f"{tmp_path / f'report-{name}.csv'}: 1 rows as of {as_of}" for name in ("groups", "open")),
        f"{manifest}: {manifest.stat().st_size:,} bytes as of {as_of}",
        "",
        "                          coding  pickup  review     merge  cycle  draft",
        "team       count            time    time    time      time   time   time",
        "[red]Core      2  median       -   2.0 h   2.0 h  30.0 min  3.5 h      -",
        "                     p90       -   2.8 h   2.0 h  30.0 min  3.5 h      -",
        "                       n       0       2       1         1      1      0",
        "(all)          2  median       -   2.0 h   2.0 h  30.0 min  3.5 h      -",
        "                     p90       -   2.8 h   2.0 h  30.0 min  3.5 h      -",
        "                       n       0       2       1         1      1      0",
        "Median and 90th percentile of elapsed time; n is the number of rows that have it.",
        "Time to first review including those still waiting (Kaplan-Meier): median 1.0 h, of 2; still waiting: 0.",
        "Open: 1; waiting: 1 for review, 0 for changes, 0 for merge; drafts: 0. open.csv lists them.",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "pulls.csv",
        "report-groups.csv",
        "report-manifest.json",
        "report-open.csv",
        "report-summary.json",
        "report.csv",
    ]


def test_two_reports_in_one_folder_leave_each_others_files_alone(server: str, cli: CommandLine, tmp_path: Path) -> None:
    for name, clock in (("working.csv", "working"), ("wall.csv", "wall")):
        options = ("--no-charts", "--clock", clock, "--server", server, "--out", str(tmp_path / name))
        assert cli("report", "pull_requests", *options).code == 0
    summaries = [json.loads((tmp_path / f"{clock}-summary.json").read_text()) for clock in ("working", "wall")]
    assert [summary["clock"] for summary in summaries] == ["working", "wall"]
    kinds = ("", "-groups", "-manifest", "-open", "-summary")
    assert {path.stem for path in tmp_path.iterdir()} == {
        f"{clock}{kind}" for clock in ("working", "wall") for kind in kinds
    }


def test_in_a_folder_files_have_their_own_names(server: str, cli: CommandLine, tmp_path: Path) -> None:
    outcome = cli("report", "pull_requests", "--no-charts", "--hourly", "--server", server, "--out", str(tmp_path))
    assert outcome.code == 0
    names = ["pull_requests.csv", "hourly.csv", "summary.json", "groups.csv", "open.csv", "manifest.json"]
    assert [line.split(": ")[0] for line in outcome.out.splitlines()[:6]] == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_without_a_name_files_are_called_after_the_report(
    server: str, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("report", "pull_requests", "--no-charts", "--server", server).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "pull_requests-groups.csv",
        "pull_requests-manifest.json",
        "pull_requests-open.csv",
        "pull_requests-summary.json",
        "pull_requests.csv",
    ]


def test_charts_can_be_left_out_and_the_help_says_how(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcome = cli("report", "pull_requests", "--help")
    assert outcome.code == 0
    assert re.search(r"--charts +--no-charts .*Also draw charts.*\[default: charts\]", outcome.out), outcome.out


def test_a_file_with_wrong_rows_is_not_loaded(cli: CommandLine, where: Addresses, tmp_path: Path) -> None:
    file = tmp_path / "wrong [" / "b] :100:.csv"
    file.parent.mkdir()
    file.write_text("store_id,status,timestamp_utc\nnew,active,2023-01-22 12:00:00 UTC\nnew,:100:,[red]noon[/]\n")
    outcome = cli("load", "polls", str(file))
    assert outcome == Outcome(
        2,
        "",
        f"rejected_file: {file} was not loaded: 1 of 2 rows are invalid.\n"
        "line 3, status: ':100:' is not one of active, inactive, unknown\n"
        "line 3, timestamp_utc: '[red]noon[/]' is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or "
        "2023-01-22T12:09:39+01:00\n",
    )
    with psycopg2.connect(where.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM entity WHERE key = 'new'")
        assert cursor.fetchone() == (0,)


def test_wrong_rows_are_left_out_on_request_and_written_to_a_file(cli: CommandLine, tmp_path: Path) -> None:
    file, rejects = tmp_path / "zones.csv", tmp_path / "rejects.csv"
    file.write_text("Asia/Tokyo,left-1\nMars,left-2\nUTC\n")
    options = ("--columns", "timezone_str,store_id", "--rejects", str(rejects), "--on-error", "skip_rows")
    zone = "'Mars' is not a zone of the IANA time zone database such as America/Chicago"
    wrong = f"line 2, timezone_str: {zone}\nline 3, row: 'UTC' has 1 field instead of 2\n"
    refused = cli("load", "timezones", str(file), *options, "--max-errors", "1")
    first = f"rejected_file: {file} was not loaded: 2 of 3 rows are invalid, more than the 1 allowed.\n"
    assert refused == Outcome(2, "", first + wrong)
    taken = cli("load", "timezones", str(file), *options)
    assert (taken.code, taken.out) == (0, f"1 row of {file} loaded as timezones\n")
    warned = [line for line in taken.err.splitlines() if line.startswith("warning: ")]
    assert [line for line in taken.err.splitlines() if line not in warned] == [
        *wrong.splitlines(),
        "rejected rows, not loaded: 2",
    ]
    assert "stores in the file without polls: 1;" in warned[0]
    written = [line.split(",")[:2] for line in rejects.read_text().splitlines()]
    assert written == [["line", "column"], ["2", "timezone_str"], ["3", "row"]]


def test_the_connection_settings_are_lines_for_a_shell(cli: CommandLine, where: Addresses) -> None:
    outcome = cli("env")
    assert outcome.code == 0
    assert outcome.err == "# embedded servers listen only while a command such as serve is running\n"
    assert where.s3_access_key is not None
    assert shell(outcome.out, "OPENHOURS_DATABASE_URL", "OPENHOURS_REDIS_URL", "AWS_ACCESS_KEY_ID", "PGDATABASE") == [
        where.database_url,
        where.redis_url,
        where.s3_access_key,
        where.database_url.rpartition("/")[2],
    ]


def test_odd_passwords_reach_the_shell_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://me:it's%20%2450:100:%5Bb%5D@db.example:5433/open"
    monkeypatch.setenv("OPENHOURS_DATABASE_URL", url)
    monkeypatch.setenv("OPENHOURS_REDIS_URL", "redis://:a%40b@redis.example:6379/0")
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", "https://s3.example")
    outcome = CommandLine(monkeypatch, capsys)("env")
    assert outcome.code == 0
    assert outcome.err == ""
    names = ("OPENHOURS_DATABASE_URL", "PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE", "REDISCLI_AUTH")
    assert shell(outcome.out, *names) == [url, "me", "it's $50:100:[b]", "db.example", "5433", "open", "a@b"]


def shell(exports: str, *names: str) -> list[str]:
    """What variables hold in a shell that has read the lines."""
    show = "".join(f'printf "%s\\n" "${name}"; ' for name in names)
    done = subprocess.run(["sh", "-euc", f"{exports}\n{show}"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_database_is_migrated_once_and_again(cli: CommandLine) -> None:
    assert cli("migrate") == cli("migrate")
    assert re.fullmatch(r"the database is at revision \d{4}\n", cli("migrate").out)


def test_serve_ends_with_its_servers_on_ctrl_c(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with started(home, "serve", "--port", str(port)) as process:
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz") == 200, process)
            assert len(working_below(home)) >= 3
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=50)
            assert Outcome(process.returncode, out, err).code == 130
            assert working_below(home) == []
        finally:
            left = working_below(home)
            for server in left:
                server.kill()
            psutil.wait_procs(left, timeout=10)
