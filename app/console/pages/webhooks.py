"""Webhooks: their list, one with its deliveries, a form for a new one and for a change; secrets, tests, what failed."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import FormData

from app.access.scopes import Scope
from app.console import schema_forms
from app.console.asking import Refused, at_fields
from app.console.marked import marked
from app.console.pages.deliveries import STATUSES, TAKEN
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: What receivers understand, by the names of the API.
FORMATS: Final = {
    "standard": marked("Standard Webhooks, for programs"),
    "slack": marked("Slack"),
    "teams": marked("Microsoft Teams"),
    "discord": marked("Discord"),
}

#: The titles of the fields, for the summary of a refusal.
TITLES: Final = {
    "name": marked("Name"),
    "url": marked("Address of the receiver"),
    "format": marked("What the receiver understands"),
    "events": marked("Events that it receives"),
    "description": marked("Description"),
    "since": marked("Since (UTC)"),
}

#: Deliveries that the page of a webhook shows at once.
_ROWS: Final = 20


@pages.page("/webhooks", Scope.WEBHOOKS_WRITE, api="/webhooks", queries=2)
async def webhooks(view: View) -> Response:
    """All of them by name."""
    found = await view.api.get("/webhooks")
    return view.render("webhooks", found=found, host_of=host_of, path_of=path_of, formats=view.titled(FORMATS))


@pages.page("/webhooks/new", Scope.WEBHOOKS_WRITE, queries=0)
async def new_webhook(view: View) -> Response:
    """The form."""
    return await _form(view, {"format": "standard"}, ())


@pages.action("/webhooks/new", Scope.WEBHOOKS_WRITE)
async def add_webhook(view: View) -> Response:
    """Make it; its secret is in this answer and nowhere else."""
    form = await view.form()
    try:
        made = await view.api.send("POST", "/webhooks", _body(form))
    except Refused as refusal:
        return await _form(view, fields_of(form), _ticked(form), refusal=refusal)
    return _secret(view, made, is_new=True)


@pages.page(
    "/webhooks/{name}", Scope.WEBHOOKS_WRITE, api="/webhooks/{name}", own=("status", "cursor", "limit"), queries=5
)
async def webhook(view: View) -> Response:
    """One of them, with its newest deliveries."""
    return await _page(view)


@pages.page("/webhooks/{name}/edit", Scope.WEBHOOKS_WRITE, queries=2)
async def edit_webhook(view: View) -> Response:
    """The form, filled with what there is."""
    found = await view.api.get(f"/webhooks/{view['name']}")
    return await _form(view, found, found["events"], before=found)


@pages.action("/webhooks/{name}/edit", Scope.WEBHOOKS_WRITE)
async def change_webhook(view: View) -> Response:
    """Set it anew; its secret, and whether it is enabled, stay as they are."""
    form = await view.form()
    found = await view.api.get(f"/webhooks/{view['name']}")
    try:
        body = {**_body(form), "enabled": found["enabled"]}
        changed = await view.api.send("PUT", f"/webhooks/{view['name']}", body)
    except Refused as refusal:
        return await _form(view, fields_of(form), _ticked(form), refusal=refusal, before=found)
    return view.to(path_of(changed), said="changed")


@pages.action("/webhooks/{name}/rotate", Scope.WEBHOOKS_WRITE)
async def rotate_webhook(view: View) -> Response:
    """Make a new secret; it is in this answer and nowhere else."""
    return _secret(view, await view.api.send("POST", f"/webhooks/{view['name']}/rotate"), is_new=False)


@pages.action("/webhooks/{name}/test", Scope.WEBHOOKS_WRITE)
async def test_webhook(view: View) -> Response:
    """Send a test, and lead to where one sees what becomes of it."""
    try:
        sent = await view.api.send("POST", f"/webhooks/{view['name']}/test")
    except Refused as refusal:
        return await _page(view, refusal)
    return view.to(f"/console/deliveries/{sent['delivery_id']}", said="test_sent")


@pages.action("/webhooks/{name}/enable", Scope.WEBHOOKS_WRITE)
async def enable_webhook(view: View) -> Response:
    """Send to it what happens from now on."""
    return view.to(path_of(await view.api.send("POST", f"/webhooks/{view['name']}/enable")), said="webhook_enabled")


@pages.action("/webhooks/{name}/disable", Scope.WEBHOOKS_WRITE)
async def disable_webhook(view: View) -> Response:
    """Send nothing to it."""
    return view.to(path_of(await view.api.send("POST", f"/webhooks/{view['name']}/disable")), said="webhook_disabled")


@pages.action("/webhooks/{name}/send_failed", Scope.WEBHOOKS_WRITE)
async def send_failed(view: View) -> Response:
    """Send once more what did not arrive since an instant."""
    since = fields_of(await view.form()).get("since", "").strip()
    try:
        again = await view.api.send(
            "POST", f"/webhooks/{view['name']}/send_failed", {"since": schema_forms.instant_on(since, "UTC")}
        )
    except Refused as refusal:
        return await _page(view, refusal, since=since)
    return view.to(f"/console/webhooks/{view['name']}", said="failed_sent" if again["deliveries"] else "nothing_failed")


@pages.action("/webhooks/{name}/delete", Scope.WEBHOOKS_WRITE)
async def delete_webhook(view: View) -> Response:
    """Remove it."""
    await view.api.send("DELETE", f"/webhooks/{view['name']}")
    return view.to("/console/webhooks", said="removed")


def path_of(one: Mapping[str, Any]) -> str:
    """The address of a webhook's page: by its name, unless that is an address of its own."""
    return f"/console/webhooks/{one['webhook_id'] if one['name'] in TAKEN else one['name']}"


def host_of(url: str) -> str:
    """The host of an address, with its port if it names one: what follows may be a secret of the receiver."""
    return urlsplit(url).netloc.rpartition("@")[2]


async def _page(view: View, refusal: Refused | None = None, *, since: str | None = None) -> Response:
    found = await view.api.get(f"/webhooks/{view['name']}")
    status = view.asked("status")
    deliveries = await view.api.get(
        "/deliveries",
        webhook=found["webhook_id"],
        status=status,
        cursor=view.asked("cursor"),
        limit=view.asked("limit") or _ROWS,
    )
    return view.render(
        "webhook",
        one=found,
        found=deliveries,
        status=status,
        statuses=STATUSES,
        since=_since(found) if since is None else since,
        format=view.texts(FORMATS.get(found["format"], found["format"])),
        titles=view.titled(TITLES),
        refusal=refusal,
    )


def _since(found: Mapping[str, Any]) -> str:
    """From when on somebody may want to have sent again what failed: since it fails, or the last day."""
    failing = found["failing_since"]
    since = datetime.now(UTC) - timedelta(days=1) if failing is None else datetime.fromisoformat(failing)
    return since.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _secret(view: View, made: Mapping[str, Any], *, is_new: bool) -> Response:
    """The page of a secret, which is shown this once."""
    return view.render("webhook_secret", one=made, is_new=is_new, back=view.link(path_of(made)))


async def _form(
    view: View,
    values: Mapping[str, Any],
    ticked: Collection[str],
    *,
    refusal: Refused | None = None,
    before: Any = None,
) -> Response:
    found = await view.api.get("/webhooks/events")
    return view.render(
        "webhook_form",
        before=before,
        values=values,
        ticked=ticked,
        events=found["events"],
        formats=list(view.titled(FORMATS).items()),
        refusal=None if refusal is None else at_fields(refusal, lambda name: name.partition(".")[0]),
        titles=view.titled(TITLES),
    )


def _ticked(form: FormData) -> list[str]:
    return [str(one) for one in form.getlist("events")]


def _body(form: FormData) -> dict[str, Any]:
    """What is sent to the API."""
    texts = {name: text.strip() for name, text in fields_of(form).items()}
    own = {name: texts.get(name, "") for name in ("name", "url", "format")}
    return {**own, "events": _ticked(form), "description": texts.get("description") or None}
