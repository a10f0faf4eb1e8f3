"""This version beside another one, in turns, in one run: load, report and polls at full size.

    python -m benchmarks.versions CHECKOUT [--rounds 5] [--polls]

CHECKOUT has the other version with its .venv. Both are driven as users drive them, by commands and HTTP, and work with
the same servers, each with a database, a database of Redis and a bucket of its own. Processor time is that of a
version's own processes, and beside it that of Postgres; the other version idles meanwhile.
"""

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final
from urllib.error import HTTPError, URLError

import psutil

from app.embedded import postgres
from app.settings import Settings
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.resources import Addresses, addresses
from benchmarks.bench import database, row
from benchmarks.make_polls import DATA, write
from benchmarks.poll_load import requests_per_second

#: Seconds for which polls are counted in each round.
POLLING_SECONDS: Final = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and seconds of processor of the version's own processes and of Postgres."""

    wall: float
    own: float
    postgres: float


@dataclass(slots=True)
class Version:
    """A checkout, what it works with, and what was measured, in order of the rounds."""

    name: str
    checkout: Path
    environment: Mapping[str, str]
    spent: dict[str, list[Spent]] = field(default_factory=dict)
    polls_a_second: dict[str, list[float]] = field(default_factory=dict)
    poll_milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        return [str(self.checkout / ".venv/bin/python"), "-m", "app", *arguments]

    def run(self, *arguments: str) -> None:
        subprocess.run(
            self.command(*arguments), cwd=self.checkout, env=self.environment, check=True, capture_output=True
        )


def _processor(pid: int) -> float:
    """Seconds of processor of a process, of its descendants, and of those of them that have ended."""
    process = psutil.Process(pid)
    total = sum(process.cpu_times()[:4])
    for one in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(one.cpu_times()[:4])
    return total


def spent(action: Callable[[], object], *, own: int, server: int) -> Spent:
    """What an action takes; processor time of the processes ``own`` and ``server`` with their descendants."""
    before = perf_counter(), _processor(own), _processor(server)
    action()
    wall = perf_counter() - before[0]
    return Spent(wall, _processor(own) - before[1], _processor(server) - before[2])


@contextmanager
def served(version: Version, *, slots: int) -> Iterator[tuple[str, int]]:
    """The address of a server of a version, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        version.command("serve", "--port", str(port), "--slots", str(slots)),
        cwd=version.checkout,
        env={**version.environment, "OPENHOURS_DRAIN_SECONDS": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = perf_counter() + 60
        while not _is_ready(address):
            if perf_counter() > deadline or process.poll() is not None:
                raise SystemExit(f"the server of {version.name} did not start")
            sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 - loopback
            return True
    except (HTTPError, URLError, OSError):
        return False


def _trigger(address: str) -> str:
    """The id of a new report."""
    with urllib.request.urlopen(f"{address}/trigger_report", data=b"") as answer:  # noqa: S310 - loopback
        found = re.search(rb"[0-9a-f]{32}", answer.read())
    assert found is not None  # noqa: S101 - every version answers with an id
    return found[0].decode()


def _report(address: str) -> str:
    """Make a report, from the trigger until it is complete."""
    report_id = _trigger(address)
    while True:
        with urllib.request.urlopen(f"{address}/get_report?report_id={report_id}&wait=30") as answer:  # noqa: S310
            text = answer.read().decode()
        if '"Complete"' in text:
            return report_id
        if '"Running"' not in text:
            raise SystemExit(f"the report failed: {text}")


def load_rounds(versions: list[Version], polls: Path, where: Addresses, server: int, rounds: int) -> None:
    """Load the polls by the command, each time into an empty database; the last ones stay in the versions' own."""
    for number in range(rounds):
        for version in in_turn(versions, number):
            with database(where, is_migrated=False) as url:
                fresh = Version(version.name, version.checkout, {**version.environment, "OPENHOURS_DATABASE_URL": url})
                load = prepare(fresh)
                one = spent(lambda load=load: load(polls), own=os.getpid(), server=server)  # type: ignore[misc]
            version.spent.setdefault("load", []).append(one)


def prepare(version: Version) -> Callable[[Path], None]:
    """Make the tables and load hours and zones; returns what loads polls."""
    version.run("migrate")
    for kind in ("hours", "timezones"):
        version.run("load", kind, str(DATA / f"{kind}.csv.gz"))
    return lambda polls: version.run("load", "polls", str(polls))


def in_turn(versions: list[Version], number: int) -> list[Version]:
    """AB, BA, AB …: neither is always the one that comes second."""
    return versions if number % 2 == 0 else versions[::-1]


def report_rounds(versions: list[Version], server: int, rounds: int, *, reports: int) -> None:
    """Reports, then polls on a complete one and on a queued one; the first round warms up and is not counted."""
    with ExitStack() as stack:
        addresses_of = {one.name: stack.enter_context(served(one, slots=1)) for one in versions}
        complete: dict[str, str] = {}
        for number in range(reports + 1):
            for version in in_turn(versions, number):
                address, pid = addresses_of[version.name]
                one = spent(
                    lambda address=address, version=version: complete.update({version.name: _report(address)}),  # type: ignore[misc]
                    own=pid,
                    server=server,
                )
                if number:
                    version.spent.setdefault("report", []).append(one)
        paths = {one.name: f"/get_report?report_id={complete[one.name]}" for one in versions}
        poll_rounds("complete", versions, addresses_of, paths, rounds)
    with ExitStack() as stack:
        idle = {one.name: stack.enter_context(served(one, slots=0)) for one in versions}
        paths = {name: f"/get_report?report_id={_trigger(address)}" for name, (address, _) in idle.items()}
        poll_rounds("queued", versions, idle, paths, rounds)


def poll_rounds(
    what: str,
    versions: list[Version],
    addresses_of: Mapping[str, tuple[str, int]],
    paths: Mapping[str, str],
    rounds: int,
) -> None:
    """Polls a second on 16 connections, and what the server computes for one; the first round is not counted."""
    for number in range(rounds + 1):
        for version in in_turn(versions, number):
            address, pid = addresses_of[version.name]
            before = _processor(pid)
            per_second = asyncio.run(requests_per_second(address, paths[version.name], seconds=POLLING_SECONDS))
            seconds = _processor(pid) - before
            if number:
                version.polls_a_second.setdefault(what, []).append(per_second)
                each = seconds / (per_second * POLLING_SECONDS)
                version.poll_milliseconds.setdefault(what, []).append(each * 1000)


def show(other: Version, ours: Version) -> None:
    """Medians side by side, and the ratio of medians: of this version to the other."""
    for what in ours.spent:
        for name, title in (
            ("wall", "seconds"),
            ("own", "seconds of processor, its own"),
            ("postgres", "Postgres' seconds"),
        ):
            before, now = (median(getattr(one, name) for one in version.spent[what]) for version in (other, ours))
            row(f"{what}: {title}", f"{before:.2f} → {now:.2f}", f"{now / before:.2f} x")
    for what in ours.polls_a_second:
        before, now = (median(version.polls_a_second[what]) for version in (other, ours))
        row(f"polls a second, of a {what} report", f"{before:,.0f} → {now:,.0f}", f"{now / before:.2f} x")
        before, now = (median(version.poll_milliseconds[what]) for version in (other, ours))
        row("    processor time of the server, each", f"{before:.2f} → {now:.2f} ms", f"{now / before:.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="checkout of the other version, with its .venv")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the log; 1 is 1.94 million polls")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--polls", action="store_true", help="measure polls alone")
    arguments = parser.parse_args()
    postgres.RIGHTS = "LOGIN CREATEDB"
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        home = Path(folder)
        rows, (polls,) = write(home / "polls.csv", scale=arguments.scale)
        settings = Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)
        with addresses(settings) as where, ExitStack() as stack:
            server = int((home / "postgres/postmaster.pid").read_text().split()[0])
            checkouts = {"other": arguments.checkout.absolute(), "ours": Path.cwd()}
            versions = []
            for number, (name, checkout) in enumerate(checkouts.items()):
                url = stack.enter_context(database(where, is_migrated=False))
                versions.append(Version(name, checkout, _environment(where, url, home / name, number)))
                subprocess.run([sys.executable, "-m", "compileall", "-q", str(checkout / "app")], check=True)
            if not arguments.polls:
                load_rounds(versions, polls, where, server, arguments.rounds)
            for version in versions:
                prepare(version)(polls)
            report_rounds(versions, server, arguments.rounds, reports=0 if arguments.polls else arguments.rounds)
            print(f"{rows:,} polls; medians of {arguments.rounds} rounds, {arguments.checkout.name} → this version\n")
            show(*versions)


def _environment(where: Addresses, url: str, home: Path, number: int) -> Mapping[str, str]:
    """What a version works with: nothing of the other one."""
    bucket = f"version-{number}"
    store = ObjectStore(
        StoreAddress(
            bucket=bucket,
            region="us-east-1",
            endpoint_url=where.s3_endpoint_url,
            access_key=where.s3_access_key,
            secret_key=where.s3_secret_key,
        )
    )
    store.ensure_bucket()
    store.close()
    home.mkdir()
    return {
        **os.environ,
        "OPENHOURS_HOME": str(home),
        "OPENHOURS_DATABASE_URL": url,
        "OPENHOURS_REDIS_URL": re.sub(r"/\d+$", "", where.redis_url) + f"/{number}",
        "OPENHOURS_S3_ENDPOINT_URL": where.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": bucket,
        "AWS_ACCESS_KEY_ID": where.s3_access_key or "",
        "AWS_SECRET_ACCESS_KEY": where.s3_secret_key or "",
    }


if __name__ == "__main__":
    main()
