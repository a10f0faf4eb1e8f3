"""Every error that the library raises on purpose, as one tree.

OpenhoursError
├── ServerUnreachable   nobody answers at the address, or not as an Openhours server
├── Problem             the server refused the request, or cannot answer it now
│   ├── NotAuthenticated it wants a key, or does not know the one that was sent
│   └── NotAllowed       the key may not do this
├── ReportFailed        the report ended without a result
├── DatasetRejected     the file was checked and not loaded
├── StillRunning        the job had not ended when the time for waiting was over
├── DownloadFailed      a file did not arrive whole
└── InvalidInput        what the caller gave cannot be sent

Each has a stable ``code`` for programs, the ``status`` that HTTP has for such a case, and a message for people.
"""

from collections.abc import Mapping
from typing import Any


class OpenhoursError(Exception):
    """Root of the tree.

    Attributes:
        code: stable, for programs.
        status: HTTP status of the answer, or the one that fits.
        message: for people; names what was received, what is allowed and what to do.
        details: further members of the problem document, such as ``errors`` with each wrong parameter.
    """

    code: str = "openhours_error"
    status: int = 500

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class ServerUnreachable(OpenhoursError):
    code = "server_unreachable"
    status = 503


class Problem(OpenhoursError):
    """A problem document (RFC 9457) that a server answered, with its own code and status."""

    #: The code where the answer has none; what to do, which the server cannot know, and for which codes.
    _otherwise = "http_error"
    _advice = ""
    _advises_on: frozenset[str] = frozenset()

    def __init__(self, document: Mapping[str, Any], status: int, *, address: str = "") -> None:
        known = {"type", "title", "status", "code", "detail"}
        details = {name: value for name, value in document.items() if name not in known}
        self.code = str(document.get("code", self._otherwise))
        advice = self._advice.format(address=address) if self.code in self._advises_on else ""
        super().__init__(str(document.get("detail") or f"The server answered {status}.") + advice)
        self.details = details
        self.status = status


class NotAuthenticated(Problem):
    """The server wants a key, or does not know the one that was sent: it has ended, was revoked, or is mistyped."""

    _otherwise = "authentication_required"
    _advice = "\nTo store a key: openhours login {address} (or set OPENHOURS_API_KEY)."
    _advises_on = frozenset({_otherwise, "invalid_token"})


class NotAllowed(Problem):
    """The key is known and may not do this; the message names the scope that is missing."""

    _otherwise = "not_allowed"


class ReportFailed(OpenhoursError):
    """``details`` has ``report_id`` and ``error``, whose code and message tell why."""

    code = "report_failed"


class DatasetRejected(OpenhoursError):
    """Its ``code`` is the server's, such as ``rejected_rows``; ``details`` is the dataset as answered."""

    code = "rejected_rows"
    status = 422


class StillRunning(OpenhoursError):
    """The job goes on; ``details`` has its id."""

    code = "still_running"
    status = 504


class DownloadFailed(OpenhoursError):
    code = "unavailable"
    status = 503


class InvalidInput(OpenhoursError):
    code = "invalid_parameters"
    status = 422
