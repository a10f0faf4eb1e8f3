"""Which stores were down at their latest poll, and since when: a look that reads few polls of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from app.series.schedules import read_schedule
from app.timeline import Micros, to_micros
from app.timeline.entities import Entities

#: How far back polls are looked for: longer than an outage that nobody has heard of yet.
BACK: Final = timedelta(days=14)

# The latest poll of each store, and of those that were down then the first poll that said so after the last that said
# otherwise. Both are a few steps in the index of each week, whatever the number of polls.
_DOWN: Final = text("""
    SELECT store.id, store.key, latest.at AS last_at, latest.active, since.at AS since
    FROM entity store
    LEFT JOIN LATERAL (
        SELECT at, active FROM poll
        WHERE entity_id = store.id AND at > :first AND at <= :now ORDER BY at DESC LIMIT 1
    ) latest ON true
    LEFT JOIN LATERAL (
        SELECT at FROM poll
        WHERE entity_id = store.id AND NOT active AND at <= :now AND at > coalesce((
            SELECT at FROM poll
            WHERE entity_id = store.id AND active AND at > :first AND at <= :now ORDER BY at DESC LIMIT 1
        ), :first)
        ORDER BY at LIMIT 1
    ) since ON NOT latest.active
    WHERE store.kind = 'store' AND latest.active IS NOT TRUE AND (:all_stores OR store.key = ANY(:keys))
    ORDER BY store.id
""")


@dataclass(frozen=True, slots=True)
class Down:
    """A store that was down at its latest poll.

    Attributes:
        key: of the store.
        since: the first poll that said so after the last one that said otherwise.
        last_at: its latest poll.
        open_minutes: open time from ``since`` until now, minutes.
    """

    key: str
    since: datetime
    last_at: datetime
    open_minutes: float


def down_now(
    connection: Connection, *, now: datetime, max_gap: timedelta, keys: list[str] | None, default_zone: str
) -> tuple[list[Down], frozenset[str]]:
    """The stores that are down, and those of which nobody knows: their latest poll says so, is too old, or is missing.

    What is in neither was up at its latest poll of the last two weeks, or is the key of no store.

    Args:
        connection: any.
        now: the instant.
        max_gap: how long a poll counts.
        keys: of the stores that are looked at; None: all.
        default_zone: of a store without a zone.
    """
    asked = {"first": now - BACK, "now": now, "all_stores": keys is None, "keys": keys or []}
    rows = connection.execute(_DOWN, asked).all()
    is_known = [row.active is False and row.last_at + max_gap >= now for row in rows]
    unknown = frozenset(row.key for row, known in zip(rows, is_known, strict=True) if not known)
    rows = [row for row, known in zip(rows, is_known, strict=True) if known]
    if not rows:
        return [], unknown
    entities = Entities(np.array([row.id for row in rows], np.int64), [row.key for row in rows])
    since = _micros([row.since for row in rows])
    calendar = read_schedule(connection, entities, default_zone=default_zone).calendar(
        int(since.min()), to_micros(now) + 1
    )
    until = np.full(len(rows), to_micros(now), np.int64)
    open_time = calendar.open_between(np.arange(len(rows)), since, until)
    found = [
        Down(row.key, row.since, row.last_at, micros / 60_000_000)
        for row, micros in zip(rows, open_time.tolist(), strict=True)
    ]
    return found, unknown


def _micros(instants: list[datetime]) -> Micros:
    return np.array([to_micros(one) for one in instants], np.int64)
