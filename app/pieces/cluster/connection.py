"""What the processes of a cluster have in common: the library, TLS, the log, and how a version is told."""

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from app import __version__
from app.errors import SetupError
from app.settings import Settings

if TYPE_CHECKING:
    from distributed.security import Security

#: Each worker has one of this resource and each piece takes it: so a worker does one piece at a time, and only pieces
#: of its own version. Dask itself only warns of another version.
RESOURCE: Final = "openhours-{}"

#: Loggers to which the library gives a format of its own when it is imported.
_LOGGERS: Final = ("distributed", "distributed.client", "distributed.gc", "bokeh", "tornado", "tornado.application")


def resource(version: str = __version__) -> str:
    """The name of the resource of a version."""
    return RESOURCE.format(version)


def require_library(*, why: str) -> None:
    """Raise SetupError unless the extra is installed."""
    if find_spec("distributed") is None:
        raise SetupError(f"{why}, but distributed is not installed. Install openhours[cluster].")


def adopt_log() -> None:
    """Have the library's lines in this process's own log; to be called when it is imported."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def security(settings: Settings) -> "Security | None":
    """TLS in both directions: each side shows a certificate of the authority; None without files."""
    if settings.dask_tls_cert_file is None:
        return None
    from distributed.security import Security  # noqa: PLC0415 - see the room

    files = {
        f"tls_{role}_{part}": str(path)
        for role in ("client", "worker", "scheduler")
        for part, path in (("cert", settings.dask_tls_cert_file), ("key", settings.dask_tls_key_file))
    }
    return Security(tls_ca_file=str(settings.dask_tls_ca_file), require_encryption=True, **files)
