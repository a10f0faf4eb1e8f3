"""Speed and memory at full size, on the real servers, from one run; ratios are what counts.

    make bench                          the full-size log, then one ten times as large
    python -m benchmarks.bench --scale 0.1 --large 0     a quick look

Every figure is a median of several rounds; what is compared is measured in turns, in the same run.
"""

import argparse
import asyncio
import io
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import psycopg2
from sqlalchemy import Engine

from app.client import Client
from app.database import build_engine, driver_cursor
from app.datasets.load import load
from app.datasets.registry import DATASET_KINDS
from app.migrate import migrate
from app.resources import Addresses, addresses
from app.settings import Settings
from benchmarks.make_polls import DATA, write
from benchmarks.poll_load import percentiles, poll_latencies

POLLS_PER_SECOND = 200
POLL_SECONDS = 10


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
def database(where: Addresses) -> Iterator[str]:
    """The address of an empty, migrated database."""
    server, name = where.database_url.rpartition("/")[0], f"bench_{uuid.uuid4().hex[:8]}"
    admin = psycopg2.connect(f"{server}/postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        url = f"{server}/{name}"
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
            load(engine, DATASET_KINDS[kind], DATA / f"{kind}.csv.gz")
        return timed(lambda: [load(engine, DATASET_KINDS["polls"], path) for path in polls])


def floor(url: str) -> float:
    """Every poll as Postgres' own binary COPY on one connection, thrown away."""
    query = "COPY (SELECT entity_id, at, active FROM poll) TO STDOUT (FORMAT binary)"
    with engine_of(url) as engine, engine.connect() as connection, driver_cursor(connection) as cursor:
        sink = io.BufferedWriter(_Discard(), 1 << 20)
        return timed(lambda: cursor.copy_expert(query, sink))


@contextmanager
def served(url: str, home: Path, port: int) -> Iterator[tuple[Client, Path]]:
    """A server process of its own, as users have it, and its log."""
    log = home / f"serve-{uuid.uuid4().hex[:6]}.log"
    settings = {"OPENHOURS_HOME": str(home), "OPENHOURS_DATABASE_URL": url}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--slots", "1"]
    with log.open("w") as out:
        process = subprocess.Popen(command, env={**environ, **settings}, stdout=out, stderr=out)
    client = Client(f"http://127.0.0.1:{port}")
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
        client.reports(limit=1)
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


def poll_rounds(url: str, home: Path, port: int) -> tuple[float, float]:
    """p50 and p99 of polls at a steady rate while one report after the other is computed, milliseconds."""
    with served(url, home, port) as (client, _):
        run_report(client)
        stop = threading.Event()
        busy = Client(client.address)

        current = [client.trigger("uptime", {})]

        def keep_busy() -> None:
            while not stop.is_set():
                for _ in busy.follow(current[0]):
                    pass
                current[0] = busy.trigger("uptime", {})

        thread = threading.Thread(target=keep_busy)
        thread.start()
        latencies = asyncio.run(
            poll_latencies(
                client.address,
                lambda: f"/get_report?report_id={current[0]}",
                per_second=POLLS_PER_SECOND,
                seconds=POLL_SECONDS,
            )
        )
        stop.set()
        thread.join()
        busy.close()
    return percentiles(latencies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the log; 1 is 1.94 million polls")
    parser.add_argument("--large", type=float, default=10.0, help="size of the large log; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=18765)
    parser.add_argument("--polls-only", action="store_true", help="measure only the latency of polls")
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
            row("poll", "p50 {:.1f} ms, p99 {:.1f} ms".format(*poll_rounds(url, home, port)))
        return
    bare, loads = [], []
    for _ in range(3):
        with database(where) as url:
            bare.append(timed(lambda: bare_copy(url, polls)))
            loads.append(load_everything(url, [polls]))
    row("bare COPY of the CSV into an unlogged table of texts", f"{median(bare):.2f} s")
    row("load: check, stage, merge", f"{median(loads):.2f} s", f"{median(loads) / median(bare):.1f} x bare (aim 4)")
    with database(where) as url:
        load_everything(url, [polls])
        once = report_rounds(url, home, port, rounds)
        p50, p99 = poll_rounds(url, home, port)
    row("floor: binary COPY of all polls, one connection", f"{once.floor_seconds:.2f} s")
    row("report: trigger to Complete", f"{once.report_seconds:.2f} s", f"{once.ratio:.2f} x floor (aim 1.5)")
    row("peak memory of the report's process", f"{once.peak_mib} MiB", "(aim 600)")
    row(f"poll at {POLLS_PER_SECOND}/s during reports", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", "(aim p99 50)")
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


def row(what: str, figure: str, judged: str = "") -> None:
    print(f"{what:<56}{figure:>24}  {judged}", flush=True)


if __name__ == "__main__":
    main()
