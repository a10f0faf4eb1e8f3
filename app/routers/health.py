"""Liveness, readiness, echo."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.routers.problems import UNAVAILABLE, UNPROCESSABLE

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The response to a probe."""

    status: str


class Echo(BaseModel):
    """The message that was sent."""

    message: str


@router.get("/livez", responses=UNAVAILABLE)
async def livez(request: Request) -> Health:
    """The process responds and its loops make progress; depends on nothing else."""
    request.app.state.replica.check_alive()
    return Health(status="alive")


@router.get("/readyz", responses=UNAVAILABLE)
def readyz(request: Request) -> Health:
    """This replica can receive requests: Postgres responds and is migrated, and the process is not stopping."""
    request.app.state.readiness.check()
    return Health(status="ready")


@router.get("/echo/{message}", responses=UNPROCESSABLE)
async def echo(message: str) -> Echo:
    """Return the message."""
    return Echo(message=message)
