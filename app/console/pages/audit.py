"""The audit: who did what, when and from where."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.access_words import OUTCOMES, WAYS
from app.console.asking import Refused
from app.console.marked import marked
from app.console.routes import Pages
from app.console.typed_times import in_utc
from app.console.view import View

pages = Pages()

#: The filters, by the names of the API, with their titles.
_FILTERS: Final = {
    "actor": marked("Who"),
    "action": marked("Action"),
    "object_kind": marked("Kind of object"),
    "object_id": marked("Object"),
    "outcome": marked("Outcome"),
    "from": marked("From (UTC)"),
    "to": marked("Before (UTC)"),
}

#: Filters that are instants.
_INSTANTS: Final = ("from", "to")

#: Pages of objects, by kind.
_PAGES: Final[Mapping[str, str]] = {
    "report": "/console/reports/",
    "dataset": "/console/files/",
    "user": "/console/users/",
    "key": "/console/keys/",
    "webhook": "/console/webhooks/",
    "delivery": "/console/deliveries/",
    "rule": "/console/rules/",
}


@pages.page("/audit", Scope.AUDIT_READ, api="/audit", queries=1)
async def audit(view: View) -> Response:
    """Rows of the audit, newest first."""
    filters = {name: view.asked(name) for name in _FILTERS}
    exact = {**filters, **{name: in_utc(filters[name]) for name in _INSTANTS}}
    if exact != filters:  # the address has instants as the API takes them, so that its JSON is that of the page
        return view.to("/console/audit", **exact)
    refusal = None
    try:
        found = await view.api.get("/audit", **filters, cursor=view.asked("cursor"), limit=view.asked("limit"))
    except Refused as error:
        refusal, found = error, {"entries": (), "next_cursor": None}
    return view.render(
        "audit",
        found=found,
        filters=filters,
        is_filtered=any(filters.values()),
        csv=view.link("/audit", **filters, format="csv"),
        refusal=refusal,
        names=view.titled(_FILTERS),
        outcomes=[(name, view.texts(words)) for name, words in OUTCOMES.items()],
        outcome_words=OUTCOMES,
        ways=WAYS,
        page_of=_page_of,
    )


def _page_of(entry: Mapping[str, Any]) -> str | None:
    """The page of what something was done to, unless it is gone."""
    if entry["object_kind"] not in _PAGES or entry["object_id"] is None or entry["action"].endswith(".remove"):
        return None
    return _PAGES[entry["object_kind"]] + str(entry["object_id"])
