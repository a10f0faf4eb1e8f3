"""Liveness, readiness, echo."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.routers.answers import UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import AllServices
from app.routers.needs import open_to_all

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The response to a probe."""

    status: str


class Echo(BaseModel):
    """The message that was sent."""

    message: str


@router.get("/livez", responses=UNAVAILABLE)
@open_to_all
async def livez(services: AllServices) -> Health:
    """The process responds and its loops make progress; depends on nothing else."""
    services.replica.check_alive()
    return Health(status="alive")


@router.get("/readyz", responses=UNAVAILABLE)
@open_to_all
def readyz(services: AllServices) -> Health:
    """This replica can take requests: Postgres answers and is migrated, and the replica is not stopping."""
    services.readiness.check()
    return Health(status="ready")


@router.get("/echo/{message}", responses=UNPROCESSABLE)
@open_to_all
async def echo(message: str) -> Echo:
    """Return the message."""
    return Echo(message=message)
