"""Rule kind ``source_lag``: a source has not been read completely for some time."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.automation.rule_kind import RuleKind, Sighting, Sightings, Tools
from app.jobs.kind import Params
from app.sources import register, status
from app.sources.register import Source


class SourceLag(Params):
    """Options."""

    source: Annotated[str | None, Field(description="Name of the source. Default: each.", max_length=100)] = None
    hours: Annotated[
        float,
        Field(
            gt=0,
            le=10_000,
            description="How old the last complete read may be, hours.",
            json_schema_extra={"unit": "hours"},
        ),
    ] = 6


def check(connection: Connection, _: Tools, options: SourceLag) -> None:
    """Raises UnknownSource."""
    if options.source is not None:
        register.named(connection, options.source)


def look(connection: Connection, _: Tools, options: SourceLag) -> Sightings:
    """How far each source is; one that somebody has paused is left alone. Raises UnknownSource: the one is gone."""
    found = {}
    sources = [register.named(connection, options.source)] if options.source else register.listed(connection)
    for one in sources:
        if one.enabled:
            known = status.status_of(connection, one, token_hash=None)
            since = known.watermark or one.created_at
            hours = (known.now - since).total_seconds() / 3600
            if hours > options.hours:
                found[one.name] = _sighting(one, hours, is_read=known.watermark is not None)
    paused = frozenset(one.name for one in sources if not one.enabled)
    return Sightings(found, paused, right=frozenset(one.name for one in sources) - paused)


def _sighting(one: Source, hours: float, *, is_read: bool) -> Sighting:
    what = "was read up to" if is_read else "was added, and is not read,"
    why = one.error_message or "No sync has failed."
    return Sighting(
        title=f"The source {one.name} {what} {hours:.1f} hours ago.",
        recovered=f"The source {one.name} is read up to now again.",
        facts=[("Source", one.name), ("Hours behind", f"{hours:.1f}"), ("Last sync", why)],
        page=f"/console/sources/{one.name}",
        data={"source": one.name, "lag_hours": round(hours, 2)},
    )


KIND = RuleKind(
    name="source_lag",
    summary="a source has not been read completely for some time",
    options=SourceLag,
    scope=Scope.DATA_READ,
    check=check,
    look=look,
    example={"hours": 6},
)
