"""All pages of the console: a file of ``pages/`` and a line here for each."""

from typing import Final

from app.console.pages import (
    account,
    activity,
    audit,
    calendars,
    deliveries,
    entities,
    entity,
    files,
    keys,
    mappings,
    new_report,
    overview,
    report,
    reports,
    rollups,
    rules,
    schedules,
    sources,
    upload,
    users,
    webhooks,
)

#: In the order in which addresses are matched.
PAGES: Final = (
    overview.pages,
    reports.pages,
    new_report.pages,
    report.pages,
    files.pages,
    upload.pages,
    mappings.pages,
    schedules.pages,
    rules.pages,
    webhooks.pages,
    deliveries.pages,
    sources.pages,
    activity.pages,
    rollups.pages,
    entities.pages,
    entity.pages,
    calendars.pages,
    users.pages,
    keys.pages,
    account.pages,
    audit.pages,
)
