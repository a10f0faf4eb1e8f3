"""Every error that Openhours raises on purpose, as one tree.

OpenhoursError
├── BadInput                 invalid input from the user
│   ├── InvalidParameters    a report's parameters
│   ├── MalformedRequest     a request whose parts are not those that its address takes
│   ├── BadSetting           a variable of the environment
│   ├── IdempotencyConflict  the key was used for another request
│   ├── RejectedFile         a file that cannot be loaded
│   ├── DuplicateDataset     the same bytes are already loaded
│   ├── DatasetBusy          its upload or job has to end first
│   ├── CalendarInUse        stores or teams use it
│   ├── NameTaken            another user or schedule has it
│   ├── LastAdmin            nobody else could administer users
│   ├── WeakPassword
│   ├── KeyEnded             only one that works can be replaced, and once
│   ├── NoSecondFactor       none is set, or being set up
│   ├── ReportNotComplete    only a complete report has a summary
│   ├── ChecksumDiffers      the stored bytes differ from those announced or received
│   ├── TokenUnavailable     of a source: not where it is read from, or encrypted under a key that is gone
│   ├── SourcePaused         it has to be resumed first
│   ├── SourceRefused        what a source is read from refuses its token, or has nothing of that name
│   ├── InvalidUpload        invalid headers, metadata or form
│   ├── UnstorableText       a text that Postgres cannot store
│   ├── TokenRefused         the API of a source does not take its token, or no longer
│   └── NoPolls              the report needs polls, and none are loaded
├── NotFound
│   ├── UnknownReportKind
│   ├── UnknownReport
│   ├── UnknownDatasetKind
│   ├── UnknownDataset
│   ├── NoSummary            reports of this kind have none
│   ├── UnknownFile          what was asked for has no such file
│   ├── NoExplanation        reports of this kind cannot be explained
│   ├── UnknownUser
│   ├── UnknownKey
│   ├── UnknownSession
│   ├── UnknownCode          a one-time code that nobody made
│   ├── UnknownMapping
│   ├── UnknownMetric
│   ├── UnknownSchedule
│   ├── UnknownWebhook
│   ├── UnknownDelivery
│   ├── UnknownRule
│   ├── UnknownAddress       that has not unsubscribed
│   ├── UnknownCalendar
│   ├── UnknownSource
│   ├── UnknownEntityKind
│   ├── UnknownEntity
│   ├── ReportExpired        removed by retention
│   └── UnknownUpload
├── AccessRefused            who asks may not, or is not known
│   ├── NotAuthenticated     no credential, where one is needed
│   ├── InvalidToken         one that is unknown, ended, revoked or mistyped
│   ├── SetupRequired        nobody can log in yet
│   ├── LoginFailed
│   ├── SecondFactorRequired the password is right; a code is missing
│   ├── NotAllowed           a scope is missing
│   ├── EventNotSigned       an event of a source, by nobody who has its secret
│   ├── CrossOrigin          a page of another site asks
│   ├── HttpsNeeded          a session over http that is not loopback
│   ├── WrongHost            the name by which it was asked is not one of this service
│   ├── AmbiguousRequest     a header twice that may be there once
│   ├── TooManyLogins        (retryable)
│   └── CodeSpent            a one-time code that was used or has ended
├── UploadRefused            a request of tus that is refused
│   ├── UploadBusy           another request is sending bytes (retryable)
│   ├── UploadTooLarge
│   ├── WrongOffset          not the current offset of the upload
│   ├── ChecksumMismatch
│   ├── UploadCut            the connection broke
│   ├── UploadExpired
│   ├── UploadLost           the object store has lost the bytes stored so far
│   ├── WrongTusVersion
│   ├── WrongContentType
│   └── WrongContentEncoding
├── BadMessage               what came is no request that HTTP or a limit allows
│   ├── HeadTooLarge
│   ├── RequestTooSlow
│   ├── UnknownExpectation
│   ├── UnknownTransferCoding
│   └── UnreadableRequest
├── TooManyReports           the limit of outstanding reports is reached (retryable)
├── TooManyUploads           the limit of outstanding dataset loads is reached (retryable)
├── SealedWeekDamaged        an object of a sealed week is missing, or has other bytes than were written
├── ReportFailed             a report ended without a result
│   ├── AttemptSuperseded    another attempt has taken over
│   ├── WorkerCrashed        its process died
│   ├── AttemptsExhausted    its replicas died
│   ├── TimeLimitExceeded
│   ├── MemoryLimitExceeded
│   ├── RowExceedsPart       a row of a roll-up is longer than a part of it may be
│   ├── TooManyParts         a roll-up would have more files than it may
│   └── TableRemoved         a table that the report reads was removed in the meantime
├── Unavailable              a dependency failed, for now (retryable)
│   ├── DatabaseUnavailable
│   │   ├── DatabaseUnknownHost
│   │   ├── DatabaseWrongPassword
│   │   ├── DatabaseMissing
│   │   ├── DatabaseReadOnly a standby, or one that is being maintained
│   │   └── DatabaseFull     its disk is
│   ├── RedisUnavailable
│   │   ├── RedisUnknownHost
│   │   ├── RedisWrongPassword
│   │   ├── RedisMissingDatabase
│   │   └── RedisFull        its disk is
│   ├── ObjectStoreUnavailable
│   │   ├── ClockSkewed      S3 refuses requests that are signed at another time than its own
│   │   ├── ObjectStoreUnknownHost
│   │   ├── ObjectStoreWrongKeys
│   │   ├── BucketMissing
│   │   └── ObjectStoreFull  its disk is
│   ├── SingleSignOnUnavailable
│   ├── SourceUnavailable    an API that is read again and again
│   │   └── SourceIncomplete it gives less of a list than it announces
│   ├── ClusterUnavailable   the scheduler or every worker that could do a piece of a job
│   ├── DiskFull             a replica has no room for a report's files
│   ├── ReplicaUnavailable   a replica is stopping, stuck, or at its limit
│   │   └── ReplicaFault     it lacks what jobs need: its folder, descriptors, processes, the right time
│   ├── SeriesBusy           another load is being merged
│   └── UnknownJob           a job of a later version, during a roll-out
└── SetupError               the installation is not set up correctly
    ├── NotMigrated
    └── EmbeddedServerError

Each class has a stable ``code`` for programs, an HTTP ``status``, ``retryable`` and, where waiting helps,
``retry_after_seconds``; the message is for people and names the value received and the values allowed. A poll, a page
and the command line show the same message.
"""

from collections.abc import Iterable, Mapping
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
        """Keep message and details when pickled for the pipe between a report's process and its supervisor."""
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


class MalformedRequest(BadInput):
    code = "malformed_request"
    title = "Request not understood"


class BadSetting(BadInput):
    code = "bad_setting"
    title = "Setting not accepted"


class IdempotencyConflict(BadInput):
    code = "idempotency_conflict"
    title = "Idempotency key used for another request"


class RejectedFile(BadInput):
    """``loaded`` is the result of the check: an app.ingest.load.Loaded, or None before there is one."""

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
        """The error for a file with the same bytes as a dataset whose rows are loaded."""
        return cls(
            f"The same bytes are already loaded as dataset {first_id}; nothing was loaded. "
            "To load them again, use force=true.",
            dataset_id=first_id,
        )


class DatasetBusy(BadInput):
    code = "dataset_busy"
    title = "The dataset is busy"
    status = 409


class CalendarInUse(BadInput):
    code = "calendar_in_use"
    title = "The calendar is in use"
    status = 409


class NameTaken(BadInput):
    code = "name_taken"
    title = "The name is taken"
    status = 409


class TokenUnavailable(BadInput):
    code = "token_unavailable"
    title = "The token of a source is missing"


class SourcePaused(BadInput):
    code = "source_paused"
    title = "The source is paused"
    status = 409


class SourceRefused(BadInput):
    code = "source_refused"
    title = "The source returned an invalid response"


class LastAdmin(BadInput):
    code = "last_admin"
    title = "The last administrator"
    status = 409


class NoSecondFactor(BadInput):
    code = "no_second_factor"
    title = "No second factor"
    status = 409


class WeakPassword(BadInput):
    code = "weak_password"
    title = "Password not accepted"


class KeyEnded(BadInput):
    code = "key_ended"
    title = "The key has ended"
    status = 409


class ReportNotComplete(BadInput):
    code = "report_not_complete"
    title = "The report is not complete"
    status = 409


class ChecksumDiffers(BadInput):
    code = "checksum_differs"
    title = "The stored bytes differ from those announced"


class InvalidUpload(BadInput):
    code = "invalid_upload"
    title = "Upload not accepted"


class UnstorableText(BadInput):
    code = "unstorable_text"
    title = "Text not accepted"


class NoPolls(BadInput):
    code = "no_polls"
    title = "No polls are loaded"


class TokenRefused(BadInput):
    code = "token_refused"
    title = "The source does not accept the token"


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
        """The error for an unknown kind, however the file arrives."""
        names = list(allowed)
        return cls(
            f"There is no dataset kind {received!r}; known kinds: {', '.join(names)}.", received=received, allowed=names
        )


class UnknownUser(NotFound):
    code = "unknown_user"
    title = "Unknown user"


class UnknownKey(NotFound):
    code = "unknown_key"
    title = "Unknown key"


class UnknownSession(NotFound):
    code = "unknown_session"
    title = "Unknown session"


class UnknownCode(NotFound):
    code = "unknown_code"
    title = "Unknown one-time code"


class UnknownMapping(NotFound):
    code = "unknown_mapping"
    title = "Unknown mapping"


class UnknownMetric(NotFound):
    code = "unknown_metric"
    title = "Unknown metric"


class UnknownSchedule(NotFound):
    code = "unknown_schedule"
    title = "Unknown schedule"


class UnknownWebhook(NotFound):
    code = "unknown_webhook"
    title = "Unknown webhook"


class UnknownDelivery(NotFound):
    code = "unknown_delivery"
    title = "Unknown delivery"


class UnknownAddress(NotFound):
    code = "unknown_address"
    title = "Unknown address"


class UnknownRule(NotFound):
    code = "unknown_rule"
    title = "Unknown rule"


class UnknownSource(NotFound):
    code = "unknown_source"
    title = "Unknown source"


class UnknownCalendar(NotFound):
    code = "unknown_calendar"
    title = "Unknown calendar"


class UnknownDataset(NotFound):
    code = "unknown_dataset"
    title = "Unknown dataset"


class NoSummary(NotFound):
    code = "no_summary"
    title = "The report has no summary"


class UnknownFile(NotFound):
    code = "unknown_file"
    title = "Unknown file"


class NoExplanation(NotFound):
    code = "no_explanation"
    title = "Reports of this kind cannot be explained"


class UnknownEntityKind(NotFound):
    code = "unknown_entity_kind"
    title = "Unknown entity kind"


class UnknownEntity(NotFound):
    code = "unknown_entity"
    title = "Unknown entity"


class ReportExpired(NotFound):
    code = "report_expired"
    title = "The report has expired"


class UnknownUpload(NotFound):
    code = "unknown_upload"
    title = "Unknown upload"


class AccessRefused(OpenhoursError):
    code = "access_refused"
    title = "Access refused"
    status = 401


class NotAuthenticated(AccessRefused):
    code = "authentication_required"
    title = "Authentication required"


class InvalidToken(AccessRefused):
    code = "invalid_token"
    title = "Credential not accepted"


class SetupRequired(AccessRefused):
    code = "setup_required"
    title = "Set-up required"


class LoginFailed(AccessRefused):
    code = "login_failed"
    title = "Login failed"


class SecondFactorRequired(AccessRefused):
    code = "second_factor_required"
    title = "Second factor required"


class NotAllowed(AccessRefused):
    code = "not_allowed"
    title = "Not allowed"
    status = 403


class EventNotSigned(AccessRefused):
    code = "event_not_signed"
    title = "Event not signed"
    status = 403


class CrossOrigin(AccessRefused):
    code = "cross_origin"
    title = "Request of another site"
    status = 403


class HttpsNeeded(AccessRefused):
    code = "https_needed"
    title = "Sessions need https"
    status = 403


class WrongHost(AccessRefused):
    code = "wrong_host"
    title = "Not a name of this service"
    status = 421


class AmbiguousRequest(AccessRefused):
    code = "ambiguous_request"
    title = "Ambiguous request"
    status = 400


class TooManyLogins(AccessRefused):
    code = "too_many_logins"
    title = "Too many logins"
    status = 429
    retryable = True


class CodeSpent(AccessRefused):
    code = "code_spent"
    title = "One-time code no longer valid"
    status = 410


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
    title = "Wrong upload offset"
    status = 409


class ChecksumMismatch(UploadRefused):
    code = "checksum_mismatch"
    title = "The checksum does not match the bytes"
    status = 460


class UploadCut(UploadRefused):
    code = "upload_cut"
    title = "The connection broke"


class UploadExpired(UploadRefused):
    code = "upload_expired"
    title = "The upload has expired"
    status = 410


class UploadLost(UploadRefused):
    code = "upload_lost"
    title = "The upload was lost; start it again"
    status = 410


class WrongTusVersion(UploadRefused):
    code = "wrong_tus_version"
    title = "Tus version not supported"
    status = 412


class WrongContentType(UploadRefused):
    code = "wrong_content_type"
    title = "Content type not accepted"
    status = 415


class WrongContentEncoding(UploadRefused):
    code = "wrong_content_encoding"
    title = "Content encoding not accepted"
    status = 415


class BadMessage(OpenhoursError):
    code = "bad_message"
    title = "Request not read"
    status = 400


class HeadTooLarge(BadMessage):
    code = "head_too_large"
    title = "Address and headers too large"
    status = 431


class RequestTooSlow(BadMessage):
    code = "request_too_slow"
    title = "The request arrived too slowly"
    status = 408
    retryable = True


class UnreadableRequest(BadMessage):
    code = "unreadable_request"
    title = "No valid HTTP"


class UnknownExpectation(BadMessage):
    code = "unknown_expectation"
    title = "What is expected is not known"
    status = 417


class UnknownTransferCoding(BadMessage):
    code = "unknown_transfer_coding"
    title = "Transfer coding not known"
    status = 501


class TooManyReports(OpenhoursError):
    code = "too_many_reports"
    title = "Too many reports are waiting"
    status = 429
    retryable = True


class TooManyUploads(OpenhoursError):
    code = "too_many_uploads"
    title = "Too many uploads are waiting"
    status = 429
    retryable = True


class SealedWeekDamaged(OpenhoursError):
    code = "sealed_week_damaged"
    title = "Polls of a sealed week are missing or damaged"


class ReportFailed(OpenhoursError):
    code = "report_failed"
    title = "The report failed"


class AttemptSuperseded(ReportFailed):
    code = "attempt_superseded"
    title = "Another attempt has taken over"


class WorkerCrashed(ReportFailed):
    code = "worker_crashed"
    title = "The report's process died"


class AttemptsExhausted(ReportFailed):
    code = "attempts_exhausted"
    title = "The report has used all its attempts"


class TimeLimitExceeded(ReportFailed):
    code = "time_limit_exceeded"
    title = "The report exceeded its time limit"


class MemoryLimitExceeded(ReportFailed):
    code = "memory_limit_exceeded"
    title = "The report exceeded its memory limit"


class RowExceedsPart(ReportFailed):
    code = "row_exceeds_part"
    title = "A row exceeds the size of a part"


class TooManyParts(ReportFailed):
    code = "too_many_parts"
    title = "The result has too many parts"


class TableRemoved(ReportFailed):
    code = "table_removed"
    title = "A table of the report was removed"

    @classmethod
    def of(cls, dataset_id: str) -> "TableRemoved":
        """The error of the table of a dataset."""
        message = f"The dataset {dataset_id} or its file was removed before the report had read it."
        return cls(message, dataset_id=dataset_id)


class Unavailable(OpenhoursError):
    code = "unavailable"
    title = "A server did not answer"
    status = 503
    retryable = True
    retry_after_seconds = 2


class SingleSignOnUnavailable(Unavailable):
    code = "single_sign_on_unavailable"
    title = "The provider of single sign-on did not answer"


class SourceUnavailable(Unavailable):
    code = "source_unavailable"
    title = "The API of a source did not answer"


class SourceIncomplete(SourceUnavailable):
    code = "source_incomplete"
    title = "The API of a source returned an incomplete list"


class ClusterUnavailable(Unavailable):
    code = "cluster_unavailable"
    title = "The cluster did not complete its part of a job"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "Postgres did not answer"


class DatabaseUnknownHost(DatabaseUnavailable):
    code = "database_unknown_host"
    title = "The host of Postgres is not known"


class DatabaseWrongPassword(DatabaseUnavailable):
    code = "database_wrong_password"
    title = "Postgres refused the password"


class DatabaseMissing(DatabaseUnavailable):
    code = "database_missing"
    title = "Postgres has no such database"


class DatabaseFull(DatabaseUnavailable):
    code = "database_full"
    title = "The disk of Postgres is full"


class DatabaseReadOnly(DatabaseUnavailable):
    code = "database_read_only"
    title = "Postgres takes no writes"


class RedisUnavailable(Unavailable):
    code = "redis_unavailable"
    title = "Redis did not answer"


class RedisUnknownHost(RedisUnavailable):
    code = "redis_unknown_host"
    title = "The host of Redis is not known"


class RedisWrongPassword(RedisUnavailable):
    code = "redis_wrong_password"
    title = "Redis refused the password"


class RedisMissingDatabase(RedisUnavailable):
    code = "redis_missing_database"
    title = "Redis has no such database"


class RedisFull(RedisUnavailable):
    code = "redis_full"
    title = "The disk of Redis is full"


class ObjectStoreUnavailable(Unavailable):
    code = "object_store_unavailable"
    title = "The object store did not answer"


class ClockSkewed(ObjectStoreUnavailable):
    code = "clock_skewed"
    title = "The clocks of this replica and the object store differ"


class ObjectStoreUnknownHost(ObjectStoreUnavailable):
    code = "object_store_unknown_host"
    title = "The host of the object store is not known"


class ObjectStoreWrongKeys(ObjectStoreUnavailable):
    code = "object_store_wrong_keys"
    title = "The object store refused the keys"
    retryable = False


class BucketMissing(ObjectStoreUnavailable):
    code = "bucket_missing"
    title = "The object store has no such bucket"
    retryable = False


class ObjectStoreFull(ObjectStoreUnavailable):
    code = "object_store_full"
    title = "The disk of the object store is full"


class DiskFull(Unavailable):
    code = "disk_full"
    title = "The disk is full"


class ReplicaUnavailable(Unavailable):
    code = "replica_unavailable"
    title = "This replica is not accepting work"


class ReplicaFault(ReplicaUnavailable):
    """``details["part"]`` is what is broken: temporary_folder, descriptors, fork_server, threads, memory or clock."""

    code = "replica_fault"
    title = "This replica cannot run jobs"


class SeriesBusy(Unavailable):
    code = "series_busy"
    title = "Another load is being merged"


class UnknownJob(Unavailable):
    code = "unknown_job"
    title = "Job of a later version"


class SetupError(OpenhoursError):
    code = "setup_error"
    title = "The installation is not set up correctly"


class NotMigrated(SetupError):
    code = "not_migrated"
    title = "The database has not been migrated to this version"
    status = 503


class EmbeddedServerError(SetupError):
    code = "embedded_server_error"
    title = "An embedded server did not start"
