"""Keys of programs: make one, which is shown once, replace it with an overlap, revoke it."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import Response

from app.access.keys import DEFAULT_LIFETIME_DAYS, LIFETIMES_DAYS, OVERLAPS_HOURS
from app.access.scopes import Scope
from app.console.access_words import SCOPES
from app.console.asking import Refused
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: A key that ends within so many days is marked.
SOON_DAYS: Final = 14

#: Users who are offered as owners of a key, at most: that many a page of the API has.
_MOST_OWNERS: Final = 200

#: Titles of the fields.
_NAMES: Final = {
    "name": marked("What it is for"),
    "user_id": marked("Whose it is"),
    "scopes": marked("What it may do"),
    "days": marked("How long it lasts"),
    "overlap_hours": marked("The old key keeps working for"),
}

#: A new key before anything is filled in.
_EMPTY: Final = {"name": "", "user_id": "", "limited": "", "days": str(DEFAULT_LIFETIME_DAYS)}


@pages.page("/keys", None, api="/keys", queries=2)
async def keys(view: View) -> Response:
    """Keys of one's own, or of everybody."""
    whose = view.asked("user_id")
    if not whose and view.who.user_id is None and view.may(Scope.USERS_ADMIN):
        whose = "all"
    if not whose and view.who.user_id is None:
        return view.render("keys", found={"keys": (), "next_cursor": None}, whose=whose, soon=(), words=SCOPES)
    asked = {name: view.asked(name) for name in ("cursor", "limit")}
    found = await view.api.get("/keys", user_id=whose, **asked)
    return view.render("keys", found=found, whose=whose, soon=_soon(found["keys"]), words=SCOPES)


@pages.page("/keys/new", None, queries=2)
async def new_key(view: View) -> Response:
    """The form of a new key."""
    own = view.asked("user_id") or view.who.user_id or ""
    return await _new_key(view, {"user_id": own}, ())


@pages.action("/keys/new", None)
async def make_key(view: View) -> Response:
    """Make a key; it is in this answer and nowhere else."""
    form = await view.form()
    fields, scopes = fields_of(form), [str(one) for one in form.getlist("scopes")]
    body: dict[str, Any] = {"name": fields.get("name", ""), "days": _number(fields.get("days", ""))}
    body["scopes"] = scopes if fields.get("limited") else None
    if fields.get("user_id"):
        body["user_id"] = fields["user_id"]
    try:
        made = await view.api.send("POST", "/keys", body)
    except Refused as refusal:
        return await _new_key(view, fields, scopes, refusal)
    return _shown_once(view, made)


@pages.page("/keys/{key_id}", None, api="/keys/{key_id}", queries=1)
async def key(view: View) -> Response:
    """A key, and what can be done about it."""
    return await _key(view)


@pages.action("/keys/{key_id}/replace", None)
async def replace_key(view: View) -> Response:
    """Make the next key in the place of one; it is in this answer and nowhere else."""
    hours = _number(fields_of(await view.form()).get("overlap_hours", ""))
    try:
        made = await view.api.send("POST", f"/keys/{view['key_id']}/replace", {"overlap_hours": hours})
    except Refused as refusal:
        return await _key(view, refusal)
    return _shown_once(view, made)


@pages.action("/keys/{key_id}/revoke", None)
async def revoke_key(view: View) -> Response:
    """End a key now."""
    try:
        await view.api.send("DELETE", f"/keys/{view['key_id']}")
    except Refused as refusal:
        return await _key(view, refusal)
    return view.to(f"/console/keys/{view['key_id']}", said="revoked")


async def _new_key(
    view: View, fields: Mapping[str, str], scopes: Collection[str], refusal: Refused | None = None
) -> Response:
    return view.render(
        "key_new",
        fields={**_EMPTY, **fields},
        ticked=scopes,
        owners=await _owners(view, fields.get("user_id", "")),
        scopes=[(one.value, view.texts(SCOPES[one])) for one in Scope if view.may(one)],
        lifetimes=[(str(days), view.texts("%(days)s days", days=days)) for days in LIFETIMES_DAYS],
        refusal=refusal,
        names=view.titled(_NAMES),
    )


async def _owners(view: View, chosen: str) -> list[tuple[str, str]]:
    """Whose a key may be, as pairs of id and name; empty where one can only make keys of one's own."""
    if not view.may(Scope.USERS_ADMIN):
        return []
    found = await view.api.get("/users", limit=_MOST_OWNERS)
    owners = {one["id"]: one["name"] for one in found["users"]}
    if chosen and chosen not in owners:
        owners[chosen] = (await view.api.get(f"/users/{chosen}"))["name"]
    return sorted(owners.items(), key=lambda one: one[1].casefold())


async def _key(view: View, refusal: Refused | None = None) -> Response:
    found = await view.api.get(f"/keys/{view['key_id']}")
    overlaps = {
        0: view.texts("not at all"),
        24: view.texts("for a day"),
        168: view.texts("for a week"),
    }
    return view.render(
        "key",
        key=found,
        ends_soon=bool(_soon([found])),
        overlaps=[(str(hours), overlaps[hours]) for hours in OVERLAPS_HOURS],
        words=SCOPES,
        refusal=refusal,
        names=view.titled(_NAMES),
    )


def _shown_once(view: View, made: Mapping[str, Any]) -> Response:
    """The page of a new key, which is shown this once."""
    return view.render(
        "shown_once",
        heading=view.texts("The new key %(name)s", name=made["name"]),
        purpose=view.texts("Give it to its program, which sends it in the header Authorization."),
        secret=made["key"],
        is_path=False,
        until=made["expires_at"],
        back=view.link(f"/console/keys/{made['id']}"),
    )


def _soon(keys: Collection[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of keys that work and end soon."""
    limit = datetime.now(UTC) + timedelta(days=SOON_DAYS)
    alive = [one for one in keys if one["is_alive"] and one["expires_at"] is not None]
    return frozenset(one["id"] for one in alive if datetime.fromisoformat(one["expires_at"]) < limit)


def _number(text: str) -> int | str:
    """A field as the API takes it; what is no number is left to be refused."""
    return int(text) if text.isascii() and text.isdigit() else text
