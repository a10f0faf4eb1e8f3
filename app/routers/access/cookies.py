"""The cookie of a session: its name, how it is kept, and where none is made at all."""

from fastapi import Request, Response

from app.access.modes import SECURE_COOKIE, cookie_name, is_loopback
from app.access.secrets import Kind, Secret, read_secret
from app.errors import HttpsNeeded
from app.settings import Settings


def session_of(request: Request) -> Secret | None:
    """The session that the browser has; it may have ended."""
    for is_secure in (True, False):
        text = request.cookies.get(cookie_name(is_secure=is_secure))
        if text is not None and (secret := read_secret(text, (Kind.SESSION,))) is not None:
            return secret
    return None


def require_cookies(request: Request, settings: Settings) -> str:
    """The name of the cookie over this connection.

    Raises:
        HttpsNeeded: whoever listens on the network would have the session, too.
    """
    if (settings.public_url or "").startswith("https:") or request.url.scheme == "https":
        return cookie_name(is_secure=True)
    if not is_loopback(request.url.hostname or ""):
        raise HttpsNeeded(
            "Logins over http are refused because others could read them: use https. If a proxy in front of this "
            "service terminates https, set OPENHOURS_PUBLIC_URL=https://… to the address that users open."
        )
    return cookie_name(is_secure=False)


def give(response: Response, name: str, secret: Secret) -> None:
    """Have the browser send a session from now on; how long it counts is known to Postgres alone."""
    _set(response, name, secret.text, None)


def take(response: Response) -> None:
    """Have the browser forget its session, and what it keeps of our pages."""
    for is_secure in (True, False):
        _set(response, cookie_name(is_secure=is_secure), "", 0)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def _set(response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="lax"
    )
    response.headers["Cache-Control"] = "no-store"
