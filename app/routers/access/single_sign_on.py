"""Log in at a provider of OpenID Connect: there, and back."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from app.access.oidc.attempt import Attempt, new_attempt
from app.access.oidc.configuration import CALLBACK_PATH
from app.access.principal import actor
from app.errors import LoginFailed, OpenhoursError
from app.routers.access import cookies
from app.routers.access.forms import refused_page
from app.routers.access.login import HOME, safe_path
from app.routers.dependencies import AllServices
from app.routers.needs import open_to_all

if TYPE_CHECKING:
    from app.access.oidc.sign_on import SignOn

router = APIRouter(include_in_schema=False)

#: The cookies that bind the way back to the browser that went.
_SEED: Final = "openhours-login"
_NEXT: Final = "openhours-next"

#: How long a login at the provider may take, seconds.
_LASTS_SECONDS: Final = 600


async def _sign_on(services: AllServices) -> "SignOn":
    if services.accounts.sign_on is None:
        raise HTTPException(404)
    return services.accounts.sign_on


#: A SignOn, whose module is there only with the extra.
Provider = Annotated[Any, Depends(_sign_on)]


@router.get("/login/oidc")
@open_to_all
def go_to_provider(
    request: Request,
    services: AllServices,
    sign_on: Provider,
    next: Annotated[str | None, Query()] = None,  # noqa: A002
) -> Response:
    """Send the browser to the provider."""
    attempt = new_attempt()
    try:
        answer: Response = RedirectResponse(sign_on.login_address(attempt), status_code=303)
    except OpenhoursError as error:
        return refused_page(request, "login", error, _shown(next))
    is_secure = cookies.require_cookies(request, services.settings).startswith("__Host-")
    for name, value in ((_SEED, attempt.seed), (_NEXT, safe_path(next) or HOME)):
        answer.set_cookie(
            _named(name, is_secure=is_secure),
            value,
            max_age=_LASTS_SECONDS,
            path="/",
            secure=is_secure,
            httponly=True,
            samesite="lax",
        )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get(CALLBACK_PATH)
@open_to_all
def come_back_from_provider(
    request: Request,
    services: AllServices,
    sign_on: Provider,
    state: Annotated[str, Query(max_length=1000)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """Start a session for the user whom the provider sends back."""
    cookie = cookies.require_cookies(request, services.settings)
    is_secure = cookie.startswith("__Host-")
    seed_name, next_name = (_named(name, is_secure=is_secure) for name in (_SEED, _NEXT))
    attempt = Attempt(request.cookies.get(seed_name, ""))
    try:
        if not attempt.seed or not attempt.has_state(state):
            raise LoginFailed("This login was started in another browser, or too long ago. Start again.")
        if error is not None or not code:
            raise LoginFailed("The provider did not log you in. Start again, or ask its operator.")
        secret = sign_on.session_of(
            code,
            attempt,
            address=actor().address,
            user_agent=request.headers.get("user-agent"),
            instead_of=cookies.session_of(request),
        )
    except OpenhoursError as refusal:
        answer: Response = refused_page(request, "login", refusal, _shown(None))
    else:
        path = safe_path(request.cookies.get(next_name)) or HOME
        answer = RedirectResponse(path, status_code=303)
        cookies.give(answer, cookie, secret)
    for name in (seed_name, next_name):  # each login is tried once
        answer.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _shown(to: str | None) -> dict[str, Any]:
    """What the page of the login shows."""
    return {"name": "", "next": safe_path(to), "has_sign_on": True, "is_local": False}


def _named(name: str, *, is_secure: bool) -> str:
    return f"__Host-{name}" if is_secure else name
