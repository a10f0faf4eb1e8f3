"""Openhours from Python: trigger a report, wait for it, get a pandas DataFrame; load files and frames.

    import openhours

    with openhours.Client("http://127.0.0.1:8000") as client:
        frame = client.report("uptime", stores=["6077660293503601866"])

Everything here is synchronous and talks HTTP to one server. ``import openhours`` is quick: the HTTP client is imported
with the first name that needs it, pandas when the first frame is asked for.
"""

from typing import TYPE_CHECKING, Any

from openhours.errors import (
    DatasetRejected,
    DownloadFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    OpenhoursError,
    Problem,
    ReportFailed,
    ServerUnreachable,
    StillRunning,
)

if TYPE_CHECKING:
    from openhours.client import Client
    from openhours.files import File
    from openhours.reports import ReportWarning

__all__ = [
    "Client",
    "DatasetRejected",
    "DownloadFailed",
    "File",
    "InvalidInput",
    "NotAllowed",
    "NotAuthenticated",
    "OpenhoursError",
    "Problem",
    "ReportFailed",
    "ReportWarning",
    "ServerUnreachable",
    "StillRunning",
]


def __getattr__(name: str) -> Any:
    """The names whose modules take a while to import."""
    if name == "Client":
        from openhours.client import Client  # noqa: PLC0415 - the HTTP client takes a tenth of a second to import

        return Client
    if name == "File":
        from openhours.files import File  # noqa: PLC0415 - as above

        return File
    if name == "ReportWarning":
        from openhours.reports import ReportWarning  # noqa: PLC0415 - as above

        return ReportWarning
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
