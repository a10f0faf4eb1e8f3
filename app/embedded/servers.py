"""Starts and stops PostgreSQL, Redis and an S3 endpoint from wheels; the programs on one folder share them.

The folder, ``home``, holds:
    credentials.json      passwords and keys, generated once
    start.lock            held while servers start or stop
    users.lock            held, shared, by every program that uses the servers: who gets it alone is the only one
    servers.json          process and port of each server
    logs/                 of this start and, as ``.1``, of the one before
    postgres/ redis/ s3/  the data
The kernel frees the locks of a killed program. Its servers go on; the next program on the home takes them over.
A server that dies is started again, on its port, by one of the programs that use it (watch.py).
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.embedded.programs import SERVERS
from app.embedded.share import Endpoints, Share
from app.embedded.watch import Watch
from app.errors import EmbeddedServerError


@contextmanager
def servers(home: Path, *, postgres: bool = True, redis: bool = True, s3: bool = True) -> Iterator[Endpoints]:
    """Run servers on the data below ``home``, until the last program that uses them leaves; start again what dies.

    Raises:
        EmbeddedServerError: a wheel is missing, a server did not start or stop, or the home cannot be used.
    """
    asked = {"postgres": postgres, "redis": redis, "s3": s3}
    wanted = [name for name in SERVERS if asked[name]]
    if not wanted:
        yield Endpoints(None, None, None, None, None)
        return
    home = home.absolute()
    with ExitStack() as stack:
        with _explained(home):
            _claim(home)
            start_lock = stack.enter_context(_lock_file(home / "start.lock"))
            users_lock = stack.enter_context(_lock_file(home / "users.lock"))
            with _held(start_lock):
                share = Share(home, users_lock)
                stack.callback(_leave, share, start_lock)
                share.start(wanted)
        watch = stack.enter_context(Watch(share, start_lock, wanted))
        yield share.endpoints(wanted, watch.down)


def _leave(share: Share, start_lock: int) -> None:
    with _held(start_lock):
        share.leave()


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise EmbeddedServerError(
            f"The embedded servers cannot use their folder {home}: {exc}. "
            "Set OPENHOURS_HOME to a folder that this program can write to."
        ) from exc


def _claim(home: Path) -> None:
    """Make the home, or see that it is ours."""
    if sys.platform != "linux":
        raise EmbeddedServerError(
            "The embedded servers run on Linux only. Use docker compose, or set OPENHOURS_DATABASE_URL, "
            "OPENHOURS_REDIS_URL and OPENHOURS_S3_ENDPOINT_URL to your own servers."
        )
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = home.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedServerError(
            f"The embedded servers cannot use their folder {home}: it belongs to uid {owner}, and this program runs "
            f"as uid {os.geteuid()}. Run it as that user, or set OPENHOURS_HOME to another folder."
        )
    if not any(home.iterdir()):
        home.chmod(0o700)
    (home / "logs").mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _held(lock: int) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
