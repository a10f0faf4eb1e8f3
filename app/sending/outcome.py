"""What came of one attempt to send something."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the receiver has it, and whether another attempt makes sense."""

    DELIVERED = "delivered"
    FAILED = "failed"  # another attempt may succeed
    GONE = "gone"  # the receiver wants nothing more: HTTP 410, or a mailbox that does not exist
    REFUSED = "refused"  # by our own guard or policy: nothing has left this machine; retried like FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt.

    Attributes:
        status: of HTTP, or the reply code of SMTP.
        error: a sentence for people; without what a server inside says of itself, and without secrets.
        answer: what the receiver has answered, at most 2 KiB of it.
        retry_after: how long the receiver asks to be left alone, at most 24 hours.
    """

    verdict: Verdict
    status: int | None = None
    error: str | None = None
    answer: str | None = None
    retry_after: timedelta | None = None
