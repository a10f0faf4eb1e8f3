"""Users: add people and service accounts, change what they may do, make the links by which they choose a password."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Role, Scope
from app.console.access_words import ROLES
from app.console.asking import Refused
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Titles of the fields.
_NAMES: Final = {"name": marked("Name"), "role": marked("Role"), "email": marked("E-mail"), "kind": marked("Kind")}

#: A new user before anything is filled in.
_EMPTY: Final = {"name": "", "role": Role.VIEWER.value, "kind": "person", "email": ""}


@pages.page("/users", Scope.USERS_ADMIN, api="/users", queries=1)
async def users(view: View) -> Response:
    """Users, newest first."""
    found = await view.api.get("/users", cursor=view.asked("cursor"), limit=view.asked("limit"))
    return view.render("users", found=found, roles=ROLES)


@pages.page("/users/new", Scope.USERS_ADMIN, queries=0)
async def new_user(view: View) -> Response:
    """The form of a new user."""
    return _new_user(view, {"kind": view.asked("kind") or "person"})


@pages.action("/users/new", Scope.USERS_ADMIN)
async def add_user(view: View) -> Response:
    """Add a user; the invitation of a person is in this answer and nowhere else."""
    fields = fields_of(await view.form())
    body = {name: fields.get(name, "") for name in ("name", "role", "kind")}
    try:
        made = await view.api.send("POST", "/users", {**body, "email": fields.get("email", "").strip() or None})
    except Refused as refusal:
        return _new_user(view, fields, refusal)
    if made["invitation"] is None:
        return view.to(f"/console/users/{made['id']}", said="added")
    return _link(view, made, made["invitation"])


@pages.page("/users/{user_id}", Scope.USERS_ADMIN, api="/users/{user_id}", queries=1)
async def user(view: View) -> Response:
    """A user, and what can be done about them."""
    return await _user(view)


@pages.action("/users/{user_id}", Scope.USERS_ADMIN)
async def change_user(view: View) -> Response:
    """Give a user another role or address."""
    fields = fields_of(await view.form())
    return await _changed(view, "changed", role=fields.get("role"), email=fields.get("email", "").strip() or None)


@pages.action("/users/{user_id}/disable", Scope.USERS_ADMIN)
async def disable_user(view: View) -> Response:
    """Accept nothing of a user any more."""
    return await _changed(view, "disabled", disabled=True)


@pages.action("/users/{user_id}/enable", Scope.USERS_ADMIN)
async def enable_user(view: View) -> Response:
    """Accept a user again."""
    return await _changed(view, "enabled", disabled=False)


@pages.action("/users/{user_id}/link", Scope.USERS_ADMIN)
async def make_link(view: View) -> Response:
    """Make a link by which a user chooses a password; it is in this answer and nowhere else."""
    path = f"/users/{view['user_id']}"
    try:
        link = await view.api.send("POST", f"{path}/link")
    except Refused as refusal:
        return await _user(view, refusal)
    return _link(view, await view.api.get(path), link)


@pages.action("/users/{user_id}/second-factor", Scope.USERS_ADMIN)
async def take_second_factor_away(view: View) -> Response:
    """Have a user who has lost their second factor log in by password alone."""
    try:
        await view.api.send("DELETE", f"/users/{view['user_id']}/second-factor")
    except Refused as refusal:
        return await _user(view, refusal)
    return view.to(f"/console/users/{view['user_id']}", said="removed")


@pages.action("/users/{user_id}/remove", Scope.USERS_ADMIN)
async def remove_user(view: View) -> Response:
    """Remove a user with their keys and sessions."""
    try:
        await view.api.send("DELETE", f"/users/{view['user_id']}")
    except Refused as refusal:
        return await _user(view, refusal)
    return view.to("/console/users", said="removed")


async def _changed(view: View, said: str, **change: Any) -> Response:
    path = f"/users/{view['user_id']}"
    try:
        await view.api.send("PATCH", path, change)
    except Refused as refusal:
        return await _user(view, refusal, change)
    return view.to(f"/console{path}", said=said)


async def _user(view: View, refusal: Refused | None = None, change: Mapping[str, Any] | None = None) -> Response:
    found = await view.api.get(f"/users/{view['user_id']}")
    return view.render(
        "user",
        user=found,
        fields={**found, **(change or {})},
        roles=_roles(view),
        refusal=refusal,
        names=view.titled(_NAMES),
    )


def _new_user(view: View, fields: Mapping[str, Any], refusal: Refused | None = None) -> Response:
    fields = {**_EMPTY, **fields}
    return view.render("user_new", fields=fields, roles=_roles(view), refusal=refusal, names=view.titled(_NAMES))


def _link(view: View, whose: Mapping[str, Any], link: Mapping[str, Any]) -> Response:
    """The page of a link, which is shown this once."""
    texts = view.texts
    if link["purpose"] == "invite":
        heading = texts("An invitation for %(name)s", name=whose["name"])
    else:
        heading = texts("A reset link for %(name)s", name=whose["name"])
    return view.render(
        "shown_once",
        heading=heading,
        purpose=texts("Send this link in a way that you trust. Whoever opens it sets the password; it works once."),
        secret=link["link"],
        is_path=link["link"].startswith("/"),
        until=link["expires_at"],
        back=view.link(f"/console/users/{whose['id']}"),
    )


def _roles(view: View) -> list[tuple[str, str]]:
    return [(role, view.texts(words)) for role, words in ROLES.items()]
