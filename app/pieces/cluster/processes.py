"""The processes of a cluster: Dask's own scheduler and worker, with our TLS, log and version."""

import os
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from app.errors import BadSetting, InvalidParameters
from app.pieces.cluster import work
from app.pieces.cluster.connection import adopt_log, require_library, resource
from app.settings import Settings

#: Addresses that only this machine reaches.
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


#: Keeps the library in a worker's process, which begins by importing it, from setting up a log of its own.
_PLAIN_LOG: Final = {"DASK_LOGGING__VERSION": "1", "DASK_LOGGING__INCREMENTAL": "True"}


def run_scheduler(settings: Settings, *, host: str, port: int, health_port: int, may_lack_tls: bool) -> None:
    """Run a scheduler until SIGTERM or Ctrl-C.

    Args:
        settings: with the files for TLS.
        host, port: where it listens; 0 picks a free port.
        health_port: where it answers GET /health, on the same host.
        may_lack_tls: whether it may listen beyond loopback without TLS.

    Raises:
        BadSetting: it would be open to the network.
        SetupError: the extra is not installed.
    """
    require_library(why="A scheduler was asked for")
    has_tls = settings.dask_tls_cert_file is not None
    if not has_tls and host not in _LOOPBACK and not may_lack_tls:
        raise BadSetting(
            f"A scheduler that listens on {host} without TLS runs the code of whoever reaches it: set "
            "OPENHOURS_DASK_TLS_CA_FILE, OPENHOURS_DASK_TLS_CERT_FILE and OPENHOURS_DASK_TLS_KEY_FILE, or say "
            "--without-tls where a network policy or the like lets nobody else in."
        )
    from distributed.cli.dask_scheduler import main  # noqa: PLC0415 - see the room

    options = ["--host", host, "--port", str(port), "--protocol", "tls" if has_tls else "tcp", *_tls(settings)]
    _run(main, [*options, "--no-dashboard", "--dashboard-address", f"{host}:{health_port}"], role="scheduler")


def run_workers(settings: Settings, number: int, *, host: str | None, port: int, health_port: int) -> None:
    """Run workers, and another in the place of each that dies, until SIGTERM, Ctrl-C or the end of the scheduler.

    Args:
        settings: with the address of the scheduler, the files for TLS, and the bucket.
        number: how many.
        host: where they listen, for the scheduler only; None: at the address from which they reach it.
        port: where one listens; 0 picks free ones.
        health_port: where one answers GET /health, to anybody; 0 picks free ones, on the same host.

    Raises:
        BadSetting: the scheduler or the bucket is not set.
        InvalidParameters: one port for several workers.
        SetupError: the extra is not installed.
    """
    require_library(why="A worker was asked for")
    if settings.dask_scheduler is None or settings.s3_endpoint_url is None:
        name = "OPENHOURS_DASK_SCHEDULER" if settings.dask_scheduler is None else "OPENHOURS_S3_ENDPOINT_URL"
        raise BadSetting(
            f"{name} is not set: a worker starts no servers of its own. `openhours env` prints the settings of the "
            "embedded ones."
        )
    if number > 1 and (port or health_port):
        raise InvalidParameters(f"{number} workers cannot have one port: leave it 0, or run a command for each.")
    from distributed.cli.dask_worker import main  # noqa: PLC0415 - see the room
    from distributed.utils import get_ip  # noqa: PLC0415

    host = host or get_ip(str(urlsplit(settings.dask_scheduler).hostname))
    health = f"0.0.0.0:{health_port}" if health_port else f"{host}:0"  # probes know the port, not the address
    options = ["--host", host, "--worker-port", str(port), "--dashboard-address", health]
    options += ["--nworkers", str(number), "--nthreads", "1", "--resources", f"{resource()}=1"]
    # Its memory is limited for each piece, as that of a job is.
    options += ["--memory-limit", "0", "--no-dashboard", "--preload", work.__name__, *_tls(settings)]
    _run(main, [settings.dask_scheduler, *options], role="worker")


def _tls(settings: Settings) -> list[str]:
    files = {
        "--tls-ca-file": settings.dask_tls_ca_file,
        "--tls-cert": settings.dask_tls_cert_file,
        "--tls-key": settings.dask_tls_key_file,
    }
    return [word for option, path in files.items() if path is not None for word in (option, str(path))]


def _run(command: Any, arguments: Sequence[str], *, role: str) -> None:
    """Run one of the library's commands in this process; over HTTP it tells of its health, and of nothing else."""
    import dask  # noqa: PLC0415 - see the room

    adopt_log()
    os.environ.update(_PLAIN_LOG)
    with dask.config.set({f"distributed.{role}.http.routes": ["distributed.http.health"]}):
        command(args=list(arguments), prog_name=f"openhours dask-{role}", standalone_mode=False)
