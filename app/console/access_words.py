"""What roles, scopes and ways in are called on pages."""

from collections.abc import Mapping
from typing import Final

from app.access.scopes import Role, Scope
from app.console.marked import marked

#: What each role may do.
ROLES: Final[Mapping[str, str]] = {
    Role.VIEWER: marked("Viewer: sees reports and data"),
    Role.OPERATOR: marked("Operator: also runs reports, loads files, sets hours and schedules"),
    Role.ADMIN: marked("Administrator: may do everything, including managing users and reading the audit"),
}

#: The names of roles within a sentence.
SHORT_ROLES: Final[Mapping[str, str]] = {
    Role.VIEWER: marked("viewer"),
    Role.OPERATOR: marked("operator"),
    Role.ADMIN: marked("admin"),
}

#: What each scope lets somebody do.
SCOPES: Final[Mapping[str, str]] = {
    Scope.REPORTS_READ: marked("See and download reports"),
    Scope.REPORTS_RUN: marked("Run reports"),
    Scope.REPORTS_DELETE: marked("Remove reports"),
    Scope.DATA_READ: marked("See files and data"),
    Scope.DATA_WRITE: marked("Upload and remove files"),
    Scope.HOURS_WRITE: marked("Set hours, time zones and calendars"),
    Scope.SCHEDULES_WRITE: marked("Make and change schedules"),
    Scope.SOURCES_WRITE: marked("Make and change sources"),
    Scope.WEBHOOKS_WRITE: marked("Make and change webhooks"),
    Scope.USERS_ADMIN: marked("Manage users and the keys of others"),
    Scope.AUDIT_READ: marked("Read the audit"),
    Scope.METRICS_READ: marked("Read metrics"),
}

#: How somebody has come in.
WAYS: Final[Mapping[str, str]] = {
    "session": marked("by logging in"),
    "key": marked("by a key"),
    "access": marked("by a token of a founding system"),
    "proxy": marked("by a proxy that names them"),
    "local": marked("from this machine"),
    "command": marked("by a command on the server"),
    "schedule": marked("by a schedule"),
    "rule": marked("by a rule"),
    "system": marked("by the service itself"),
    "anonymous": marked("without logging in"),
}

#: How something that the audit has ended.
OUTCOMES: Final[Mapping[str, str]] = {
    "done": marked("done"),
    "refused": marked("refused"),
    "failed": marked("failed"),
}
