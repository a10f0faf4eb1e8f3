"""Log in by name and password, as a page or with JSON, and log out."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.modes import Mode
from app.access.principal import actor
from app.access.secrets import Secret
from app.access.user_records import User
from app.errors import OpenhoursError
from app.routers.access import cookies
from app.routers.access.forms import MalformedForm, is_form, page, refused_page, sent
from app.routers.access.users import UserAnswer
from app.routers.answers import TOO_LARGE, TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import described_as
from app.routers.dependencies import Accounts, AllServices
from app.routers.malformed import require_known_query
from app.routers.needs import open_to_all

#: Where somebody is led who has logged in, and did not want to be anywhere else.
HOME: Final = "/console"

#: Where somebody is led who may do nothing before they have set up a second factor.
_SECOND_FACTOR: Final = "/console/account/second-factor"

#: What the login page may be asked to say first: a password was set by a link.
Said = Literal["password_set"]

router = APIRouter(tags=["login"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])


class Login(BaseModel):
    """Who logs in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=1000)
    password: SecretStr = Field(max_length=1000)
    code: str | None = Field(
        None,
        max_length=1000,
        description="Code from the authenticator app, or a recovery code; for users with a second factor.",
    )
    next: str | None = Field(
        None, description="Path of this service to which the browser is redirected after a form login."
    )


@router.get("/login", include_in_schema=False)
@open_to_all
def login_page(
    request: Request,
    services: AllServices,
    next: Annotated[str | None, Query()] = None,  # noqa: A002
    said: Annotated[Said | None, Query()] = None,  # noqa: ARG001 - read by the page
) -> HTMLResponse:
    """The page. Whoever follows a link sees no messages of other pages, such as that a user was disabled."""
    return page(request, "login", **_shown(services, "", next))


@router.post("/login", responses=UNAUTHORISED | TOO_LARGE | TOO_MANY, response_model=UserAnswer)
@open_to_all
async def log_in(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(Login)]
) -> Response:
    """Log in by name and password. The response sets a session cookie; a form is redirected with 303."""
    try:
        login = sent(request, Login, body)
    except MalformedForm as error:
        return refused_page(
            request, "login", error, _shown(services, error.given.get("name", ""), error.given.get("next"))
        )
    try:
        cookie = cookies.require_cookies(request, services.settings)
        user, secret, is_limited = await services.hashing.run(lambda: _begun(services, request, login))
    except OpenhoursError as error:
        if not is_form(request):
            raise
        return refused_page(request, "login", error, _shown(services, login.name, login.next))
    return logged_in(request, user, cookie, secret, to=_SECOND_FACTOR if is_limited else safe_path(login.next))


@router.post("/logout", status_code=204)
@open_to_all
def log_out(request: Request, accounts: Accounts) -> Response:
    """Log out: the session ends on all replicas, and the browser deletes its data of this service."""
    secret = cookies.session_of(request)
    if secret is not None:
        accounts.sessions.end_own(secret)
    answer = RedirectResponse("/login", status_code=303) if is_form(request) else Response(status_code=204)
    cookies.take(answer)
    return answer


def logged_in(
    request: Request, user: User, cookie: str, secret: Secret, *, to: str | None, status: int = 200
) -> Response:
    """The answer to who has logged in: a page leads on, JSON has the user; both set the cookie."""
    if is_form(request):
        answer: Response = RedirectResponse(to or HOME, status_code=303)
    else:
        content = UserAnswer.model_validate(user).model_dump(mode="json")
        answer = JSONResponse(content, status_code=status)
    cookies.give(answer, cookie, secret)
    return answer


def safe_path(text: str | None) -> str | None:
    """A path of this service, or None: a link to the login must not lead on to another site."""
    if text is None or not text.startswith("/") or len(text) > 2000:
        return None
    plain = unquote(text)
    is_elsewhere = text[:2] in {"//", "/\\"} or plain[:2] in {"//", "/\\"}
    return None if is_elsewhere or not plain.isprintable() or "\\" in plain else text


def _shown(services: AllServices, name: str, to: str | None) -> dict[str, Any]:
    """What the page shows."""
    has_sign_on, is_local = services.accounts.sign_on is not None, services.mode is Mode.LOCAL
    return {"name": name, "next": safe_path(to), "has_sign_on": has_sign_on, "is_local": is_local}


def _begun(services: AllServices, request: Request, login: Login) -> tuple[User, Secret, bool]:
    """Who has logged in, their session, and whether it is for nothing but to set up a second factor."""
    accounts, address = services.accounts, actor().address
    user = accounts.logins.authenticate(login.name, login.password.get_secret_value(), address, code=login.code)
    agent, before = request.headers.get("user-agent"), cookies.session_of(request)
    is_limited = accounts.factors.is_missing(user.id, user.role)
    secret = accounts.sessions.begin(user.id, address, agent, instead_of=before, is_limited=is_limited)
    return user, secret, is_limited
