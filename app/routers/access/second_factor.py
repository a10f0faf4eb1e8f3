"""Set up a second factor for oneself, and take one away."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.principal import actor
from app.access.scopes import Scope
from app.routers.access import cookies
from app.routers.access.own import own_id
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, TOO_MANY, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Accounts, AllServices
from app.routers.malformed import require_known_query
from app.routers.needs import needs, open_to_users

router = APIRouter(tags=["me"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_CODE = "Six digits of the authenticator app."
_RECOVERY = "Or a recovery code."


class SecondFactor(BaseModel):
    """Whether one has one."""

    is_set: bool


class Begin(BaseModel):
    """Who sets one up."""

    model_config = ConfigDict(extra="forbid")

    current_password: SecretStr
    code: str | None = Field(
        None, max_length=100, description=f"For users who already have one: a code from its app. {_RECOVERY}"
    )


class EnrolmentAnswer(BaseModel):
    """What to tell the authenticator app; shown once."""

    secret: str = Field(description="The key to type into the app, 32 characters.")
    address: str = Field(description="`otpauth://…`, to show as a QR code.")


class Confirm(BaseModel):
    """That the app has it."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=100, description=_CODE)


class NewRecoveryCodes(BaseModel):
    """For when the app is lost; shown once."""

    recovery_codes: list[str] = Field(description="Each works once, in place of a code.")


class Remove(BaseModel):
    """Who takes it away."""

    model_config = ConfigDict(extra="forbid")

    current_password: SecretStr
    code: str = Field(max_length=100, description=f"{_CODE} {_RECOVERY}")


@router.get("/me/second-factor")
@open_to_users
def get_second_factor(accounts: Accounts) -> SecondFactor:
    """Whether the caller has a second factor."""
    return SecondFactor(is_set=accounts.factors.is_set(own_id()))


@router.post("/me/second-factor", responses=TOO_LARGE | TOO_MANY)
@open_to_users
async def set_up_second_factor(
    services: AllServices, body: Annotated[Any, Body(), described_as(Begin)], response: Response
) -> EnrolmentAnswer:
    """Begin to set up a second factor; it takes effect once it is confirmed."""
    begin, user_id, address = checked(Begin, body), own_id(), actor().address
    password = begin.current_password.get_secret_value()
    enrolment = await services.hashing.run(
        lambda: services.accounts.factors.enrol(user_id, password=password, code=begin.code, address=address)
    )
    response.headers["Cache-Control"] = "no-store"
    return EnrolmentAnswer(secret=enrolment.secret, address=enrolment.address)


@router.post("/me/second-factor/confirm", responses=CONFLICT | TOO_LARGE | TOO_MANY)
@open_to_users
def confirm_second_factor(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(Confirm)], response: Response
) -> NewRecoveryCodes:
    """Confirm the second factor with a code. All sessions end, and the browser that sent the request gets a new one."""
    who, cookie = actor(), None
    if who.via == "session":
        cookie = cookies.require_cookies(request, services.settings)
    codes, secret = services.accounts.factors.confirm(
        own_id(),
        checked(Confirm, body).code,
        address=who.address,
        user_agent=request.headers.get("user-agent"),
        begins_session=cookie is not None,
    )
    if cookie is not None and secret is not None:
        cookies.give(response, cookie, secret)
    response.headers["Cache-Control"] = "no-store"
    return NewRecoveryCodes(recovery_codes=codes)


@router.post("/me/second-factor/remove", status_code=204, responses=CONFLICT | TOO_LARGE | TOO_MANY)
@open_to_users
async def remove_second_factor(services: AllServices, body: Annotated[Any, Body(), described_as(Remove)]) -> None:
    """Log in with the password only from now on."""
    remove, user_id, address = checked(Remove, body), own_id(), actor().address
    password = remove.current_password.get_secret_value()
    await services.hashing.run(
        lambda: services.accounts.factors.remove(user_id, password=password, code=remove.code, address=address)
    )


@router.delete("/users/{user_id}/second-factor", status_code=204, responses=NOT_FOUND | CONFLICT)
@needs(Scope.USERS_ADMIN)
def take_second_factor_away(accounts: Accounts, user_id: str) -> None:
    """Remove the second factor of a user who has lost it. Their sessions end."""
    accounts.factors.take_away(user_id)
