"""The audit as it is read: pages, newest first, and blocks of everything that a filter lets through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, func, select, true, tuple_

from app.access.audit import Outcome
from app.access.tables import audit, audit_event
from app.paging import NumberedPlace, Page, newest_numbered_first, numbered_place_of
from app.storage.postgres import database_errors

#: Rows that are read at a time for a file: a reader, however slow, holds so many and no connection.
BLOCK_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit; ``detail`` is JSON. ``at`` is aware."""

    id: int
    at: datetime
    via: str
    actor_id: str | None
    actor_name: str
    token_id: str | None
    action: str
    object_kind: str | None
    object_id: str | None
    outcome: Outcome
    ip: str | None
    request_id: str | None
    detail: Mapping[str, Any]

    @property
    def created_at(self) -> datetime:
        """Its place in the list."""
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows are wanted; None for any.

    Attributes:
        actor: name of who did it.
        action: such as ``hours.set``.
        object_kind, object_id: what it was done to, such as ``store`` and ``17``.
        outcome: done, refused or failed.
        since, before: aware instants; half-open.
    """

    actor: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    before: datetime | None = None


_COLUMNS: Final = [audit.c[name] for name in Entry.__dataclass_fields__]
_NEWEST: Final = (audit.c.at.desc(), audit.c.id.desc())

#: Columns by which filters select: of events, and of the rows of an event.
_EVENT_FILTERS: Final = {"action": "action", "object_kind": "object_kind", "outcome": "outcome"}
_OWN_FILTERS: Final = {"actor": "actor_name", "object_id": "object_id"}

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LATEST: Final = datetime.max.replace(tzinfo=UTC)
_END: Final = (_LATEST, 0)


class AuditLog:
    """Stateless, so any replica can be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: Filter, *, cursor: str | None, limit: int) -> Page[Entry]:
        """Rows, newest first. Raises InvalidParameters: the text is not a cursor."""
        after = None if cursor is None else numbered_place_of(cursor)
        with database_errors(), self._engine.connect() as connection:
            return newest_numbered_first(newest(connection, wanted, after=after, limit=limit + 1), limit=limit)

    def blocks(self, wanted: Filter) -> Iterator[list[Entry]]:
        """All rows, newest first, in blocks of BLOCK_ROWS; the last one is shorter, and may be empty."""
        after: NumberedPlace | None = None
        while True:
            with database_errors(), self._engine.connect() as connection:
                block = newest(connection, wanted, after=after, limit=BLOCK_ROWS)
            yield block
            if len(block) < BLOCK_ROWS:
                return
            after = block[-1].at, block[-1].id


def newest(connection: Connection, wanted: Filter, *, after: NumberedPlace | None, limit: int) -> list[Entry]:
    """The newest rows after a place in the list; reads so many of an index per event, however many rows there are."""
    texts = (wanted.actor, wanted.action, wanted.object_kind, wanted.object_id, wanted.outcome)
    if any("\x00" in text for text in texts if text):
        return []  # Postgres cannot store NUL in a text
    first = (wanted.since or _EARLIEST, 0)
    end = min(after or _END, (wanted.before or _LATEST, 0))
    query = select(*_COLUMNS).order_by(*_NEWEST).limit(limit)
    if any(text is not None for text in texts):
        query = query.where(audit.c.id.in_(_ids(wanted, first=first, end=end, limit=limit)))
    else:
        place = tuple_(audit.c.at, audit.c.id)
        query = query.where(place >= first, place < end)
    return [Entry(*row) for row in connection.execute(query)]


def _ids(wanted: Filter, *, first: NumberedPlace, end: NumberedPlace, limit: int) -> Select[tuple[int]]:
    """Ids of the newest rows in ``first`` … ``end`` of each event, then of all those events.

    The bounds have the event in them, so that no plan reads the list of all events instead.
    """
    events = select(audit_event.c.id).where(*_equal(audit_event, _EVENT_FILTERS, wanted)).distinct().subquery("wanted")
    place = tuple_(audit.c.event, audit.c.at, audit.c.id)
    rows = (
        select(audit.c.at, audit.c.id)
        .where(
            *_equal(audit, _OWN_FILTERS, wanted),
            place >= tuple_(events.c.id, *first),
            place < tuple_(events.c.id, *end),
        )
        .order_by(audit.c.event.desc(), *_NEWEST)
        .limit(limit)
    )
    if wanted.actor is not None and wanted.object_id is not None:
        rows = rows.where(audit.c.actor_object == func.hashtextextended(f"{wanted.actor} {wanted.object_id}", 0))
    found = rows.lateral("found")
    places = select(found.c.id).select_from(events.join(found, true()))
    return places.order_by(found.c.at.desc(), found.c.id.desc()).limit(limit)


def _equal(table: Table, filters: Mapping[str, str], wanted: Filter) -> list[ColumnElement[bool]]:
    given = ((column, getattr(wanted, name)) for name, column in filters.items())
    return [table.c[column] == value for column, value in given if value is not None]
