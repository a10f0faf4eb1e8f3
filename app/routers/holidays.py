"""Holidays of countries, to fill calendars with."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from app.access.scopes import Scope
from app.entities.public_holidays import countries, holidays_of, years_of
from app.routers.answers import UNPROCESSABLE
from app.routers.dates import CalendarDay
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(tags=["calendars"], responses=UNPROCESSABLE, dependencies=[Depends(require_known_query)])


class Country(BaseModel):
    """A country whose holidays are known."""

    code: str = Field(description="Two letters of ISO 3166.", examples=["DE"])
    subdivisions: list[str] = Field(description="Subdivisions with holidays of their own.", examples=[["BY", "BE"]])


class CountryList(BaseModel):
    """Countries, by their codes."""

    countries: list[Country]


class HolidayList(BaseModel):
    """Holidays, as the days of a calendar."""

    name: str = Field(description="A suggested name for the calendar.", examples=["public:DE-BY"])
    days: list[CalendarDay]


@router.get("/holidays")
@needs(Scope.DATA_READ)
def list_countries() -> CountryList:
    """The countries whose holidays are known."""
    found = sorted(countries().items())
    return CountryList(countries=[Country(code=code, subdivisions=list(parts)) for code, parts in found])


@router.get("/holidays/{country}")
@needs(Scope.DATA_READ)
def list_holidays(
    country: Annotated[str, Path(description="Two letters of ISO 3166.", examples=["DE"])],
    years: Annotated[
        str, Query(max_length=20, description="A year, or a first and a last year.", examples=["2026-2028"])
    ],
    subdivision: Annotated[
        str | None, Query(max_length=20, description="State or province, such as BY. Default: the whole country.")
    ] = None,
    category: Annotated[str, Query(max_length=40, description="Category, such as public, bank or school.")] = "public",
    language: Annotated[
        str | None,
        Query(max_length=20, description="Language of the names, such as en_US. Default: that of the country."),
    ] = None,
) -> HolidayList:
    """The holidays of a country, to put into a calendar. The library sometimes corrects past holidays."""
    found = holidays_of(country, subdivision, category, language, years_of(years, named="years"))
    name = f"{category}:{country}" + (f"-{subdivision}" if subdivision else "")
    days = [CalendarDay.model_validate({"date": day, "name": title}) for day, title in found]
    return HolidayList(name=name, days=days)
