"""What became of one attempt to send something."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"  # another attempt may succeed
    GONE = "gone"  # the receiver wants nothing more (HTTP 410; SMTP: the mailbox does not exist)
    REFUSED = "refused"  # our own guard or policy: no attempt was made that left this machine; retried like FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    verdict: Verdict
    status: int | None = None  # HTTP status or SMTP reply code
    error: str | None = None  # a sentence for people; never an internal banner, never a secret
    answer: str | None = None  # at most 2 KiB of what the receiver answered
    retry_after: timedelta | None = None  # what the receiver asked for, at most 24 h
