"""One-time codes: make the first administrator, and set a password by a link. Only a POST uses a code up."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.principal import actor
from app.access.secrets import Secret
from app.access.user_records import User
from app.errors import OpenhoursError, UnknownCode
from app.routers.access import cookies
from app.routers.access.forms import MalformedForm, is_form, page, refused_page, sent
from app.routers.access.login import logged_in
from app.routers.access.users import UserAnswer
from app.routers.answers import GONE, NOT_FOUND, TOO_LARGE, TOO_MANY, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import described_as
from app.routers.dependencies import Accounts, AllServices
from app.routers.malformed import require_known_query
from app.routers.needs import open_to_all

router = APIRouter(tags=["login"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

#: Where a form leads that has set a password: to the login, which says so.
_LED_TO: Final = "/login?said=password_set"

_CODES = NOT_FOUND | GONE | TOO_LARGE | TOO_MANY


class SetUp(BaseModel):
    """The first administrator."""

    model_config = ConfigDict(extra="forbid")

    code: SecretStr = Field(max_length=1000, description="What `openhours migrate` printed.")
    name: str = Field(max_length=1000)
    password: SecretStr = Field(max_length=1000)


class Reset(BaseModel):
    """A password that is set by a link."""

    model_config = ConfigDict(extra="forbid")

    code: SecretStr = Field(max_length=1000, description="The part of the link after `#`.")
    password: SecretStr = Field(max_length=1000)
    name: str | None = Field(
        None, max_length=1000, description="If given, the code must belong to the user with this name."
    )


@router.get("/setup", include_in_schema=False, response_class=HTMLResponse)
@open_to_all
def setup_page(request: Request, accounts: Accounts) -> Response:
    """The page. It exists until the first user does; then browsers are redirected to the login."""
    if accounts.users.is_anybody():
        if request.headers.get("sec-fetch-mode") == "navigate":
            return RedirectResponse("/login", status_code=303)
        raise UnknownCode("The service is set up. Log in at /login.")
    return page(request, "setup", name="")


@router.post("/setup", status_code=201, responses=_CODES, response_model=UserAnswer)
@open_to_all
async def set_up(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(SetUp)]
) -> Response:
    """Make the first administrator with the one-time code, and log in as this user."""
    try:
        new = sent(request, SetUp, body)
    except MalformedForm as error:
        return refused_page(request, "setup", error, {"name": error.given.get("name", "")})
    try:
        cookie = cookies.require_cookies(request, services.settings)
        user, secret = await services.hashing.run(lambda: _set_up(services, request, new))
    except OpenhoursError as error:
        if not is_form(request):
            raise
        return refused_page(request, "setup", error, {"name": new.name})
    return logged_in(request, user, cookie, secret, to=None, status=201)


@router.get("/reset", include_in_schema=False)
@router.get("/invite", include_in_schema=False)
@open_to_all
def reset_page(request: Request) -> HTMLResponse:
    """The page. It is the same for every link, because browsers do not send the code of a link."""
    return page(request, "reset", name="")


@router.post("/reset", status_code=204, responses=_CODES)
@open_to_all
async def reset_password(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(Reset)]
) -> Response:
    """Set a password with the code of a link, which works once. All sessions of the user end."""
    try:
        new = sent(request, Reset, body)
    except MalformedForm as error:
        return refused_page(request, "reset", error, {"name": error.given.get("name", "")})
    code, password, address = new.code.get_secret_value(), new.password.get_secret_value(), actor().address
    codes = services.accounts.codes
    try:
        await services.hashing.run(lambda: codes.set_password(code, password, address, name=new.name))
    except OpenhoursError as error:
        if not is_form(request):
            raise
        return refused_page(request, "reset", error, {"name": new.name or ""})
    return RedirectResponse(_LED_TO, status_code=303) if is_form(request) else Response(status_code=204)


def _set_up(services: AllServices, request: Request, new: SetUp) -> tuple[User, Secret]:
    accounts, address = services.accounts, actor().address
    code, password = new.code.get_secret_value(), new.password.get_secret_value()
    user = accounts.codes.set_up(code, new.name, password, address)
    return user, accounts.sessions.begin(user.id, address, request.headers.get("user-agent"))
