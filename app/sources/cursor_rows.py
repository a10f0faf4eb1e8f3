"""The table of cursors: places as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, null, select
from sqlalchemy.dialects.postgresql import insert

from app.sources.cursors.place import Place
from app.sources.tables import source_cursor


@dataclass(frozen=True, slots=True)
class Kept:
    """A place, and when its last complete pass was written, by the clock of Postgres."""

    place: Place
    updated_at: datetime


def places(connection: Connection, source_id: str) -> Mapping[tuple[str, str], Kept]:
    """All places of a source, by stream and scope."""
    of = source_cursor.c
    query = select(of.stream, of.scope, of.position, of["pass"], of.watermark, of.updated_at)
    rows = connection.execute(query.where(of.source_id == source_id))
    return {
        (stream, scope): Kept(Place(position, under_way, watermark), updated_at)
        for stream, scope, position, under_way, watermark, updated_at in rows
    }


def keep(
    connection: Connection, source_id: str, stream: str, scope: str, place: Place, *, is_complete: bool = True
) -> None:
    """Write a place; unless the pass was complete, the time at which it last was stays."""
    values = {
        "position": dict(place.position),
        "pass": null() if place.under_way is None else dict(place.under_way),
        "watermark": place.watermark,
    }
    at = {"updated_at": func.now()} if is_complete else {}
    connection.execute(
        insert(source_cursor)
        .values(source_id=source_id, stream=stream, scope=scope, **values)
        .on_conflict_do_update(index_elements=["source_id", "stream", "scope"], set_={**values, **at})
    )


def forget(connection: Connection, source_id: str, *, stream: str | None = None, scope: str | None = None) -> int:
    """Have everything read from nothing, or all of a stream, or of a scope; returns how many places there were."""
    statement = delete(source_cursor).where(source_cursor.c.source_id == source_id)
    if stream is not None:
        statement = statement.where(source_cursor.c.stream == stream)
    if scope is not None:
        statement = statement.where(source_cursor.c.scope == scope)
    return connection.execute(statement).rowcount
