"""Is it alive, is it ready, does it answer."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.routers.answers import UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import AllServices

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """What a probe reads."""

    status: str


class Echo(BaseModel):
    """What was said."""

    message: str


@router.get("/livez", responses=UNAVAILABLE)
async def livez(services: AllServices) -> Health:
    """The process answers and its loops go round; depends on nothing else."""
    services.replica.check_alive()
    return Health(status="alive")


@router.get("/readyz", responses=UNAVAILABLE)
def readyz(services: AllServices) -> Health:
    """Requests may be sent here: Postgres answers, is migrated, and the process is not about to stop."""
    services.readiness.check()
    return Health(status="ready")


@router.get("/echo/{message}", responses=UNPROCESSABLE)
async def echo(message: str) -> Echo:
    """The message, back."""
    return Echo(message=message)
