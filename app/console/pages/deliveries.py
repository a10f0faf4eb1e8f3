"""Deliveries: what was sent to whom, by webhook and by mail; one of them; who wants no mail."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Statuses that lists may be narrowed to.
STATUSES: Final = ("waiting", "delivered", "failed", "dropped")

#: Names of webhooks that are addresses of their own, of a page or of the API: their pages go by their ids.
TAKEN: Final = frozenset({"new", "events"})

#: One that is due sooner is looked at each second, others every now and then.
_SOON: Final = timedelta(seconds=10)


@pages.page("/deliveries", Scope.WEBHOOKS_WRITE, api="/deliveries", queries=6)
async def deliveries(view: View) -> Response:
    """All of them, newest first, and the addresses that want no mail."""
    asked = {name: view.asked(name) for name in ("status", "webhook", "subject")}
    found = await view.api.get("/deliveries", **asked, cursor=view.asked("cursor"), limit=view.asked("limit"))
    known = await view.api.get("/webhooks")
    unsubscribed = await view.api.get("/unsubscribed")
    return view.render(
        "deliveries",
        found=found,
        asked=asked,
        is_narrowed=any(asked.values()),
        statuses=STATUSES,
        webhooks=[one["name"] for one in known["webhooks"]],
        webhook_at=webhook_at,
        addresses=unsubscribed["addresses"],
    )


@pages.page("/deliveries/{delivery_id}", Scope.WEBHOOKS_WRITE, api="/deliveries/{delivery_id}", queries=1)
async def delivery(view: View) -> Response:
    """One of them: what it says, and what its receiver answered."""
    return await _page(view)


@pages.page("/deliveries/{delivery_id}/progress", Scope.WEBHOOKS_WRITE, queries=1)
async def progress(view: View) -> Response:
    """The piece of the page that one that waits has anew; the whole page, once it has ended."""
    found = await view.api.get(f"/deliveries/{view['delivery_id']}")
    if found["status"] == "waiting":
        return view.render("delivery_progress", one=found, pause_seconds=_pause_seconds(found))
    return Response(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})


@pages.action("/deliveries/{delivery_id}/send", Scope.WEBHOOKS_WRITE)
async def send_again(view: View) -> Response:
    """Send it once more, or at once if it waits."""
    try:
        await view.api.send("POST", f"/deliveries/{view['delivery_id']}/send")
    except Refused as refusal:
        return await _page(view, refusal)
    return view.to(f"/console/deliveries/{view['delivery_id']}", said="sent_again")


@pages.action("/unsubscribed/allow", Scope.WEBHOOKS_WRITE)
async def allow_mail(view: View) -> Response:
    """Allow mail to an unsubscribed address again."""
    address = fields_of(await view.form()).get("address", "")
    await view.api.send("DELETE", f"/unsubscribed/{address}")
    return view.to("/console/deliveries", said="mail_allowed")


def webhook_at(name: str) -> str:
    """The address of the page of a webhook; of one whose page goes by its id, that of its deliveries."""
    return f"/console/deliveries?webhook={name}" if name in TAKEN else f"/console/webhooks/{name}"


async def _page(view: View, refusal: Refused | None = None) -> Response:
    found = await view.api.get(f"/deliveries/{view['delivery_id']}")
    page = found["payload"].get("data", {}).get("page", "")
    return view.render(
        "delivery",
        one=found,
        webhook_at=webhook_at,
        about=page if page.startswith("/console/") else None,
        payload=json.dumps(found["payload"], ensure_ascii=False, indent=2),
        pause_seconds=_pause_seconds(found),
        refusal=refusal,
    )


def _pause_seconds(found: Any) -> int:
    """How long the page waits before it looks again."""
    due_at = found["due_at"]
    return 1 if due_at is None or datetime.fromisoformat(due_at) < datetime.now(UTC) + _SOON else 15
