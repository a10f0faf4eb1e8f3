"""What the three embedded servers have in common: a folder, a port, a log, a command, a ping."""

import importlib.util
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import ClassVar

from app.errors import EmbeddedServerError

#: Timeout of a ping, seconds; servers answer in milliseconds, on a machine that is overloaded in a second or two.
PING_SECONDS = 5

#: Lines of a log that an error shows: enough for the reason, which servers log last.
LOG_TAIL_LINES = 12

#: The variables of our environment that the servers get; RCLONE_*, PG* and AWS_* are meant for other programs.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Credentials:
    postgres_password: str
    redis_password: str
    s3_access_key: str
    s3_secret_key: str


class NoAnswerError(Exception):
    """A server does not answer, or not as one that is ready: it starts, it recovers, it rejects our credentials."""


class SilentError(NoAnswerError):
    """Nothing came back within PING_SECONDS."""


class NobodyListensError(NoAnswerError):
    """Nothing listens on the port: the server begins or ends."""


@dataclass(frozen=True, slots=True)
class Server(ABC):
    """One server on one port; ``setting`` replaces it by yours.

    ``stop_signals`` end it: in order, at once, and whatever it does.
    """

    home: Path
    port: int
    credentials: Credentials

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    stop_signals: ClassVar[tuple[Signals, ...]] = (SIGTERM, SIGKILL)

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
        """Return if the server accepts our credentials.

        Raises:
            NoAnswerError: it does not; SilentError or NobodyListensError tell that it said nothing.
        """

    def error(self, what: str) -> EmbeddedServerError:
        """The error for this server, with the end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        headline = f"{self.title} did not start: {what}. The end of its log, {self.log}:"
        return EmbeddedServerError("\n    ".join([headline, *lines]))

    def not_installed(self, package: str) -> EmbeddedServerError:
        return EmbeddedServerError(
            f"{self.title} did not start: the package {package} is not installed. "
            f"Install openhours[embedded], or set {self.setting} to use your own server."
        )

    def package_file(self, package: str, path: str) -> str:
        """Path of a file in an installed package, found without importing it."""
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise self.not_installed(package)
        return str(Path(spec.submodule_search_locations[0]).absolute() / path)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can ever read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
