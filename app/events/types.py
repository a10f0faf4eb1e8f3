"""What others may be told of: each type of event, in words."""

from collections.abc import Mapping
from typing import Final

TYPES: Final[Mapping[str, str]] = {
    "report.complete": "A report is complete.",
    "report.failed": "A report has failed.",
    "report.cancelled": "A report was cancelled.",
    "dataset.ready": "The rows of a file are loaded.",
    "dataset.rejected": "A file was rejected.",
    "sync.complete": "A sync of a source has ended.",
    "sync.failed": "A sync of a source has failed.",
    "schedule.paused": "A schedule was paused, because what it starts was refused.",
    "rule.paused": "A rule was paused, because what it does was refused.",
    "alert.raised": "A rule has a finding.",
    "alert.recovered": "It is right again.",
    "key.expiring": "A key ends within a week.",
    "webhook.disabled": "A webhook was disabled, because its receiver accepts nothing.",
    "webhook.test": "Somebody tries a webhook.",
}
