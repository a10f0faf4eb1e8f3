"""Schedulers and workers as processes on loopback, as their commands start them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.settings import Settings
from app.storage.resources import Addresses
from tests.commands import REPOSITORY, wait_until


@dataclass(frozen=True)
class Process:
    """One of a cluster, and the file that has its log."""

    popen: subprocess.Popen[bytes]
    log: Path

    def said(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.log.read_text(encoding="utf-8"))

    def count(self, pattern: str) -> int:
        return len(re.findall(pattern, self.log.read_text(encoding="utf-8")))

    def await_words(self, pattern: str) -> re.Match[str]:
        return wait_until(lambda: self.said(pattern), self.popen)

    def works(self) -> list[psutil.Process]:
        """The processes that do pieces, started by this one."""
        return [one for one in psutil.Process(self.popen.pid).children() if "spawn_main" in " ".join(one.cmdline())]

    def kill(self) -> None:
        """With everything that it has started, at once."""
        for one in [*psutil.Process(self.popen.pid).children(recursive=True), psutil.Process(self.popen.pid)]:
            one.kill()
        self.popen.wait()


@dataclass(frozen=True)
class Cluster:
    """A scheduler, the command that runs its workers, and where programs reach it."""

    address: str
    scheduler: Process
    workers: Process

    def settings(self, **others: object) -> Settings:
        return Settings.model_validate({"dask_scheduler": self.address, "dask_timeout_seconds": 60, **others})


@contextmanager
def started(folder: Path, *arguments: str, variables: Mapping[str, str]) -> Iterator[Process]:
    """``python -m app …`` with a log in the folder, ended in the end."""
    log = folder / f"{arguments[0]}-{len(list(folder.iterdir()))}.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENHOURS_", "AWS_", "DASK_"))}
    own = {"OPENHOURS_HOME": str(folder / "home"), "TMPDIR": str(folder), "PYTHONPATH": str(REPOSITORY)}
    with log.open("wb") as file:
        popen = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            env=kept | own | variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process = Process(popen, log)
    try:
        yield process
    finally:
        if popen.poll() is None:
            process.kill()


@contextmanager
def cluster(folder: Path, *, workers: int, variables: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster of its own, whose processes take their settings from ``variables``."""
    with ExitStack() as stack:
        options = ("--port", "0", "--health-port", "0")
        scheduler = stack.enter_context(started(folder, "dask-scheduler", *options, variables=variables))
        address = scheduler.await_words(r"Scheduler at: +(\w+://[0-9.:]+)")[1]
        own = {**variables, "OPENHOURS_DASK_SCHEDULER": address}
        made = stack.enter_context(started(folder, "dask-worker", "--workers", str(workers), variables=own))
        wait_until(lambda: made.count(r"Registered to:") == workers, made.popen)
        yield Cluster(address, scheduler, made)


def bucket_variables(servers: Addresses, bucket: str) -> dict[str, str]:
    """The settings by which a worker reaches a bucket of the tests' S3."""
    return {
        "OPENHOURS_S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": bucket,
        "AWS_ACCESS_KEY_ID": str(servers.s3_access_key),
        "AWS_SECRET_ACCESS_KEY": str(servers.s3_secret_key),
    }
