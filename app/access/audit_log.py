"""The audit as it is read: pages, newest first, and blocks of everything that a filter lets through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, select, tuple_

from app.access.audit import Outcome
from app.access.tables import audit
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
    """The newest rows after a place in the list."""
    conditions = list(_conditions(wanted))
    if any("\x00" in text for text in (wanted.actor, wanted.action, wanted.object_kind, wanted.object_id) if text):
        return []  # Postgres cannot store NUL in a text
    if after is not None:
        conditions.append(tuple_(audit.c.at, audit.c.id) < after)
    query = select(*_COLUMNS).where(*conditions).order_by(*_NEWEST).limit(limit)
    return [Entry(*row) for row in connection.execute(query)]


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    equal = {
        "actor_name": wanted.actor,
        "action": wanted.action,
        "object_kind": wanted.object_kind,
        "object_id": wanted.object_id,
        "outcome": wanted.outcome,
    }
    for name, value in equal.items():
        if value is not None:
            yield audit.c[name] == value
    if wanted.since is not None:
        yield audit.c.at >= wanted.since
    if wanted.before is not None:
        yield audit.c.at < wanted.before
