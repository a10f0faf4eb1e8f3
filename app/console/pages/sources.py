"""Sources: their list, one with its streams, gaps and budget; add, change, sync, pause, read again, remove."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, at_fields
from app.console.marked import marked
from app.console.routes import Pages
from app.console.typed_times import in_utc
from app.console.view import View, fields_of

pages = Pages()

#: Kinds of sources, each with the field of what it reads.
KINDS: Final = {"github": "repositories", "pypistats": "projects"}

#: Statuses of a sync that has not ended.
GOING: Final = ("queued", "running")

#: Gaps that the page of a source shows, at most.
_GAPS: Final = 20

#: Repositories that a page lists, at most.
_REPOSITORIES: Final = 1000

#: Fields of the form with a name or pattern on each line.
_LINES: Final = ("repositories", "projects", "streams")

#: The field of the form for each parameter of the API that has another name there.
_FIELDS: Final = {"app.id": "app_id", "app.installation": "app_installation", "app": "app_id"}

#: The titles of the fields, for the summary of a refusal.
TITLES: Final = {
    "name": marked("Name"),
    "repositories": marked("Repositories, one pattern per line"),
    "projects": marked("Projects, one a line"),
    "streams": marked("Streams, one a line"),
    "address": marked("Address of the API"),
    "token": marked("Token"),
    "token_from": marked("Or where the token is read from"),
    "app_id": marked("App ID"),
    "app_installation": marked("Number of the installation"),
}

#: The same of the questions about reading again.
_AGAIN: Final = {
    "reset_stream": marked("Stream"),
    "reset_since": marked("Changed since (UTC)"),
    "reprocess_stream": marked("Stream"),
    "reprocess_since": marked("Read since (UTC)"),
}


@pages.page("/sources", Scope.DATA_READ, api="/sources", queries=1)
async def sources(view: View) -> Response:
    """All of them by name."""
    return view.render("sources", found=await view.api.get("/sources"), kinds=list(KINDS))


# Two parts, so that it is not the address of a source named "new".
@pages.page("/sources/new/{kind}", Scope.DATA_READ, queries=0)
async def new_source(view: View) -> Response:
    """The form of a kind."""
    kind = _kind(view)
    return _form(view, kind, {"name": kind, "check": "true"})


@pages.action("/sources/new/{kind}", Scope.SOURCES_WRITE)
async def add_source(view: View) -> Response:
    """Look whether it can be read, and add it."""
    kind, form = _kind(view), fields_of(await view.form())
    body = {**_body(kind, form), "kind": kind, "name": form.get("name", "").strip() or None}
    try:
        made = await view.api.send("POST", "/sources", body, check=form.get("check") == "true")
    except Refused as refusal:
        return _form(view, kind, form, refusal)
    return _stored(view, made, said="added")


@pages.page("/sources/{name}", Scope.DATA_READ, api="/sources/{name}", queries=14)
async def source(view: View) -> Response:
    """One of them, and how it is doing."""
    return await _source(view)


@pages.page("/sources/{name}/progress", Scope.DATA_READ, queries=12)
async def progress(view: View) -> Response:
    """The piece of the page that is asked for again while a sync goes on; then the whole page."""
    found = await view.api.get(f"/sources/{view['name']}")
    if _is_going(found):
        return view.render("source_progress", one=found)
    return Response(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})


@pages.page("/sources/{name}/repositories", Scope.DATA_READ, api="/sources/{name}/repositories", queries=2)
async def repositories(view: View) -> Response:
    """The repositories that it knows."""
    found = await view.api.get(f"/sources/{view['name']}/repositories", limit=view.asked("limit") or _REPOSITORIES)
    return view.render("source_repositories", name=view["name"], repositories=found["repositories"])


@pages.page("/sources/{name}/edit", Scope.DATA_READ, queries=1)
async def edit_source(view: View) -> Response:
    """The form, filled with what is stored; the token is not told."""
    found = await _as_stored(view)
    app = found["app"] or {}
    values = {
        **{name: "\n".join(found[name]) for name in _LINES},
        "address": found["address"],
        "token_from": "" if found["token"] in {None, "stored"} else found["token"],
        "app_id": app.get("id", ""),
        "app_installation": str(app.get("installation", "")),
        "check": "true",
    }
    return _form(view, found["kind"], values, before=found)


@pages.action("/sources/{name}/edit", Scope.SOURCES_WRITE)
async def change_source(view: View) -> Response:
    """Replace what it reads, and its token if one is given."""
    form = fields_of(await view.form())
    found = await _as_stored(view)
    body, check = _body(found["kind"], form), form.get("check") == "true"
    try:
        changed = await view.api.send("PUT", f"/sources/{view['name']}", body, check=check)
    except Refused as refusal:
        return _form(view, found["kind"], form, refusal, before=found)
    return _stored(view, changed, said="changed")


@pages.action("/sources/{name}/sync", Scope.SOURCES_WRITE)
async def sync(view: View) -> Response:
    """Read what is new."""
    return await _done(view, "sync", said="started")


@pages.action("/sources/{name}/pause", Scope.SOURCES_WRITE)
async def pause(view: View) -> Response:
    """Have no sync begin."""
    return await _done(view, "pause", said="paused")


@pages.action("/sources/{name}/resume", Scope.SOURCES_WRITE)
async def resume(view: View) -> Response:
    """Have it go on."""
    return await _done(view, "resume", said="resumed")


@pages.action("/sources/{name}/delete", Scope.SOURCES_WRITE)
async def delete(view: View) -> Response:
    """Remove it; what it brought stays."""
    await view.api.send("DELETE", f"/sources/{view['name']}")
    return view.to("/console/sources", said="removed")


@pages.action("/sources/{name}/reset", Scope.SOURCES_WRITE)
async def reset(view: View) -> Response:
    """Forget how far it is, and ask again for everything, or for what was changed since a time."""
    return await _again(view, "reset")


@pages.action("/sources/{name}/reprocess", Scope.SOURCES_WRITE)
async def reprocess(view: View) -> Response:
    """Make rows anew from the pages that are kept."""
    return await _again(view, "reprocess")


@pages.action("/sources/{name}/events", Scope.SOURCES_WRITE)
async def show_events(view: View) -> Response:
    """What has to be entered at GitHub so that it sends events; the secret is in this answer alone."""
    found = await view.api.get(f"/sources/{view['name']}/event_secret")
    is_path = found["address"].startswith("/")
    return view.render("source_events", name=view["name"], found=found, is_path=is_path)


async def _source(
    view: View, refusal: Refused | None = None, fields: Mapping[str, str] | None = None, opened: str = ""
) -> Response:
    """The page; ``opened`` is the question whose form was refused."""
    found = await view.api.get(f"/sources/{view['name']}")
    gaps = await view.api.get(f"/sources/{view['name']}/gaps", limit=_GAPS)
    return view.render(
        "source",
        one=found,
        gaps=gaps["gaps"],
        is_going=_is_going(found),
        refusal=refusal,
        fields=fields or {},
        opened=opened,
        titles=view.titled(_AGAIN),
    )


async def _again(view: View, what: str) -> Response:
    """Have something read or made again: of the stream and since the time that the form has."""
    form = fields_of(await view.form())
    stream, since = form.get(f"{what}_stream", ""), in_utc(form.get(f"{what}_since", "").strip())
    try:
        await view.api.send("POST", f"/sources/{view['name']}/{what}", stream=stream, since=since)
    except Refused as refusal:
        names = {"streams": f"{what}_stream", "since": f"{what}_since"}
        return await _source(view, at_fields(refusal, lambda name: names.get(name, name)), form, what)
    return view.to(f"/console/sources/{view['name']}", said="started")


async def _done(view: View, what: str, *, said: str) -> Response:
    await view.api.send("POST", f"/sources/{view['name']}/{what}")
    return view.to(f"/console/sources/{view['name']}", said=said)


async def _as_stored(view: View) -> Any:
    """A source as the list has it, which asks less of Postgres than how it is doing. Raises Refused: there is none."""
    listed = (await view.api.get("/sources"))["sources"]
    found = next((one for one in listed if one["name"] == view["name"]), None)
    return found or await view.api.get(f"/sources/{view['name']}")


def _kind(view: View) -> str:
    """The kind that the address names. Raises Refused: there is none of this name."""
    kind = view["kind"]
    if kind not in KINDS:
        detail = view.texts("There is no such kind of source. There are: %(kinds)s.", kinds=", ".join(KINDS))
        raise Refused(404, {"code": "unknown_source_kind", "title": "Not found", "detail": detail}, {})
    return kind


def _is_going(source: Mapping[str, Any]) -> bool:
    return source["last_sync"] is not None and source["last_sync"]["status"] in GOING


def _body(kind: str, form: Mapping[str, str]) -> dict[str, Any]:
    """What the API is sent of a form; of a field that is empty nothing."""
    body: dict[str, Any] = {
        name: form[name].strip() for name in ("address", "token", "token_from") if form.get(name, "").strip()
    }
    body[KINDS.get(kind, "repositories")] = _lines(form.get(KINDS.get(kind, "repositories"), ""))
    if streams := _lines(form.get("streams", "")):
        body["streams"] = streams
    app_id, installation = form.get("app_id", "").strip(), form.get("app_installation", "").strip()
    if app_id or installation:
        number = int(installation) if installation.isascii() and installation.isdecimal() else installation
        body["app"] = {"id": app_id, "installation": number}
    return body


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _stored(view: View, source: Mapping[str, Any], *, said: str) -> Response:
    """What the look has found, once; or the page of the source, where that is nothing to be read."""
    if any(one["level"] != "ok" for one in source["findings"]):
        return view.render("source_stored", one=source, findings=source["findings"])
    return view.to(f"/console/sources/{source['name']}", said=said)


def _form(
    view: View, kind: str, values: Mapping[str, str], refusal: Refused | None = None, *, before: Any = None
) -> Response:
    refusal = None if refusal is None else _at_fields(refusal)
    return view.render(
        "source_form",
        kind=kind,
        reads=KINDS.get(kind, "repositories"),
        before=before,
        values={name: text for name, text in values.items() if name != "token"},
        refusal=refusal,
        findings=[] if refusal is None else refusal.problem.get("findings") or [],
        titles=view.titled(TITLES),
    )


def _at_fields(refusal: Refused) -> Refused:
    """The same, with the fields of the form in place of the parameters of the API."""
    errors = [
        {**one, "parameter": _FIELDS.get(one.get("parameter", ""), one.get("parameter", ""))}
        for one in refusal.problem.get("errors") or ()
    ]
    return Refused(refusal.status, {**refusal.problem, "errors": errors}, refusal.headers)
