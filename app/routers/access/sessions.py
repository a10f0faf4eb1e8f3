"""List one's own sessions, end one, end all others."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from app.access.principal import actor
from app.access.sessions import Session
from app.routers.access.own import own_id
from app.routers.answers import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import Accounts
from app.routers.malformed import require_known_query
from app.routers.needs import open_to_users

router = APIRouter(
    tags=["sessions"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)


class SessionAnswer(BaseModel):
    """A session that has not ended."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    created_at: datetime = Field(description="When the user logged in.")
    last_used_at: datetime = Field(description="To the minute.")
    last_address: str | None = Field(description="Address from which it was last used.")
    user_agent: str | None = Field(description="The browser's User-Agent.")
    ends_at: datetime = Field(description="When it ends unless it is used again; at the latest a week after the login.")
    is_this: bool = Field(description="Whether it is the session of this request.")


class SessionList(BaseModel):
    """All sessions of a user, ten at most; the one used last first."""

    sessions: list[SessionAnswer]


class Ended(BaseModel):
    """What was ended."""

    ended: int = Field(description="Number of sessions.")


@router.get("/sessions")
@open_to_users
def list_sessions(accounts: Accounts) -> SessionList:
    """One's own sessions."""
    return SessionList(sessions=[_answer(one) for one in accounts.sessions.list(own_id())])


@router.delete("/sessions")
@open_to_users
def end_other_sessions(accounts: Accounts) -> Ended:
    """End all of one's own sessions except the current one."""
    return Ended(ended=accounts.sessions.end_others(own_id(), but=actor().token_id))


@router.delete("/sessions/{session_id}", status_code=204, responses=NOT_FOUND)
@open_to_users
def end_session(accounts: Accounts, session_id: Annotated[str, Path(description="Id of one's own session.")]) -> None:
    """End one of one's own sessions; all replicas refuse it within a second."""
    accounts.sessions.end(own_id(), session_id)


def _answer(session: Session) -> SessionAnswer:
    members = {name: getattr(session, name) for name in SessionAnswer.model_fields if name != "is_this"}
    return SessionAnswer(**members, is_this=session.id == actor().token_id)
