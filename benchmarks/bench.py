"""Speed and memory at full size, on the real servers, from one run; ratios are what counts.

    make bench                          the full-size log, then one ten times as large
    python -m benchmarks.bench --scale 0.1 --large 0     a quick look

Every figure is a median of several rounds; what is compared is measured in turns, in the same run.
"""

import argparse
import asyncio
import io
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from os import environ
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import psycopg2
from sqlalchemy import Engine

from app.embedded import postgres
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs.status import Live, LiveStatus
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.postgres import build_engine, driver_cursor
from app.storage.redis_client import build_redis
from app.storage.resources import Addresses, addresses
from benchmarks.accounting import compare, explain
from benchmarks.make_polls import DATA, write
from benchmarks.poll_load import percentiles, poll_latencies, requests_per_second
from openhours.client import Client
from openhours.outgoing import outgoing

POLLS_PER_SECOND = 200
POLL_SECONDS = 10
THROUGHPUT_SECONDS = 3
TRIGGERS = 200

#: Polls of a file in which each has a store of its own, and the length of their keys, characters of four bytes.
MANY_KEYS = 300_000
KEY_LENGTH = 250

#: Reports that are computed at a time while latencies are measured.
SLOTS = 2

#: Instant of the reports that name one: just after the last poll of the log.
AS_OF = datetime(2023, 1, 25, 18, 13, 23, tzinfo=UTC)

# Each measurement has a database of its own, which the role of the program may not make otherwise.
postgres.RIGHTS = "LOGIN CREATEDB"


@dataclass(frozen=True, slots=True)
class Reports:
    """Rounds of the report on one log."""

    floor_seconds: float
    report_seconds: float
    peak_mib: int

    @property
    def ratio(self) -> float:
        return self.report_seconds / self.floor_seconds


class _Discard(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def timed(action: Callable[[], object]) -> float:
    begin = perf_counter()
    action()
    return perf_counter() - begin


@contextmanager
def database(where: Addresses, *, is_migrated: bool = True) -> Iterator[str]:
    """The address of an empty database, with this version's tables if it is to be migrated."""
    server, name = where.database_url.rpartition("/")[0], f"bench_{uuid.uuid4().hex[:8]}"
    admin = psycopg2.connect(f"{server}/postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        url = f"{server}/{name}"
        if is_migrated:
            with engine_of(url) as engine:
                migrate(engine)
        yield url
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = build_engine(url, pool_size=4)
    yield engine
    engine.dispose()


def bare_copy(url: str, path: Path) -> None:
    """The same CSV into an unlogged table of texts: what Postgres alone needs to take it in."""
    with engine_of(url) as engine, engine.begin() as connection, driver_cursor(connection) as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute("CREATE UNLOGGED TABLE bare (store_id text, status text, timestamp_utc text)")
        with path.open("rb") as file:
            cursor.copy_expert("COPY bare FROM STDIN (FORMAT csv, HEADER)", file, size=1 << 20)


def load_everything(url: str, polls: list[Path]) -> float:
    """Hours and zones, then the polls; seconds that the polls took."""
    with engine_of(url) as engine:
        for kind in ("hours", "timezones"):
            load(engine, DATASET_KINDS[kind], FileSource(DATA / f"{kind}.csv.gz"), now=datetime.now(UTC))
        return timed(
            lambda: [load(engine, DATASET_KINDS["polls"], FileSource(path), now=datetime.now(UTC)) for path in polls]
        )


def floor(url: str) -> float:
    """Every poll as Postgres' own binary COPY on one connection, thrown away."""
    query = "COPY (SELECT entity_id, at, active FROM poll) TO STDOUT (FORMAT binary)"
    with engine_of(url) as engine, engine.connect() as connection, driver_cursor(connection) as cursor:
        sink = io.BufferedWriter(_Discard(), 1 << 20)
        return timed(lambda: cursor.copy_expert(query, sink))


@contextmanager
def served(url: str, home: Path, port: int, *, slots: int = 1) -> Iterator[tuple[Client, Path]]:
    """A server process of its own, as users have it, and its log."""
    log = home / f"serve-{uuid.uuid4().hex[:6]}.log"
    settings = {"OPENHOURS_HOME": str(home), "OPENHOURS_DATABASE_URL": url, "OPENHOURS_DRAIN_SECONDS": "0"}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--slots", str(slots)]
    with log.open("w") as out:
        process = subprocess.Popen(command, env={**environ, **settings}, stdout=out, stderr=out)
    client = Client(f"http://127.0.0.1:{port}", key="")
    try:
        deadline = perf_counter() + 60
        while not _is_ready(client):
            if perf_counter() > deadline or process.poll() is not None:
                raise SystemExit(f"the server did not start:\n{log.read_text()}")
            sleep(0.05)
        yield client, log
    finally:
        client.close()
        process.terminate()
        process.wait()


def _is_ready(client: Client) -> bool:
    try:
        client.page("reports", limit=1)
    except Exception:  # noqa: BLE001 - whatever it is, it is not ready
        return False
    return True


def run_report(client: Client) -> None:
    for _ in client.follow(client.trigger("uptime", {})):
        pass


def report_rounds(url: str, home: Path, port: int, rounds: int) -> Reports:
    """Floor and report in turns; the first round of each warms up and is not counted."""
    with served(url, home, port) as (client, log):
        run_report(client)
        floor(url)
        pairs = [(floor(url), timed(lambda: run_report(client))) for _ in range(rounds)]
        peaks = [int(mib) for mib in re.findall(r"peak memory (\d+) MiB", log.read_text())]
    floors, reports = zip(*pairs, strict=True)
    return Reports(median(floors), median(reports), max(peaks))


def sealed_rounds(url: str, home: Path, port: int, rounds: int, *, floor_seconds: float) -> Reports:
    """Seal every week, then the report; the floor is that of the same polls before.

    Between two reports there is a pause as long as the floor, which report_rounds() takes then: whoever asks for one
    report gets a process that is ready.
    """
    settings = {"OPENHOURS_HOME": str(home), "OPENHOURS_DATABASE_URL": url}
    command = [sys.executable, "-m", "app", "seal", "--all"]
    subprocess.run(command, env={**environ, **settings}, check=True, stdout=subprocess.DEVNULL)
    with served(url, home, port) as (client, log):
        run_report(client)
        reports = []
        for _ in range(rounds):
            sleep(floor_seconds)
            reports.append(timed(lambda: run_report(client)))
        peaks = [int(mib) for mib in re.findall(r"peak memory (\d+) MiB", log.read_text())]
    return Reports(floor_seconds, median(reports), max(peaks))


@contextmanager
def every_slot_busy(client: Client) -> Iterator[list[str]]:
    """Reports in every slot, one after the other; yields the ids of those that run now."""
    stop = threading.Event()
    current = [client.trigger("uptime", {}) for _ in range(SLOTS)]

    def keep_busy(slot: int) -> None:
        own = Client(client.address, key="")
        while not stop.is_set():
            for _ in own.follow(current[slot]):
                pass
            current[slot] = own.trigger("uptime", {})
        own.close()

    threads = [threading.Thread(target=keep_busy, args=(slot,)) for slot in range(SLOTS)]
    for thread in threads:
        thread.start()
    yield current
    stop.set()
    for thread in threads:
        thread.join()


@dataclass(frozen=True, slots=True)
class Latencies:
    """p50 and p99, milliseconds."""

    poll: tuple[float, float]
    trigger: tuple[float, float]


def latencies(url: str, home: Path, port: int) -> Latencies:
    """Polls at a steady rate, then triggers in a row, while every slot computes one report after the other."""
    with served(url, home, port, slots=SLOTS) as (client, _):
        run_report(client)
        with every_slot_busy(client) as current:
            polls = asyncio.run(
                poll_latencies(
                    client.address,
                    lambda: f"/get_report?report_id={current[0]}",
                    per_second=POLLS_PER_SECOND,
                    seconds=POLL_SECONDS,
                )
            )
            triggered: list[str] = []
            seconds = [timed(lambda: triggered.append(client.trigger("uptime", {}))) for _ in range(TRIGGERS)]
            for report_id in triggered:
                client.delete(report_id)
    return Latencies(percentiles(polls), percentiles(seconds))


@contextmanager
def bare_api(redis_url: str, port: int) -> Iterator[str]:
    """The smallest application that reads a hash."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_api", redis_url, str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = perf_counter() + 30
        while not _listens(port):
            if perf_counter() > deadline:
                raise SystemExit("the bare application did not start")
            sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def throughputs(url: str, where: Addresses, home: Path, port: int, rounds: int) -> tuple[float, float]:
    """Polls a second of the bare application and of ours, in turns."""
    report_id = "0" * 32
    with closing(build_redis(where.redis_url, timeout_seconds=1)) as redis:
        status = LiveStatus(redis)
        with bare_api(where.redis_url, port + 1) as bare, served(url, home, port, slots=0) as (client, _):
            pairs = []
            for _ in range(rounds + 1):  # the first one warms up
                pair = []
                for address in (bare, client.address):
                    status.update(report_id, Live("computing", 0.5), kind="uptime")
                    path = f"/get_report?report_id={report_id}"
                    pair.append(asyncio.run(requests_per_second(address, path, seconds=THROUGHPUT_SECONDS)))
                pairs.append(pair)
        status.forget(report_id)
    bares, ours = zip(*pairs[1:], strict=True)
    return median(bares), median(ours)


@dataclass(frozen=True, slots=True)
class Datasets:
    """Rounds of bringing one file in: sending it, and from its last byte until it is ready."""

    send_seconds: float
    ready_seconds: float
    peak_mib: int


def dataset_rounds(where: Addresses, home: Path, port: int, path: Path, rounds: int) -> Datasets:
    """Bring the file in by tus, each time into an empty database."""
    sends, readies, peaks = [], [], []
    for _ in range(rounds):
        with database(where) as url, served(url, home, port) as (client, log):
            with closing(client.uploader(memory=home / "uploads")) as uploader:
                file = outgoing(path, kind="polls", options={}, read=lambda _: None)
                begin = perf_counter()
                dataset_id = uploader.send(file, sent=lambda _: None)
                sends.append(perf_counter() - begin)
            begin = perf_counter()
            *_, last = client.follow_dataset(dataset_id)
            readies.append(perf_counter() - begin)
            if last["status"] != "ready":
                raise SystemExit(f"the dataset is not ready: {last}")
            peaks += [int(mib) for mib in re.findall(r"peak memory (\d+) MiB", log.read_text())]
    return Datasets(median(sends), median(readies), max(peaks))


def write_many_keys(path: Path) -> Path:
    """Polls of which each names another store, by a key about as long as it may be."""
    with path.open("w", encoding="utf-8") as file:
        file.write("store_id,status,timestamp_utc\n")
        for number in range(MANY_KEYS):
            key = f"{number:07}".ljust(KEY_LENGTH, "\N{SLICE OF PIZZA}")
            file.write(f"{key},active,2023-01-22 12:00:00 UTC\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the log; 1 is 1.94 million polls")
    parser.add_argument("--large", type=float, default=10.0, help="size of the large log; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=18765)
    parser.add_argument("--polls-only", action="store_true", help="measure only polls and triggers")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        home = Path(folder)
        with addresses(Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)) as where:
            measure(where, home, arguments)


def measure(where: Addresses, home: Path, arguments: argparse.Namespace) -> None:
    rounds, port = arguments.rounds, arguments.port
    rows, (polls,) = write(home / "polls.csv", scale=arguments.scale)
    print(f"{rows:,} polls, {polls.stat().st_size / 1e6:,.0f} MB as CSV; medians of {rounds} rounds\n")
    if arguments.polls_only:
        with database(where) as url:
            load_everything(url, [polls])
            show_api(latencies(url, home, port), throughputs(url, where, home, port, rounds))
        return
    bare, loads = [], []
    for _ in range(3):
        with database(where) as url:
            bare.append(timed(lambda: bare_copy(url, polls)))
            loads.append(load_everything(url, [polls]))
    row("bare COPY of the CSV into an unlogged table of texts", f"{median(bare):.2f} s")
    row("load: check, stage, merge", f"{median(loads):.2f} s", f"{median(loads) / median(bare):.1f} x bare (aim 3)")
    brought = dataset_rounds(where, home, port, polls, 3)
    times = brought.ready_seconds / median(bare)
    row("dataset: last byte to ready", f"{brought.ready_seconds:.2f} s", f"{times:.1f} x bare (aim 5)")
    row("peak memory of checking and loading", f"{brought.peak_mib} MiB", "(aim 300)")
    keys = dataset_rounds(where, home, port, write_many_keys(home / "keys.csv"), 1)
    row(f"    with {MANY_KEYS:,} keys of {KEY_LENGTH} characters", f"{keys.peak_mib} MiB", "(aim 300)")
    with database(where) as url:
        load_everything(url, [polls])
        once = report_rounds(url, home, port, rounds)
        api = latencies(url, home, port), throughputs(url, where, home, port, rounds)
        accountings(url, home, port, rounds)
        sealed = sealed_rounds(url, home, port, rounds, floor_seconds=once.floor_seconds)
    row("floor: binary COPY of all polls, one connection", f"{once.floor_seconds:.2f} s")
    row("report: trigger to Complete", f"{once.report_seconds:.2f} s", f"{once.ratio:.2f} x floor (aim 1.4)")
    row("peak memory of the report's process", f"{once.peak_mib} MiB", "(aim 600)")
    times = sealed.report_seconds / once.report_seconds
    judged = f"{sealed.ratio:.2f} x floor (aim 0.9), {times:.2f} x unsealed"
    row("report on sealed weeks: trigger to Complete", f"{sealed.report_seconds:.2f} s", judged)
    row("peak memory of its process", f"{sealed.peak_mib} MiB", "(aim 600)")
    show_api(*api)
    with database(where) as url:
        _, days = write(home / "day.csv", scale=arguments.scale, by_day=True)
        seconds = load_everything(url, days)
        daily = report_rounds(url, home, port, rounds)
    row(f"load of the same log as {len(days)} daily files", f"{seconds:.2f} s")
    share = daily.report_seconds / once.report_seconds
    row("report after daily files", f"{daily.report_seconds:.2f} s", f"{share:.2f} x the first (aim 1.2)")
    if arguments.large:
        rows, (polls,) = write(home / "polls.csv", scale=arguments.large)
        with database(where) as url:
            load_seconds = load_everything(url, [polls])
            large = report_rounds(url, home, port, 3)
        print()
        row(f"{rows:,} polls: load", f"{load_seconds:.1f} s")
        times = large.report_seconds / once.report_seconds
        row("report: trigger to Complete", f"{large.report_seconds:.2f} s", f"{times:.1f} x the smaller (aim 11)")
        row("peak memory of the report's process", f"{large.peak_mib} MiB", "(aim 1000)")


def accountings(url: str, home: Path, port: int, rounds: int) -> None:
    """Exact against hourly accounting, and explaining one store, on the whole log."""
    asked = [("the week", {"as_of": AS_OF.isoformat()})]
    compare(url, Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None), asked, rounds)
    with served(url, home, port) as (client, _):
        explain(client, asked)


def show_api(measured: Latencies, polls_per_second: tuple[float, float]) -> None:
    bare, ours = polls_per_second
    spread = "p50 {:.1f} ms, p99 {:.1f} ms".format
    row(f"poll at {POLLS_PER_SECOND}/s, every slot busy", spread(*measured.poll), "(aim p99 50)")
    row("trigger, every slot busy", spread(*measured.trigger))
    row("polls a second, bare FastAPI and redis-py", f"{bare:,.0f}")
    row("polls a second", f"{ours:,.0f}", f"{ours / bare:.2f} x bare")


def row(what: str, figure: str, judged: str = "") -> None:
    print(f"{what:<56}{figure:>24}  {judged}", flush=True)


if __name__ == "__main__":
    main()
