"""Zones to choose from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.ingest.zones import choices
from app.routers.answers import UNPROCESSABLE
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.wording.wrong_values import WrongValue, invalid_parameters

router = APIRouter(tags=["entities"], responses=UNPROCESSABLE, dependencies=[Depends(require_known_query)])


class Timezone(BaseModel):
    """A zone of the IANA time zone database."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["Europe/Berlin"])
    country: str | None = Field(description="ISO 3166 code; null for UTC.", examples=["DE"])
    country_name: str | None = Field(examples=["Germany"])


class TimezoneList(BaseModel):
    """Zones by the names of their countries."""

    timezones: list[Timezone]


@router.get("/timezones")
@needs(Scope.DATA_READ)
def list_timezones(
    country: Annotated[
        str | None, Query(description="Only of this country: two letters or its English name.", examples=["DE"])
    ] = None,
) -> TimezoneList:
    """Zones to choose from, with their countries."""
    found = choices(country)
    if not found:
        allowed = "two letters of ISO 3166 such as DE, or an English name such as Germany"
        wrong = WrongValue(parameter="country", received=country, reason="is not a country", allowed=allowed)
        raise invalid_parameters([wrong])
    return TimezoneList(timezones=[Timezone.model_validate(zone) for zone in found])
