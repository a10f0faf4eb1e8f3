"""Sources: list, add, view with streams, gaps and budget, sync now, pause, resume, remove."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Kinds of sources that the form offers, and which of the lists each has.
KINDS: Final = {"github": "repositories", "pypistats": "projects"}

#: Fields that are sent as they are, and those that have one thing a line.
_TEXTS: Final = ("name", "kind", "address", "token", "token_from")
_LINES: Final = ("repositories", "projects", "streams")


@pages.page("/sources", Scope.DATA_READ, api="/sources", queries=2)
async def sources(view: View) -> Response:
    """All of them."""
    return view.render("sources", found=await view.api.get("/sources"))


@pages.page("/sources/new", Scope.SOURCES_WRITE, queries=0)
async def new(view: View) -> Response:
    """The form of a new one."""
    return _form(view, {"kind": view.asked("kind", "github")})


@pages.action("/sources/new", Scope.SOURCES_WRITE)
async def add(view: View) -> Response:
    """Add it, after a look whether it can be read."""
    form = fields_of(await view.form())
    body: dict[str, Any] = {name: form[name].strip() for name in _TEXTS if form.get(name, "").strip()}
    for name in _LINES:
        lines = [line.strip() for line in form.get(name, "").splitlines() if line.strip()]
        if lines:
            body[name] = lines
    try:
        made = await view.api.send("POST", "/sources", body)
    except Refused as refusal:
        return _form(view, form, refusal)
    return view.to(f"/console/sources/{made['name']}", said="added")


@pages.page("/sources/{name}", Scope.DATA_READ, api="/sources/{name}", queries=12)
async def source(view: View) -> Response:
    """One of them: how far it is, and what it could not read."""
    name = view["name"]
    found = await view.api.get(f"/sources/{name}")
    gaps = await view.api.get(f"/sources/{name}/gaps", limit=50)
    return view.render("source", source=found, gaps=gaps["gaps"])


@pages.page("/sources/{name}/repositories", Scope.DATA_READ, api="/sources/{name}/repositories", queries=3)
async def repositories(view: View) -> Response:
    """What it knows."""
    found = await view.api.get(f"/sources/{view['name']}/repositories", limit=view.asked("limit"))
    return view.render("source_repositories", found=found, name=view["name"])


@pages.action("/sources/{name}/sync", Scope.SOURCES_WRITE)
async def sync(view: View) -> Response:
    """Read what is new."""
    return await _done(view, "sync", "started")


@pages.action("/sources/{name}/pause", Scope.SOURCES_WRITE)
async def pause(view: View) -> Response:
    """Have no sync begin."""
    return await _done(view, "pause", "paused")


@pages.action("/sources/{name}/resume", Scope.SOURCES_WRITE)
async def resume(view: View) -> Response:
    """Have it go on."""
    return await _done(view, "resume", "resumed")


@pages.action("/sources/{name}/delete", Scope.SOURCES_WRITE)
async def delete(view: View) -> Response:
    """Remove it; what it brought stays."""
    await view.api.send("DELETE", f"/sources/{view['name']}")
    return view.to("/console/sources", said="removed")


async def _done(view: View, what: str, said: str) -> Response:
    await view.api.send("POST", f"/sources/{view['name']}/{what}")
    return view.to(f"/console/sources/{view['name']}", said=said)


def _form(view: View, values: Mapping[str, str], refusal: Refused | None = None) -> Response:
    kind = values.get("kind", "github")
    shown = {name: value for name, value in values.items() if name != "token"}  # a token is never sent back
    status = refusal.status if refusal else 200
    return view.render(
        "source_form", http_status=status, values=shown, kind=kind, kinds=KINDS, has=KINDS.get(kind), refusal=refusal
    )
