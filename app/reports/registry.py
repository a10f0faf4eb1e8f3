"""The report kinds, by the name that addresses and commands use. A new kind is its file and its line here."""

from app.reports.kind import ReportKind
from app.reports.uptime import UPTIME

REPORT_KINDS: dict[str, ReportKind] = {kind.name: kind for kind in (UPTIME,)}

#: What an empty trigger starts.
DEFAULT_KIND = UPTIME
