"""The report kinds, by the name that addresses and commands use. A new kind is its file and its line here."""

from app.reports.kind import ReportKind
from app.reports.kinds.activity import ACTIVITY
from app.reports.kinds.engineering import ENGINEERING
from app.reports.kinds.pull_requests import PULL_REQUESTS
from app.reports.kinds.rollup import ROLLUP
from app.reports.kinds.uptime import UPTIME
from app.reports.manifest import with_manifest

REPORT_KINDS: dict[str, ReportKind] = {
    kind.name: with_manifest(kind)
    for kind in (
        UPTIME,
        PULL_REQUESTS,
        ROLLUP,
        ACTIVITY,
        ENGINEERING,
    )
}

#: The kind of an empty trigger.
DEFAULT_KIND = REPORT_KINDS[UPTIME.name]
