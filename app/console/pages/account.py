"""One's own account: who one is, what one may do, e-mail, password, second factor, sessions."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from fastapi import Response

from app.console.access_words import ROLES, SCOPES, WAYS
from app.console.asking import Answer, Refused
from app.console.marked import marked
from app.console.qr_picture import qr_picture
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

R = TypeVar("R", bound=Response)

#: Characters of a group of a secret, so that it can be typed.
_GROUP: Final = 4

#: Titles of the fields.
_NAMES: Final = {
    "email": marked("E-mail"),
    "current_password": marked("Current password"),
    "password": marked("New password"),
    "code": marked("Code"),
}


@pages.page("/account", None, api="/me", queries=2)
async def account(view: View) -> Response:
    """Who one is, and what one may change of oneself."""
    return await _account(view)


@pages.action("/account/email", None)
async def change_email(view: View) -> Response:
    """Change one's own address."""
    email = fields_of(await view.form()).get("email", "").strip()
    try:
        await view.api.send("PATCH", "/me", {"email": email or None})
    except Refused as refusal:
        return await _account(view, refusal, email=email)
    return view.to("/console/account", said="changed")


@pages.action("/account/password", None)
async def change_password(view: View) -> Response:
    """Change one's own password; the browser gets the session that the API began."""
    body = _fields(await view.form(), "current_password", "password")
    try:
        changed = await view.api.ask("POST", "/me/password", body=body)
    except Refused as refusal:
        return await _account(view, refusal)
    return _with_session(view.to("/console/account", said="password"), changed)


@pages.page("/account/second-factor", None, api="/me/second-factor", queries=1, own=("again",))
async def second_factor(view: View) -> Response:
    """Whether one has a second factor; set one up, or take it away."""
    return await _second_factor(view)


@pages.action("/account/second-factor", None)
async def begin_second_factor(view: View) -> Response:
    """Show what to tell the app, in this answer and nowhere else."""
    body = _fields(await view.form(), "current_password", "code")
    try:
        begun = await view.api.send("POST", "/me/second-factor", {**body, "code": body["code"].strip() or None})
    except Refused as refusal:
        return await _second_factor(view, refusal, begins=True)
    return _begun(view, begun)


@pages.action("/account/second-factor/confirm", None)
async def confirm_second_factor(view: View) -> Response:
    """Have it count; the recovery codes are in this answer and nowhere else."""
    code = fields_of(await view.form()).get("code", "").replace(" ", "")
    try:
        confirmed = await view.api.ask("POST", "/me/second-factor/confirm", body={"code": code})
    except Refused as refusal:
        return _begun(view, None, refusal)
    return _with_session(view.render("recovery_codes", codes=confirmed.document["recovery_codes"]), confirmed)


@pages.action("/account/second-factor/remove", None)
async def remove_second_factor(view: View) -> Response:
    """Log in with the password only from now on."""
    body = _fields(await view.form(), "current_password", "code")
    try:
        await view.api.send("POST", "/me/second-factor/remove", {**body, "code": body["code"].strip()})
    except Refused as refusal:
        return await _second_factor(view, refusal)
    return view.to("/console/account", said="removed")


@pages.page("/sessions", None, api="/sessions", queries=1)
async def sessions(view: View) -> Response:
    """Where one is logged in."""
    found = {"sessions": ()} if view.who.user_id is None else await view.api.get("/sessions")
    return view.render("sessions", found=found)


@pages.action("/sessions/{session_id}/end", None)
async def end_session(view: View) -> Response:
    """End one session."""
    await view.api.send("DELETE", f"/sessions/{view['session_id']}")
    return view.to("/console/sessions", said="ended")


@pages.action("/sessions/end-others", None)
async def end_other_sessions(view: View) -> Response:
    """End all sessions but the one of this browser."""
    await view.api.send("DELETE", "/sessions")
    return view.to("/console/sessions", said="others_ended")


async def _account(view: View, refusal: Refused | None = None, *, email: str | None = None) -> Response:
    me = await view.api.get("/me")
    has_factor = me["user"] is not None and (await view.api.get("/me/second-factor"))["is_set"]
    known = "" if me["user"] is None else me["user"]["email"] or ""
    return view.render(
        "account",
        me=me,
        email=known if email is None else email,
        has_factor=has_factor,
        roles=ROLES,
        words=SCOPES,
        ways=WAYS,
        refusal=refusal,
        names=view.titled(_NAMES),
    )


async def _second_factor(view: View, refusal: Refused | None = None, *, begins: bool = False) -> Response:
    is_set = view.who.user_id is not None and (await view.api.get("/me/second-factor"))["is_set"]
    return view.render(
        "second_factor",
        is_set=is_set,
        begins=begins or not is_set or bool(view.asked("again")),
        refusal=refusal,
        names=view.titled(_NAMES),
    )


def _begun(view: View, begun: Mapping[str, str] | None, refusal: Refused | None = None) -> Response:
    """The page that asks for the first code; after a wrong one it shows neither picture nor secret again."""
    secret = None if begun is None else begun["secret"]
    return view.render(
        "second_factor_begun",
        groups=None if secret is None else [secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP)],
        address=None if begun is None else begun["address"],
        picture=None if begun is None else qr_picture(begun["address"]),
        refusal=refusal,
        names=view.titled(_NAMES),
    )


def _with_session(answer: R, of: Answer) -> R:
    """An answer that sets the cookie which a route has set."""
    if "set-cookie" in of.headers:
        answer.headers["set-cookie"] = of.headers["set-cookie"]
    return answer


def _fields(form: Any, *names: str) -> dict[str, str]:
    """Fields of a form as they were typed."""
    fields = fields_of(form)
    return {name: fields.get(name, "") for name in names}
