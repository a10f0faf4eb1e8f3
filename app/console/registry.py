"""All pages of the console: a file of ``pages/`` and a line here for each."""

from typing import Final

from app.console.pages import account, audit, keys, overview, reports, users

#: In the order in which addresses are matched.
PAGES: Final = (
    overview.pages,
    reports.pages,
    users.pages,
    keys.pages,
    account.pages,
    audit.pages,
)
