"""Speed of roll-ups on two workers of a cluster, on this machine, against a script for DuckDB and one process.

    python -m benchmarks.rollup_cluster --rows 15000000

They are made in turns and write the same lines; the script is that of benchmarks.rollup. On one machine the workers
share its cores with everything else, so the figure is what a cluster costs, not what more machines bring.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep

import psutil

from app.settings import Settings
from app.storage.resources import Addresses, addresses, open_resources
from benchmarks.rollup import Took, Way, compare_as_asked, in_a_process, make_plays, ours, script, stored

WORKERS = 2

#: What the others are compared with.
SCRIPT = "DuckDB script"

#: Longest wait for a scheduler or worker to start, seconds.
START_SECONDS = 120

#: An input of any size is done in one process, and in pieces.
IN_ONE_GO, IN_PIECES = 1 << 60, -1


@contextmanager
def started(
    folder: Path, *arguments: str, ready: str, times: int, variables: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """One of the commands, once its log has a pattern so many times; its process id, and what was found."""
    log = folder / f"{arguments[0]}.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "app", *arguments]
        process = subprocess.Popen(command, env=os.environ | variables, stdout=file, stderr=file)
    try:
        found: list[str] = []
        for _ in range(10 * START_SECONDS):
            if len(found := re.findall(ready, log.read_text(encoding="utf-8"))) >= times:
                break
            sleep(0.1)
        yield process.pid, found[-1]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cluster(folder: Path, where: Addresses, settings: Settings) -> Iterator[tuple[str, int]]:
    """The address of a scheduler, and the process whose children are its workers."""
    variables = {
        "OPENHOURS_S3_ENDPOINT_URL": where.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": settings.s3_bucket,
        "OPENHOURS_REPORT_MEMORY_LIMIT_MB": str(settings.report_memory_limit_mb),
        "AWS_ACCESS_KEY_ID": str(where.s3_access_key),
        "AWS_SECRET_ACCESS_KEY": str(where.s3_secret_key),
        "TMPDIR": str(folder),
    }
    options = ("--port", "0", "--health-port", "0")
    pattern = r"Scheduler at: +(\w+://[0-9.:]+)"
    with started(folder, "dask-scheduler", *options, ready=pattern, times=1, variables=variables) as (_, address):
        own = variables | {"OPENHOURS_DASK_SCHEDULER": address}
        words = ("dask-worker", "--workers", str(WORKERS))
        with started(folder, *words, ready="Registered to:", times=WORKERS, variables=own) as (process, _):
            yield address, process


def peak_mib(process: int) -> int:
    """The most memory that one of the workers has had at a time, MiB."""
    peaks = []
    for child in psutil.Process(process).children():
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
        peaks.append(int(status.partition("VmHWM:")[2].split()[0]) >> 10)
    return max(peaks)


def compare(rows: int, groups: int, *, rounds: int, memory_mb: int) -> None:
    """Print what both took of one shape."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(home=folder / "home", s3_bucket="bench", report_memory_limit_mb=memory_mb)
        make_plays(folder / "plays.csv", rows=rows, groups=groups)
        with (
            addresses(settings) as where,
            open_resources(settings, where) as resources,
            cluster(folder, where, settings) as (scheduler, process),
        ):
            table, address = stored(resources.object_store, folder / "plays.csv"), resources.object_store.address
            there = settings.model_copy(update={"dask_scheduler": scheduler})
            ways: dict[str, tuple[Way, Settings, int]] = {
                SCRIPT: (script, settings, 0),
                "one process": (ours, settings, IN_ONE_GO),
                f"{WORKERS} workers": (ours, there, IN_PIECES),
            }
            took: dict[str, list[Took]] = {name: [] for name in ways}
            for _ in range(rounds):
                for way, (function, where_done, one_go_bytes) in ways.items():
                    took[way].append(in_a_process(function, address, where_done, table, one_go_bytes))
            worker_mib = peak_mib(process)
    if len({one.sha256 for runs in took.values() for one in runs}) != 1:
        raise SystemExit("they wrote different lines")
    print(
        f"\n{rows:,} rows, {table.bytes >> 20} MiB, {groups:,} possible groups, {memory_mb} MiB, {rounds} rounds, "
        f"a worker at most {worker_mib} MiB"
    )
    for way, runs in took.items():
        ratio = median(one.seconds / other.seconds for one, other in zip(runs, took[SCRIPT], strict=True))
        print(f"{way:<14}{median(one.seconds for one in runs):6.1f} s {ratio:5.2f} x")


if __name__ == "__main__":
    compare_as_asked(__doc__, compare)
