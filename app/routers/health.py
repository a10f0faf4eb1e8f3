"""Is it alive, is it ready, does it answer."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.routers.problems import UNAVAILABLE, UNPROCESSABLE

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """What a probe reads."""

    status: str


class Echo(BaseModel):
    """What was said."""

    message: str


@router.get("/livez", responses=UNAVAILABLE)
async def livez(request: Request) -> Health:
    """The process answers and its loops go round; depends on nothing else."""
    request.app.state.replica.check_alive()
    return Health(status="alive")


@router.get("/readyz", responses=UNAVAILABLE)
def readyz(request: Request) -> Health:
    """Requests may be sent here: Postgres answers, is migrated, and the process is not about to stop."""
    request.app.state.readiness.check()
    return Health(status="ready")


@router.get("/echo/{message}", responses=UNPROCESSABLE)
async def echo(message: str) -> Echo:
    """The message, back."""
    return Echo(message=message)
