"""Replicas on loopback: started, killed, paused, replaced, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Event, RLock, Thread
from time import monotonic, sleep, time

import psutil

from tests.chaos.asking import NoAnswer, ask
from tests.chaos.failpoints import MARK
from tests.commands import REPOSITORY, free_port

#: A variable that tells whose processes are whose: each inherits it from its replica.
REPLICA_VARIABLE = "CHAOS_REPLICA"

#: A replica is ready after two or three seconds; ten of them starting on a slow core take longer, seconds.
READY_SECONDS = 90

#: How often the dead are looked for, seconds.
LOOK_SECONDS = 0.05

#: Processes of a killed replica notice its death by a closed pipe, at once; a busy machine needs a moment, seconds.
ORPHAN_SECONDS = 15

#: A stopping replica is given this long: 60 seconds for its reports and some to spare, seconds.
STOP_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Death:
    """A replica that was killed, by us (``signal``) or by itself at a failpoint; ``at`` in seconds since 1970."""

    pid: int
    at: float
    where: str


class Replica:
    """One process of ours that serves, or only works; ``failpoints`` are those at which it may die, as of install()."""

    def __init__(
        self, command: str, environment: dict[str, str], log: Path, *, failpoints: dict[str, float], seed: int
    ) -> None:
        self.failpoints = failpoints
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.mark = uuid.uuid4().hex
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.replica", command, "--port", str(self.port)],
                cwd=REPOSITORY,
                env=environment
                | {"CHAOS_FAILPOINTS": json.dumps(failpoints), "CHAOS_SEED": str(seed), REPLICA_VARIABLE: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_ready(self) -> bool:
        try:
            return ask(f"{self.address}/readyz", timeout_seconds=1).status == 200
        except NoAnswer:
            return False

    def send(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(sign)

    def end(self) -> str:
        """The failpoint at which it died, or how it ended otherwise."""
        marks = [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith(MARK)]
        return marks[-1].removeprefix(MARK) if marks else f"exit code {self.process.returncode}"


class Cluster:
    """Replicas; one that dies unasked is replaced at once."""

    def __init__(
        self,
        environment: dict[str, str],
        folder: Path,
        *,
        command: str = "serve",
        failpoints: Callable[[int], dict[str, float]] = lambda _: {},
        **settings: object,
    ) -> None:
        """``failpoints`` gives those of the n-th replica; ``settings`` are OPENHOURS_… variables."""
        self._folder = folder
        self._command = command
        self._failpoints = failpoints
        own = {f"OPENHOURS_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = _clean_environment() | environment | own | {"TMPDIR": str(folder)}
        self._numbers = count()
        self._lock = RLock()
        self._closing = Event()
        self._keeper = Thread(target=self._keep, name="keeper")
        self._past: list[Replica] = []
        self._retiring: list[Replica] = []
        self.replicas: list[Replica] = []
        self.deaths: list[Death] = []

    def start(self) -> Replica:
        """One more replica; it will be ready in a while."""
        with self._lock:
            number = next(self._numbers)
            replica = Replica(
                self._command,
                self._environment,
                self._folder / f"replica-{number}.log",
                failpoints=self._failpoints(number),
                seed=number,
            )
            self.replicas.append(replica)
            return replica

    def addresses(self) -> list[str]:
        with self._lock:
            retiring = [replica for replica in self._retiring if replica.process.poll() is None]
            return [replica.address for replica in [*self.replicas, *retiring]]

    def ready(self) -> list[Replica]:
        with self._lock:
            replicas = list(self.replicas)
        return [replica for replica in replicas if replica.is_ready()]

    def wait_ready(self, number: int) -> list[Replica]:
        """Return when that many replicas are ready."""
        deadline = monotonic() + READY_SECONDS
        while len(ready := self.ready()) < number:
            assert monotonic() < deadline, self.replicas[-1].log.read_text(errors="replace")
            sleep(0.1)
        return ready

    def kill(self, replica: Replica) -> None:
        """Kill -9; another is started in its place."""
        with self._lock:
            if replica not in self.replicas:
                return  # it was faster itself
            death = Death(replica.pid, time(), "SIGKILL")
            replica.send(signal.SIGKILL)
            replica.process.wait()
            self._bury(replica, death)

    def postpone_deaths(self, *, since: float) -> None:
        """Take deaths since then, seconds since 1970, as of now."""
        with self._lock:
            self.deaths[:] = [replace(death, at=time()) if death.at >= since else death for death in self.deaths]

    def retire(self, replica: Replica) -> None:
        """SIGTERM; the replica answers on for a while, so it stays among the addresses until it is gone."""
        with self._lock:
            self._retiring.append(replica)
            self.replicas.remove(replica)
        replica.send(signal.SIGTERM)

    def exit_codes(self) -> list[int]:
        """Of the replicas that were retired, when all of them have ended."""
        return [replica.process.wait(STOP_SECONDS) for replica in self._retiring]

    def orphans(self) -> list[psutil.Process]:
        """Processes that outlived their dead replica for too long."""
        deadline = monotonic() + ORPHAN_SECONDS
        while (left := self._orphans_now()) and monotonic() < deadline:
            sleep(0.2)
        return left

    def _orphans_now(self) -> list[psutil.Process]:
        gone = {replica.mark for replica in [*self._past, *self._retiring] if replica.process.poll() is not None}
        return [process for process in psutil.process_iter() if _replica_of(process) in gone]

    def _bury(self, replica: Replica, death: Death) -> None:
        self.replicas.remove(replica)
        self._past.append(replica)
        self.deaths.append(death)
        if not self._closing.is_set():
            self.start()

    def _keep(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            with self._lock:
                for replica in list(self.replicas):
                    if replica.process.poll() is not None:
                        self._bury(replica, Death(replica.pid, time(), replica.end()))

    def open(self) -> None:
        self._keeper.start()

    def close(self) -> None:
        """End everything that was started here."""
        self._closing.set()
        self._keeper.join()
        everybody = [*self.replicas, *self._retiring, *self._past]
        for replica in everybody:
            replica.send(signal.SIGKILL)
            replica.send(signal.SIGCONT)
            replica.process.wait()
        self._past = everybody
        for process in self._orphans_now():
            with suppress(psutil.NoSuchProcess):
                process.kill()


@contextmanager
def cluster(
    environment: dict[str, str],
    folder: Path,
    *,
    replicas: int,
    command: str = "serve",
    failpoints: Callable[[int], dict[str, float]] = lambda _: {},
    **settings: object,
) -> Iterator[Cluster]:
    """As many replicas, ready."""
    folder.mkdir(exist_ok=True)
    started = Cluster(environment, folder, command=command, failpoints=failpoints, **settings)
    started.open()
    try:
        for _ in range(replicas):
            started.start()
        started.wait_ready(replicas)
        yield started
    finally:
        started.close()


def _clean_environment() -> dict[str, str]:
    # Bytecode is kept, or each start of a replica compiles everything.
    unwanted = ("OPENHOURS_", "AWS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def _replica_of(process: psutil.Process) -> str | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else process.environ().get(REPLICA_VARIABLE)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
