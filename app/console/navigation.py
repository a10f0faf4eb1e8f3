"""The menu of all pages."""

from dataclasses import dataclass
from typing import Final

from app.access.scopes import Scope
from app.console.marked import marked


@dataclass(frozen=True, slots=True)
class Entry:
    """A place of the menu.

    Attributes:
        title: text of the catalogue.
        path: of its page; pages below belong to it.
        scope: that the page needs; None: whoever has come in.
    """

    title: str
    path: str
    scope: Scope | None

    def is_at(self, address: str) -> bool:
        """Whether a page belongs here."""
        return address == self.path or (self.path != "/console" and address.startswith(self.path + "/"))


#: In the order of the menu.
ENTRIES: Final = (
    Entry(marked("Overview"), "/console", None),
    Entry(marked("Reports"), "/console/reports", Scope.REPORTS_READ),
    Entry(marked("Roll-ups"), "/console/rollups", Scope.REPORTS_READ),
    Entry(marked("Files"), "/console/files", Scope.DATA_READ),
    Entry(marked("Entities"), "/console/entities", Scope.DATA_READ),
    Entry(marked("Calendars"), "/console/calendars", Scope.DATA_READ),
    Entry(marked("Activity"), "/console/activity", Scope.DATA_READ),
    Entry(marked("Engineering"), "/console/engineering", Scope.REPORTS_READ),
    Entry(marked("Metrics"), "/console/metrics", Scope.DATA_READ),
    Entry(marked("Sources"), "/console/sources", Scope.DATA_READ),
    Entry(marked("Schedules"), "/console/schedules", Scope.REPORTS_READ),
    Entry(marked("Rules"), "/console/rules", Scope.REPORTS_READ),
    Entry(marked("Webhooks"), "/console/webhooks", Scope.WEBHOOKS_WRITE),
    Entry(marked("Deliveries"), "/console/deliveries", Scope.WEBHOOKS_WRITE),
    Entry(marked("Users"), "/console/users", Scope.USERS_ADMIN),
    Entry(marked("Keys"), "/console/keys", None),
    Entry(marked("Account"), "/console/account", None),
    Entry(marked("Audit"), "/console/audit", Scope.AUDIT_READ),
)
