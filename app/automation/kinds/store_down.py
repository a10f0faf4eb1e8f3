"""Rule kind ``store_down``: a store is down for more than some open minutes."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.automation.rule_kind import RuleKind, Sighting, Sightings, Tools
from app.jobs.kind import Params
from app.reports.refusals import require_known
from app.series.down_now import Down, down_now
from app.series.entities import STORE
from app.storage.postgres import database_now
from app.wording.values import iso


class StoreDown(Params):
    """Options."""

    minutes: Annotated[
        float,
        Field(
            gt=0,
            le=100_000,
            description="How much open time a store may be down, minutes.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = 30
    max_gap_minutes: Annotated[
        float,
        Field(
            gt=0,
            le=100_000,
            description="How long a poll is valid, minutes; without a later one the status of a store is unknown.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = 90
    stores: Annotated[
        list[str] | None, Field(description="Keys of the stores. Default: all.", min_length=1, examples=[["17"]])
    ] = None


def check(connection: Connection, _: Tools, options: StoreDown) -> None:
    """Raises InvalidParameters: unknown stores."""
    require_known(connection, "stores", STORE, options.stores)


def look(connection: Connection, tools: Tools, options: StoreDown) -> Sightings:
    """Which stores are down now, and for how long they were open meanwhile."""
    now = database_now(connection)
    down, unknown = down_now(
        connection,
        now=now,
        max_gap=timedelta(minutes=options.max_gap_minutes),
        keys=options.stores,
        default_zone=tools.settings.default_timezone,
    )
    long = {one.key: _sighting(one, now) for one in down if one.open_minutes > options.minutes}
    # One that is down, but not for so long yet, has not recovered: an episode that has begun goes on.
    return Sightings(long, unknown | {one.key for one in down if one.key not in long})


def _sighting(one: Down, now: datetime) -> Sighting:
    minutes = f"{one.open_minutes:,.0f}"
    return Sighting(
        title=f"The store {one.key} is down for {minutes} open minutes.",
        recovered=f"The store {one.key} is up again.",
        facts=[("Store", one.key), ("Down since", iso(one.since)), ("Open minutes", minutes), ("Seen at", iso(now))],
        page=None,
        data={"store_id": one.key, "since": iso(one.since), "open_minutes": round(one.open_minutes, 2)},
    )


KIND = RuleKind(
    name="store_down",
    summary="a store is down for more than some open minutes",
    options=StoreDown,
    scope=Scope.DATA_READ,
    check=check,
    look=look,
    example={"minutes": 30},
)
