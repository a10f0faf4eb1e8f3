"""Definitions of metrics: list, view, check and store as JSON, copy, remove; and everything that one may say."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, path_of, wrong
from app.console.figures import PILLARS
from app.console.json_text import read_json
from app.console.metric_texts import definition_text, line_of
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Versions that the page of a definition leads to, the latest ones.
_VERSIONS: Final = 10

#: What the form of a new metric begins with.
_BLANK: Final = {
    "pillar": "team",
    "title": "",
    "summary": "",
    "from": "pull_requests",
    "when": "merged_at",
    "where": [["author_is_bot", "=", False]],
    "value": {"count": "*"},
}


@pages.page("/metrics", Scope.DATA_READ, api="/metrics-definitions", queries=1)
async def metrics(view: View) -> Response:
    """All of them by pillar."""
    found = (await view.api.get("/metrics-definitions"))["metrics"]
    pillars = {name: [one for one in found if one["pillar"] == name] for name in PILLARS}
    return view.render("metrics", pillars=pillars, titles=view.titled(PILLARS))


# Not below /metrics, so that it is not the address of a metric named "new".
@pages.page("/new-metric", Scope.DATA_READ, queries=1)
async def new_metric(view: View) -> Response:
    """The form; ``from`` in the address names a metric of which it is a copy."""
    name, document = view.asked("from"), _BLANK
    if name:
        document = (await view.api.get(path_of("metrics-definitions", name)))["document"]
    return await _new(view, {"name": f"my_{name}" if name else "", "document": definition_text(document)}, source=name)


@pages.action("/new-metric", Scope.DATA_WRITE)
async def add(view: View) -> Response:
    """Check a definition, or store it by a name that no metric has yet."""
    form = fields_of(await view.form())
    name = form.get("name", "").strip()
    try:
        if not name:
            raise wrong("name", view.texts("A metric needs a name."))
        if await _is_known(view, name):
            raise wrong("name", view.texts("There is a metric of this name. Open it to change it, or choose another."))
        answer = await _put(view, name, form)
    except Refused as refusal:
        return await _new(view, form, refusal=refusal)
    if form.get("do") == "check":
        return await _new(view, form, checked=answer)
    return view.to(f"/console/metrics/{name}", said="saved")


@pages.page("/metrics/{name}", Scope.DATA_READ, api="/metrics-definitions/{name}", queries=3)
async def metric(view: View) -> Response:
    """One of them, in the version that the address names or the latest."""
    version = view.asked("version")
    found = await view.api.get(path_of("metrics-definitions", view["name"]), version=version)
    return await _one(view, found, definition_text(found["document"]))


@pages.action("/metrics/{name}", Scope.DATA_WRITE)
async def save(view: View) -> Response:
    """Check a definition, or store it as a new version."""
    form = fields_of(await view.form())
    found = await view.api.get(path_of("metrics-definitions", view["name"]))
    text = form.get("document", "")
    try:
        answer = await _put(view, view["name"], form)
    except Refused as refusal:
        return await _one(view, found, text, refusal=refusal)
    if form.get("do") == "check":
        return await _one(view, found, text, checked=answer)
    return view.to(f"/console/metrics/{view['name']}", said="saved")


@pages.action("/metrics/{name}/delete", Scope.DATA_WRITE)
async def delete(view: View) -> Response:
    """Remove all versions that were stored; a shipped one of the name counts again."""
    await view.api.send("DELETE", path_of("metrics-definitions", view["name"]))
    return view.to("/console/metrics", said="removed")


async def _put(view: View, name: str, form: Mapping[str, str]) -> Any:
    """Have the API check what was typed, and store it unless only that was asked for.

    Raises:
        Refused: it is no JSON, or no definition.
    """
    try:
        document = read_json(form.get("document", ""))
    except ValueError as error:
        raise wrong("document", view.texts("The text is no JSON: %(error)s", error=str(error))) from None
    is_check = form.get("do") == "check"
    return await view.api.send("PUT", path_of("metrics-definitions", name), document, dry_run=is_check or None)


async def _is_known(view: View, name: str) -> bool:
    try:
        await view.api.get(path_of("metrics-definitions", name))
    except Refused as refusal:
        if refusal.status not in {404, 422}:
            raise
        return False
    return True


async def _new(view: View, form: Mapping[str, str], *, source: str = "", **more: Any) -> Response:
    text = form.get("document", "")
    grammar = await view.api.get("/metrics-facts")
    shared = _shared(view, text, grammar, **more)
    return view.render("metric_new", name=form.get("name", ""), source=source, **shared)


async def _one(view: View, found: Mapping[str, Any], text: str, **more: Any) -> Response:
    grammar = await view.api.get("/metrics-facts")
    latest, is_shipped = await _latest(view, found), await _is_shipped(view, found)
    first = max(latest - _VERSIONS, 0)
    versions = [*range(latest, first, -1), *([0] if is_shipped else [])]
    return view.render(
        "metric",
        found=found,
        versions=versions,
        latest=latest,
        is_shipped=is_shipped,
        **_shared(view, text, grammar, **more),
    )


def _shared(
    view: View, text: str, grammar: Any, *, refusal: Refused | None = None, checked: Any = None
) -> dict[str, Any]:
    """What both forms need: the text, what is wrong with it and where, everything that may stand in it."""
    return {
        "text": text,
        "grammar": grammar,
        "refusal": refusal,
        "checked": checked,
        "wrong": [] if refusal is None else _wrong(text, refusal),
        "pillar_titles": view.titled(PILLARS),
    }


def _wrong(text: str, refusal: Refused) -> list[dict[str, Any]]:
    """What is wrong with a definition, in the order of its lines; what is missing comes first."""
    said = {one.get("parameter", ""): one for one in refusal.problem.get("errors") or ()}
    found = [
        {
            "place": place,
            "line": line_of(text, place),
            "reason": reason.removeprefix("null ") if said[place].get("received") is None else reason,
            "nearest": ", ".join(said[place].get("nearest") or ()),
        }
        for place, reason in refusal.errors.items()
        if place != "name"
    ]
    return sorted(found, key=lambda one: one["line"] or 0)


async def _latest(view: View, found: Mapping[str, Any]) -> int:
    """The latest version of a metric."""
    if not view.asked("version"):
        return int(found["version"])
    return int((await view.api.get(path_of("metrics-definitions", found["name"])))["version"])


async def _is_shipped(view: View, found: Mapping[str, Any]) -> bool:
    """Whether a metric of this name comes with the program."""
    try:
        await view.api.get(path_of("metrics-definitions", found["name"]), version=0)
    except Refused as refusal:
        if refusal.status != 404:
            raise
        return False
    return True
