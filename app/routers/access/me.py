"""Who one is, what one may do; change one's own address and password."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.principal import actor
from app.access.scopes import Role, Scope
from app.routers.access import cookies
from app.routers.access.own import own_id
from app.routers.access.users import UserAnswer
from app.routers.answers import TOO_LARGE, TOO_MANY, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Accounts, AllServices
from app.routers.malformed import require_known_query
from app.routers.needs import open_to_users

router = APIRouter(tags=["me"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])


class Me(BaseModel):
    """Who asks."""

    name: str
    via: str = Field(description="How they authenticated: `key`, `session`, `access`, `proxy` or `local`.")
    role: Role | None
    scopes: list[Scope] = Field(description="Scopes that they have now, within the limits of their key.")
    user: UserAnswer | None = Field(description="Null in local mode, and for users that only a proxy knows.")


class MyChange(BaseModel):
    """What one may change of oneself."""

    model_config = ConfigDict(extra="forbid")

    email: str | None


class NewPassword(BaseModel):
    """Another password."""

    model_config = ConfigDict(extra="forbid")

    current_password: SecretStr
    password: SecretStr = Field(description="12 to 200 characters; the most common ones are refused.")


@router.get("/me")
@open_to_users
def get_me(accounts: Accounts) -> Me:
    """The caller, and what they may do."""
    who = actor()
    user = None if who.user_id is None else UserAnswer.model_validate(accounts.users.get(who.user_id))
    return Me(name=who.name, via=who.via, role=who.role, scopes=sorted(who.scopes), user=user)


@router.patch("/me", responses=TOO_LARGE)
@open_to_users
def change_me(accounts: Accounts, body: Annotated[Any, Body(), described_as(MyChange)]) -> UserAnswer:
    """Change one's own e-mail address."""
    change = checked(MyChange, body)
    return UserAnswer.model_validate(accounts.users.set_email(own_id(), change.email))


@router.post("/me/password", status_code=204, responses=TOO_LARGE | TOO_MANY)
@open_to_users
async def change_password(
    request: Request, services: AllServices, body: Annotated[Any, Body(), described_as(NewPassword)], response: Response
) -> None:
    """Change one's own password. All sessions end, and the browser that sent the request gets a new one."""
    new, who, user_id = checked(NewPassword, body), actor(), own_id()
    cookie = cookies.require_cookies(request, services.settings) if who.via == "session" else None
    secret = await services.hashing.run(
        lambda: services.accounts.passwords.change(
            user_id,
            current=new.current_password.get_secret_value(),
            new=new.password.get_secret_value(),
            address=who.address,
            user_agent=request.headers.get("user-agent"),
            begins_session=cookie is not None,
        )
    )
    if cookie is not None and secret is not None:
        cookies.give(response, cookie, secret)
