"""Postgres, Redis and S3 as processes of our own, which can be killed, stopped and started again on the same data."""

import secrets
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil
from redis import Redis

from app.embedded.programs import SERVERS
from app.embedded.server import Credentials, NoAnswerError, Server
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.resources import Addresses, Resources, open_resources
from tests.chaos import audit
from tests.commands import free_port

#: A server that does not answer by then does not start, seconds.
READY_SECONDS = 30

#: Between two looks at a server that starts, seconds.
LOOK_SECONDS = 0.05

BUCKET = "chaos"


class Servers:
    """The three servers below a folder; migrated, audited, with a bucket."""

    def __init__(self, home: Path) -> None:
        keys = Credentials(*(secrets.token_hex(16) for _ in range(4)))
        (home / "logs").mkdir(parents=True)
        self._servers: dict[str, Server] = {name: kind(home, free_port(), keys) for name, kind in SERVERS.items()}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._keys = keys

    def start(self, name: str) -> None:
        """Start a server and return when it answers; what a killed one left behind may take a while to go."""
        server, deadline = self._servers[name], monotonic() + READY_SECONDS
        while True:
            process = self._processes.get(name)
            if process is None or process.poll() is not None:
                self._processes[name] = _launched(server)
            try:
                return server.ping()
            except NoAnswerError as error:
                if monotonic() > deadline:
                    raise server.error(f"it does not answer ({error})") from error
            sleep(LOOK_SECONDS)

    def kill(self, name: str, sign: signal.Signals = signal.SIGKILL) -> None:
        """End a server, by default without a chance to write anything; SIGQUIT is Postgres' immediate shutdown."""
        self._processes[name].send_signal(sign)
        self._processes[name].wait(READY_SECONDS)

    def restart(self, name: str, sign: signal.Signals = signal.SIGKILL) -> None:
        self.kill(name, sign)
        self.start(name)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A server of which no process answers or refuses anything for as long as the context is open."""
        with standing_still(with_all_below(self._processes[name].pid)):
            yield

    def crash_postgres(self) -> None:
        """Kill one process of Postgres, which then ends all others and recovers; return when it answers again."""
        for process in psutil.Process(self._processes["postgres"].pid).children():
            with suppress(psutil.NoSuchProcess):
                if "idle" in " ".join(process.cmdline()):
                    process.kill()
                    break
        self.start("postgres")

    def flush(self) -> None:
        """Make Redis forget everything."""
        with Redis.from_url(self._servers["redis"].url) as redis:
            redis.flushall()

    def environment(self, **ports: int) -> dict[str, str]:
        """Settings of a replica that uses these servers; ``ports`` replaces those of a proxy in front by name."""
        urls = {
            name: server.url.replace(f":{server.port}", f":{ports.get(name, server.port)}")
            for name, server in self._servers.items()
        }
        return {
            "OPENHOURS_DATABASE_URL": urls["postgres"],
            "OPENHOURS_REDIS_URL": urls["redis"],
            "OPENHOURS_S3_ENDPOINT_URL": urls["s3"],
            "OPENHOURS_S3_BUCKET": BUCKET,
            "AWS_ACCESS_KEY_ID": self._keys.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self._keys.s3_secret_key,
        }

    def port(self, name: str) -> int:
        return self._servers[name].port

    @contextmanager
    def resources(self) -> Iterator[Resources]:
        """Clients of these servers, without any proxy in between."""
        where = Addresses(
            database_url=self._servers["postgres"].url,
            redis_url=self._servers["redis"].url,
            s3_endpoint_url=self._servers["s3"].url,
            s3_access_key=self._keys.s3_access_key,
            s3_secret_key=self._keys.s3_secret_key,
            embedded=frozenset(SERVERS),  # so that the bucket is made
        )
        with open_resources(Settings(s3_bucket=BUCKET), where) as resources:
            yield resources

    def prepare(self) -> None:
        for name in SERVERS:
            self.start(name)
        with self.resources() as resources:
            migrate(resources.engine)
            audit.install(resources.engine)

    def stop(self) -> None:
        for name, process in self._processes.items():
            process.send_signal(signal.SIGCONT)
            process.send_signal(SERVERS[name].stop_signals[0])
        for process in self._processes.values():
            try:
                process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def with_all_below(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


@contextmanager
def standing_still(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Stop processes for as long as the context is open; what dies meanwhile is left out."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in reversed(processes):
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def servers_of_our_own(home: Path) -> Iterator[Servers]:
    servers = Servers(home)
    try:
        servers.prepare()
        yield servers
    finally:
        servers.stop()


def _launched(server: Server) -> subprocess.Popen[bytes]:
    server.prepare()
    with server.log.open("ab") as log:
        return subprocess.Popen(
            server.command(),
            cwd=server.folder,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )
