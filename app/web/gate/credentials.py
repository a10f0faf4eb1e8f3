"""The credential of a request: of its headers, and of nothing else."""

from starlette.datastructures import Headers

from app.access.modes import cookie_name
from app.access.secrets import Kind, Secret, read_secret
from app.errors import AmbiguousRequest, InvalidToken

#: What may stand in an ``Authorization`` header. A session there is one that was stolen from a cookie.
_BEARERS = (Kind.KEY, Kind.ACCESS)

#: Headers that may be there once: two could mean something else to a proxy than to us.
_SINGLE = ("authorization", "host", "origin", "sec-fetch-site", "content-length", "x-http-method-override")


def require_single(headers: Headers, *more: str) -> None:
    """Raise AmbiguousRequest for a header that is there twice."""
    names = [name for name, _ in headers.raw]
    if len(set(names)) == len(names):
        return
    for name in (*_SINGLE, *more):
        count = len(headers.getlist(name))
        if count > 1:
            raise AmbiguousRequest(f"The request has the header {name} {count} times; it may have it once.")


def credential_of(headers: Headers, *, is_secure: bool) -> Secret | None:
    """The key of the ``Authorization`` header, otherwise the session of the cookie, or None if there is neither.

    Raises:
        InvalidToken: there is one that is no credential of the kind; the other does not count then.
        AmbiguousRequest: there are two sessions.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, text = authorization.partition(" ")
        secret = read_secret(text.strip(" "), _BEARERS) if scheme.lower() == "bearer" else None
        if secret is None:
            raise InvalidToken(
                "The Authorization header is not accepted. It must be the word Bearer, a space and a key, which begins "
                "with oh_; check that the key is complete."
            )
        return secret
    return _session_of(headers, cookie_name(is_secure=is_secure))


def has_cookie(headers: Headers, *, is_secure: bool) -> bool:
    """Whether there is a session cookie, whatever it is worth."""
    return bool(_values(headers, cookie_name(is_secure=is_secure)))


def _session_of(headers: Headers, name: str) -> Secret | None:
    values = _values(headers, name)
    if not values:
        return None
    if len(values) > 1:
        raise AmbiguousRequest(f"The request has the cookie {name} {len(values)} times; it may have it once.")
    secret = read_secret(values[0], (Kind.SESSION,))
    if secret is None:
        raise InvalidToken("The session of the cookie is not accepted. Log in again.")
    return secret


def _values(headers: Headers, name: str) -> list[str]:
    pairs = (part.partition("=") for line in headers.getlist("cookie") for part in line.split(";"))
    return [value.strip() for key, _, value in pairs if key.strip() == name]
