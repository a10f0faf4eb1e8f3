"""The share of one program in the servers of a home: which run, where, who started them."""

import fcntl
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import SIGCONT
from typing import IO, cast

from app.embedded.programs import SERVERS
from app.embedded.server import Credentials, NoAnswerError, Server, write_private
from app.embedded.silence import Silence
from app.errors import EmbeddedServerError

#: Seconds until a server must answer; a first start takes one or two, on an overloaded machine half a minute.
READY_SECONDS = 60.0

#: Seconds that a server has after each signal to stop: Postgres writes its buffers out first.
STOP_SECONDS = 15.0

#: Seconds between two looks at a server that starts or stops.
LOOK_SECONDS = 0.01

#: Holds a server back until its pid is on record: if we die before, ``read`` fails and nobody is left behind.
GATE = 'read -r go && exec "$@" </dev/null'

#: What the log says, in lower case, when another attempt helps: somebody took the port meanwhile, or the children of
#: a killed Postgres are not gone yet.
PASSING_FAILURES = ("address already in use", "pre-existing shared memory block")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the embedded servers listen. Only those that were asked for are set."""

    database_url: str | None
    redis_url: str | None
    s3_endpoint_url: str | None
    s3_access_key: str | None
    s3_secret_key: str | None
    #: The titles of servers that have died or hung, and do not answer since they were started again.
    down: Callable[[], Sequence[str]] = field(default=tuple, compare=False)


def _alone(users_lock: int) -> bool:
    """Whether no other program has a share. Ours is given up by asking."""
    try:
        fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _credentials(path: Path) -> Credentials:
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        credentials = Credentials(
            postgres_password=secrets.token_hex(32),
            redis_password=secrets.token_hex(32),
            s3_access_key=secrets.token_hex(10),
            s3_secret_key=secrets.token_hex(32),
        )
        write_private(path, json.dumps(asdict(credentials)))
        return credentials
    except (ValueError, TypeError) as exc:
        raise EmbeddedServerError(
            f"{path} is damaged ({exc}). Restore it from a backup; without it, the data beside it cannot be opened."
        ) from exc


@dataclass(frozen=True, slots=True)
class _Record:
    """The process of a server. Its start time tells it from a later process with the same pid."""

    pid: int
    start_ticks: int
    port: int


def _start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 if it does not run. Fields: proc_pid_stat(5)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    threads, start_ticks = int(fields[20 - 4]), int(fields[22 - 4])
    # While its other threads end, a process is a zombie that still holds its port and files.
    return 0 if state in {b"Z", b"X"} and threads <= 1 else start_ticks


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _failed_in_passing(log: Path) -> bool:
    text = log.read_text(encoding="utf-8", errors="replace").lower()
    return any(failure in text for failure in PASSING_FAILURES)


class Share:
    """The share of one program in the servers of a home. To be used with the start lock held."""

    def __init__(self, home: Path, users_lock: int) -> None:
        self._home = home
        self._users_lock = users_lock
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        # Pids and ports mean something only in the container that wrote them.
        self._namespace = str(Path("/proc/self/ns/pid").readlink())
        alone = _alone(users_lock)
        self._records = self._read_records(alone=alone)
        # Programs that use the home have been told the ports.
        self._keeps_ports = not alone
        self._credentials = _credentials(home / "credentials.json")
        fcntl.flock(users_lock, fcntl.LOCK_SH)

    def start(self, wanted: Collection[str]) -> None:
        """Return when all wanted servers answer; if one does not, stop those that were started here."""
        try:
            for name in wanted:
                if not self.runs(name):
                    self._launch(name)
            for name in wanted:
                self._wait_for_answer(name)
        except BaseException:
            self._stop(self._children)
            raise
        self._keeps_ports = True

    def revive(self, name: str) -> bool:
        """Start a server that has died again, on its port; False if another program has done so."""
        self._records |= self._read_records(alone=False)
        if self.runs(name):
            return False
        self._launch(name)
        return True

    def end(self, name: str, pid: int) -> bool:
        """End a process that hangs; False if another program has done so.

        Raises:
            EmbeddedServerError: it does not end, as one that waits for a broken disk.
        """
        self._records |= self._read_records(alone=False)
        if self.pid(name) != pid or not self.runs(name):
            return False
        self._stop([name], first=1)
        return True

    def leave(self) -> None:
        """Stop the servers, whoever started them, unless another program uses them."""
        if _alone(self._users_lock):
            self._records = self._read_records(alone=True)
            self._stop(self._records)
            self._records_file.unlink(missing_ok=True)
        for child in self._children.values():
            if child.poll() is None:
                child.returncode = 0  # goes on without us, of which subprocess would warn

    def endpoints(self, wanted: Collection[str], down: Callable[[], Sequence[str]]) -> Endpoints:
        """The addresses, for which ``down`` tells who does not answer at them."""
        urls = {name: self.server(name).url for name in wanted}
        return Endpoints(
            database_url=urls.get("postgres"),
            redis_url=urls.get("redis"),
            s3_endpoint_url=urls.get("s3"),
            s3_access_key=self._credentials.s3_access_key if "s3" in urls else None,
            s3_secret_key=self._credentials.s3_secret_key if "s3" in urls else None,
            down=down,
        )

    @property
    def _records_file(self) -> Path:
        return self._home / "servers.json"

    def _read_records(self, *, alone: bool) -> dict[str, _Record]:
        try:
            content = json.loads(self._records_file.read_text())
            records = {name: _Record(**record) for name, record in content["servers"].items()}
            namespace = content["namespace"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return {}
        if namespace == self._namespace:
            return records
        if alone:
            return {}
        raise EmbeddedServerError(
            f"The embedded servers in {self._home} are in use by a program in another container. To share servers "
            "among containers, set OPENHOURS_DATABASE_URL, OPENHOURS_REDIS_URL and OPENHOURS_S3_ENDPOINT_URL."
        )

    def _write_records(self) -> None:
        records = {name: asdict(record) for name, record in self._records.items()}
        write_private(self._records_file, json.dumps({"namespace": self._namespace, "servers": records}))

    def server(self, name: str) -> Server:
        """A server where it runs, or last ran."""
        return SERVERS[name](self._home, self._records[name].port, self._credentials)

    def pid(self, name: str) -> int:
        """The process of a server, which may have ended."""
        return self._records[name].pid

    def runs(self, name: str) -> bool:
        """Whether the process of a server is there, whoever started it."""
        record, child = self._records.get(name), self._children.get(name)
        if record is None:
            return False
        if child is not None and child.pid == record.pid:
            return child.poll() is None
        return 0 < record.start_ticks == _start_ticks(record.pid)

    def _launch(self, name: str) -> None:
        record = self._records.get(name)
        port = record.port if record and self._keeps_ports else _free_port()
        server = SERVERS[name](self._home, port, self._credentials)
        if server.log.exists():
            server.log.replace(f"{server.log}.1")
        server.log.touch(mode=0o600)
        server.prepare()
        with server.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", GATE, "sh", *server.command()],
                cwd=server.folder,
                env=server.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C in our terminal is for us to answer.
                start_new_session=True,
                umask=0o077,
            )
        self._children[name] = process
        with cast(IO[bytes], process.stdin) as gate:
            self._records[name] = _Record(process.pid, _start_ticks(process.pid), server.port)
            self._write_records()
            gate.write(b"go\n")

    def _wait_for_answer(self, name: str) -> None:
        deadline, silence = time.monotonic() + READY_SECONDS, Silence()
        while True:
            server = self.server(name)
            try:
                return server.ping()
            except NoAnswerError as exc:
                reason = str(exc)
                silence.note(exc)
            if silence.is_hang and name not in self._children:
                # Left by a program that is no more; what is launched in its place has its own time.
                self._stop([name], first=1)
                deadline = time.monotonic() + READY_SECONDS
            if time.monotonic() > deadline:
                raise server.error(f"it did not answer within {READY_SECONDS:.0f} s ({reason})")
            if not self.runs(name):
                if name in self._children and not _failed_in_passing(server.log):
                    raise server.error("it ended")
                self._launch(name)
            time.sleep(LOOK_SECONDS)

    def _stop(self, names: Collection[str], *, first: int = 0) -> None:
        """Signal all, then wait until all are gone; an interruption in between leaves none that was not told to go.

        Args:
            first: which of the signals of each is the first; after the signal 0, a suspended process is woken up.
        """
        for attempt in range(first, 3):
            running = [name for name in names if self.runs(name)]
            for name in running:
                with suppress(ProcessLookupError):
                    os.kill(self._records[name].pid, SERVERS[name].stop_signals[: attempt + 1][-1])
                    if attempt:
                        os.kill(self._records[name].pid, SIGCONT)
            deadline = time.monotonic() + STOP_SECONDS
            while any(self.runs(name) for name in running):
                if time.monotonic() > deadline:
                    break
                time.sleep(LOOK_SECONDS)
            else:
                return
        pids = ", ".join(f"{SERVERS[name].title} (pid {self._records[name].pid})" for name in running)
        raise EmbeddedServerError(f"Embedded servers did not stop within {(3 - first) * STOP_SECONDS:.0f} s: {pids}")
