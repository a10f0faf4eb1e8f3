"""Every error that Openhours raises on purpose, as one tree.

OpenhoursError
├── BadInput                 what the user sent cannot be accepted
│   ├── InvalidParameters    a report's parameters
│   ├── IdempotencyConflict  a key that stands for another request already
│   ├── RejectedFile         a file with rows that cannot be loaded
│   ├── DuplicateDataset     the same bytes were loaded before
│   ├── DatasetBusy          what it is asked for has to wait for its end
│   ├── ReportNotComplete    it has no summary, not yet or never
│   ├── ChecksumDiffers      other bytes are there than were announced or taken in
│   ├── InvalidUpload        headers, metadata or a form that cannot be understood
│   └── NoPolls              a report that needs polls while none are loaded
├── NotFound
│   ├── UnknownReportKind
│   ├── UnknownReport
│   ├── UnknownDatasetKind
│   ├── UnknownDataset
│   ├── NoSummary            a kind of report without one
│   ├── UnknownEntityKind
│   ├── UnknownEntity
│   ├── ReportExpired        it was removed when it was old enough
│   └── UnknownUpload
├── UploadRefused            an upload that goes no further as it was asked for
│   ├── UploadBusy           another request sends bytes to it (retryable)
│   ├── UploadTooLarge
│   ├── WrongOffset          bytes from another place than the next
│   ├── ChecksumMismatch
│   ├── UploadCut            its connection broke
│   ├── UploadExpired
│   ├── UploadLost           the object store has lost what had arrived
│   ├── WrongTusVersion
│   └── WrongContentType
├── TooManyReports           more wait than this installation takes on (retryable)
├── ReportFailed             a report ended without a result
│   ├── AttemptSuperseded    another attempt counts by now
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
│   ├── UnknownJob           a job of a later version, during a roll-out
│   └── ServerUnreachable    the Openhours server that a command talks to
└── SetupError               this installation cannot run as it is configured
    ├── NotMigrated
    └── EmbeddedServerError

Each class has a stable ``code`` for programs, an HTTP ``status``, ``retryable`` and, where waiting helps,
``retry_after_seconds``; the message is for people and names what was received and what is allowed. A poll, a page and
the command line show the same words.
"""

from collections.abc import Iterable, Mapping
from typing import Any


def reason(validation_message: str) -> str:
    """What a check of ours said, without what pydantic puts before it."""
    return validation_message.removeprefix("Value error, ")


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
    """``loaded`` is what the load would have come to: an app.ingest.load.Loaded, or None before there is one."""

    code = "rejected_file"
    title = "File not loaded"
    loaded: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return *super().__reduce__(), {"loaded": self.loaded}


class DuplicateDataset(BadInput):
    code = "duplicate_dataset"
    title = "The same file was loaded before"
    status = 409

    @classmethod
    def of(cls, first_id: str) -> "DuplicateDataset":
        """The refusal of a file that is, byte for byte, that of a dataset whose rows are loaded."""
        return cls(
            f"The same bytes are loaded already, as dataset {first_id}; nothing was loaded. "
            "With force=true they are loaded again.",
            dataset_id=first_id,
        )


class DatasetBusy(BadInput):
    code = "dataset_busy"
    title = "The dataset is being worked on"
    status = 409


class ReportNotComplete(BadInput):
    code = "report_not_complete"
    title = "The report is not complete"
    status = 409


class ChecksumDiffers(BadInput):
    code = "checksum_differs"
    title = "Other bytes are there than were announced"


class InvalidUpload(BadInput):
    code = "invalid_upload"
    title = "Upload not accepted"


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


class UnknownDatasetKind(NotFound):
    code = "unknown_dataset_kind"
    title = "Unknown dataset kind"

    @classmethod
    def of(cls, received: str, allowed: Iterable[str]) -> "UnknownDatasetKind":
        """The refusal of a kind that is none, however the file comes."""
        names = list(allowed)
        return cls(
            f"There is no dataset kind {received!r}; there is {', '.join(names)}.", received=received, allowed=names
        )


class UnknownDataset(NotFound):
    code = "unknown_dataset"
    title = "Unknown dataset"


class NoSummary(NotFound):
    code = "no_summary"
    title = "The report has no summary"


class UnknownEntityKind(NotFound):
    code = "unknown_entity_kind"
    title = "Unknown entity kind"


class UnknownEntity(NotFound):
    code = "unknown_entity"
    title = "Unknown entity"


class ReportExpired(NotFound):
    code = "report_expired"
    title = "The report is no longer kept"


class UnknownUpload(NotFound):
    code = "unknown_upload"
    title = "Unknown upload"


class UploadRefused(OpenhoursError):
    code = "upload_refused"
    title = "Upload refused"
    status = 400


class UploadBusy(UploadRefused):
    code = "upload_busy"
    title = "Another request sends bytes to this upload"
    status = 423
    retryable = True
    retry_after_seconds = 1


class UploadTooLarge(UploadRefused):
    code = "upload_too_large"
    title = "Upload too large"
    status = 413


class WrongOffset(UploadRefused):
    code = "wrong_offset"
    title = "Not the next byte of this upload"
    status = 409


class ChecksumMismatch(UploadRefused):
    code = "checksum_mismatch"
    title = "The bytes are not those of their checksum"
    status = 460


class UploadCut(UploadRefused):
    code = "upload_cut"
    title = "The connection broke"


class UploadExpired(UploadRefused):
    code = "upload_expired"
    title = "The upload is no longer kept"
    status = 410


class UploadLost(UploadRefused):
    code = "upload_lost"
    title = "The upload has to be started again"
    status = 410


class WrongTusVersion(UploadRefused):
    code = "wrong_tus_version"
    title = "Another version of tus"
    status = 412


class WrongContentType(UploadRefused):
    code = "wrong_content_type"
    title = "Content type not accepted"
    status = 415


class TooManyReports(OpenhoursError):
    code = "too_many_reports"
    title = "Too many reports are waiting"
    status = 429
    retryable = True


class ReportFailed(OpenhoursError):
    code = "report_failed"
    title = "The report failed"


class AttemptSuperseded(ReportFailed):
    code = "attempt_superseded"
    title = "Another attempt counts"


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


class UnknownJob(Unavailable):
    code = "unknown_job"
    title = "Job of a later version"


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
