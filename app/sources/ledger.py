"""The ledger: what is known not to have been read, so that nobody takes it for nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.sources.contract import Absence
from app.sources.tables import source_gap


class Reason(StrEnum):
    """Why something was not read."""

    GONE = Absence.GONE
    FORBIDDEN = Absence.FORBIDDEN
    BLOCKED = Absence.BLOCKED
    OFF = Absence.OFF
    UNAVAILABLE = "unavailable"
    INCOMPLETE = "incomplete"
    HISTORY_LOST = "history_lost"
    REJECTED_ROWS = "rejected_rows"
    DAYS_MISSING = "days_missing"
    REVISED = "revised"


#: Those that a complete pass does not end: it has not read what was lost before.
_STAYING: Final = (Reason.REJECTED_ROWS,)

#: Those that the next sync may make good.
PASSING: Final = frozenset({Reason.UNAVAILABLE, Reason.INCOMPLETE})

#: Those after which it is asked again once a day only.
LASTING: Final = frozenset({Reason.GONE, Reason.FORBIDDEN, Reason.BLOCKED, Reason.OFF})


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of one stream and scope that was not read; ``message`` is for people, ``since`` where it begins."""

    reason: Reason
    message: str
    since: datetime | None = None


def open_gap(connection: Connection, source_id: str, stream: str, scope: str, gap: Gap) -> None:
    """Write down that it is missing, or still is."""
    of = {"source_id": source_id, "stream": stream, "scope": scope, "code": gap.reason}
    connection.execute(
        insert(source_gap)
        .values(**of, message=gap.message, since=gap.since)
        .on_conflict_do_update(
            index_elements=["source_id", "stream", "scope", "code"],
            index_where=text("closed_at IS NULL"),
            set_={"message": gap.message, "found_at": func.now()},
        )
    )


def close_gaps(
    connection: Connection,
    source_id: str,
    stream: str,
    scope: str,
    *,
    all_of_them: bool = False,
    still: Collection[Reason] = (),
) -> None:
    """Everything was read after all; ``all_of_them``: also what was lost before, for it is read from nothing.

    Gaps with the reasons ``still`` stay open: the same is missing as before.
    """
    statement = update(source_gap).where(
        source_gap.c.source_id == source_id,
        source_gap.c.stream == stream,
        source_gap.c.scope == scope,
        source_gap.c.closed_at.is_(None),
    )
    if not all_of_them:
        statement = statement.where(source_gap.c.code.not_in({*_STAYING, *still}))
    connection.execute(statement.values(closed_at=func.now()))


def lasting(connection: Connection, source_id: str, *, hours: float = 24) -> Mapping[tuple[str, str], Reason]:
    """By stream and scope, what was found missing so lately, and not only once, that it need not be asked for."""
    query = select(source_gap.c.stream, source_gap.c.scope, source_gap.c.code).where(
        source_gap.c.source_id == source_id,
        source_gap.c.closed_at.is_(None),
        source_gap.c.code.in_(LASTING),
        source_gap.c.found_at > source_gap.c.opened_at,
        source_gap.c.found_at > func.now() - func.make_interval(0, 0, 0, 0, hours),
    )
    return {(stream, scope): Reason(code) for stream, scope, code in connection.execute(query)}


def having(connection: Connection, source_id: str, reasons: Collection[Reason]) -> frozenset[tuple[str, str]]:
    """The streams and scopes of which something is missing for one of these reasons."""
    query = select(source_gap.c.stream, source_gap.c.scope).where(
        source_gap.c.source_id == source_id, source_gap.c.closed_at.is_(None), source_gap.c.code.in_(reasons)
    )
    return frozenset((stream, scope) for stream, scope in connection.execute(query))
