"""Mappings that have a name: list, view and edit as JSON, remove."""

import json
from typing import Any

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.json_text import read_json
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()


@pages.page("/mappings", Scope.DATA_READ, api="/mappings", queries=1)
async def mappings(view: View) -> Response:
    """All of them by name."""
    found = await view.api.get("/mappings")
    return view.render("mappings", found=found)


@pages.page("/mappings/{name}", Scope.DATA_READ, api="/mappings/{name}", queries=1)
async def mapping(view: View) -> Response:
    """One of them."""
    found = await view.api.get(f"/mappings/{view['name']}")
    return _form(view, found, json.dumps(found["document"], ensure_ascii=False, indent=2))


@pages.action("/mappings/{name}", Scope.DATA_WRITE)
async def save(view: View) -> Response:
    """Store it as a new version."""
    text = fields_of(await view.form()).get("document", "")
    try:
        document = read_json(text)
    except ValueError as error:
        reason = view.texts("The text is no JSON: %(error)s", error=str(error))
        problem = {"code": "malformed_request", "title": reason, "detail": reason}
        return await _again(view, text, Refused(422, problem, {}))
    try:
        await view.api.send("PUT", f"/mappings/{view['name']}", document)
    except Refused as refusal:
        return await _again(view, text, refusal)
    return view.to(f"/console/mappings/{view['name']}", said="saved")


@pages.action("/mappings/{name}/delete", Scope.DATA_WRITE)
async def delete(view: View) -> Response:
    """Remove all its versions."""
    await view.api.send("DELETE", f"/mappings/{view['name']}")
    return view.to("/console/mappings", said="removed")


async def _again(view: View, text: str, refusal: Refused) -> Response:
    return _form(view, await view.api.get(f"/mappings/{view['name']}"), text, refusal)


def _form(view: View, found: Any, text: str, refusal: Refused | None = None) -> Response:
    return view.render("mapping", found=found, text=text, refusal=refusal)
