"""Every error that Openhours raises on purpose, as one tree.

OpenhoursError
├── BadInput                 what the user sent cannot be accepted
│   ├── InvalidParameters    a report's parameters
│   ├── IdempotencyConflict  a key that stands for another request already
│   ├── RejectedFile         a file with rows that cannot be loaded
│   └── NoPolls              a report that needs polls while none are loaded
├── NotFound
│   ├── UnknownReportKind
│   ├── UnknownReport
│   └── ReportExpired        it was removed when it was old enough
├── TooManyReports           more wait than this installation takes on (retryable)
├── ReportFailed             a report ended without a result
│   ├── WorkerCrashed        its process died
│   ├── AttemptsExhausted    its replicas died
│   ├── TimeLimitExceeded    it ran longer than allowed
│   └── MemoryLimitExceeded  it wanted more memory than allowed
├── Unavailable              something we depend on did not work for now (retryable)
│   ├── DatabaseUnavailable
│   ├── RedisUnavailable
│   ├── ObjectStoreUnavailable
│   ├── DiskFull             a replica has no room for a report's files
│   ├── ReplicaUnavailable   a replica stops, is stuck, or has no room for another process
│   └── ServerUnreachable    the Openhours server that a command talks to
└── SetupError               this installation cannot run as it is configured
    ├── NotMigrated
    └── EmbeddedServerError

Each class has a stable ``code`` for programs, an HTTP ``status``, ``retryable`` and, where waiting helps,
``retry_after_seconds``; the message is for people and names what was received and what is allowed. A poll, a page and
the command line show the same words.
"""

from collections.abc import Mapping
from typing import Any


class OpenhoursError(Exception):
    """Root of the tree. ``details`` are further members of the problem document, JSON-ready."""

    code: str = "internal_error"
    title: str = "Internal error"
    status: int = 500
    retryable: bool = False
    retry_after_seconds: int | None = None

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the pipe between a report's process and its supervisor with message and details."""
        return _rebuild, (type(self), self.message, dict(self.details))


def _rebuild(kind: type[OpenhoursError], message: str, details: dict[str, Any]) -> OpenhoursError:
    return kind(message, **details)


class BadInput(OpenhoursError):
    code = "bad_input"
    title = "Input not accepted"
    status = 422


class InvalidParameters(BadInput):
    code = "invalid_parameters"
    title = "Parameters not accepted"


class IdempotencyConflict(BadInput):
    code = "idempotency_conflict"
    title = "Idempotency key used for another request"


class RejectedFile(BadInput):
    code = "rejected_file"
    title = "File not loaded"


class NoPolls(BadInput):
    code = "no_polls"
    title = "No polls are loaded"


class NotFound(OpenhoursError):
    code = "not_found"
    title = "Not found"
    status = 404


class UnknownReportKind(NotFound):
    code = "unknown_report_kind"
    title = "Unknown report kind"


class UnknownReport(NotFound):
    code = "unknown_report"
    title = "Unknown report"


class ReportExpired(NotFound):
    code = "report_expired"
    title = "The report is no longer kept"


class TooManyReports(OpenhoursError):
    code = "too_many_reports"
    title = "Too many reports are waiting"
    status = 429
    retryable = True


class ReportFailed(OpenhoursError):
    code = "report_failed"
    title = "The report failed"


class WorkerCrashed(ReportFailed):
    code = "worker_crashed"
    title = "The report's process died"


class AttemptsExhausted(ReportFailed):
    code = "attempts_exhausted"
    title = "The report was begun too often"


class TimeLimitExceeded(ReportFailed):
    code = "time_limit_exceeded"
    title = "The report ran longer than allowed"


class MemoryLimitExceeded(ReportFailed):
    code = "memory_limit_exceeded"
    title = "The report wanted more memory than allowed"


class Unavailable(OpenhoursError):
    code = "unavailable"
    title = "A server did not answer"
    status = 503
    retryable = True
    retry_after_seconds = 2


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "Postgres did not answer"


class RedisUnavailable(Unavailable):
    code = "redis_unavailable"
    title = "Redis did not answer"


class ObjectStoreUnavailable(Unavailable):
    code = "object_store_unavailable"
    title = "The object store did not answer"


class DiskFull(Unavailable):
    code = "disk_full"
    title = "The disk is full"


class ReplicaUnavailable(Unavailable):
    code = "replica_unavailable"
    title = "This replica takes nothing on"


class ServerUnreachable(Unavailable):
    code = "server_unreachable"
    title = "The Openhours server did not answer"


class SetupError(OpenhoursError):
    code = "setup_error"
    title = "This installation cannot run as it is configured"


class NotMigrated(SetupError):
    code = "not_migrated"
    title = "The database is not at this version's migration"
    status = 503


class EmbeddedServerError(SetupError):
    code = "embedded_server_error"
    title = "An embedded server did not start"
