"""The metrics of /metrics, counted as things happen, except those that Postgres knows (see storage/scraping.py)."""

import platform
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, Info

from app import __version__

BUILD: Final = Info("openhours_build", "Version of Openhours and of Python in this process.")
BUILD.info({"version": __version__, "python": platform.python_version()})

#: Bounds of the duration of a report and its stages, seconds: from the smallest to the default time limit.
_REPORT_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

#: Bounds of the duration of a request, seconds; a poll is to take at most 50 ms.
_REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)

REPORT_SECONDS: Final = Histogram(
    "openhours_report_seconds",
    "Duration of a job by stage: queued, the stages of its kind, uploading, and total from creation to end.",
    ["kind", "stage"],
    buckets=_REPORT_BUCKETS,
)
ATTEMPTS: Final = Counter(
    "openhours_attempts",
    "Attempts at jobs by how they ended: complete, failed, retried, crashed, handed_back, lost.",
    ["kind", "outcome"],
)
FAILURES: Final = Counter("openhours_failures", "Jobs that failed for good, by error code.", ["kind", "code"])
REJECTED: Final = Counter(
    "openhours_rejected_datasets", "Files that were rejected, by dataset kind and error code.", ["kind", "code"]
)
CRASHES: Final = Counter("openhours_crashes", "Processes of jobs that died.", ["kind"])
TAKEOVERS: Final = Counter("openhours_takeovers", "Jobs taken over from a worker whose lease ran out.", ["kind"])
SCHEDULED: Final = Counter(
    "openhours_scheduled",
    "Schedules that were due, by what became of it: begun, skipped, postponed, paused, failed.",
    ["does", "outcome"],
)
DELIVERIES: Final = Counter(
    "openhours_deliveries",
    "Attempts at deliveries by how they ended: delivered, failed, gone, refused.",
    ["channel", "outcome"],
)
UPLOADED_BYTES: Final = Counter("openhours_uploaded_bytes", "Bytes of artifacts stored in S3.", ["kind"])
LOG_LINES_LOST: Final = Counter("openhours_log_lines_lost", "Lines of the log that nobody has read in time.")
SLOTS: Final = Gauge("openhours_slots", "Slots of this replica: jobs that it can run at the same time.")
SLOTS_BUSY: Final = Gauge("openhours_slots_busy", "Slots of this replica that are in use.")
REPLICA_FAULT: Final = Gauge(
    "openhours_replica_fault", "1 while this replica claims no jobs because of a fault of its own.", ["part"]
)
SERVER_UP: Final = Gauge("openhours_server_up", "Whether a server answers this replica: 1 or 0.", ["server"])
REQUEST_SECONDS: Final = Histogram(
    "openhours_http_request_seconds",
    "Duration of HTTP requests.",
    ["method", "route", "status"],
    buckets=_REQUEST_BUCKETS,
)
