"""Removes events and their deliveries that are old; fails what nobody can send."""

from datetime import timedelta
from threading import Event
from typing import Final

from sqlalchemy import Engine, case, delete, exists, func, select

from app.deliveries import queue
from app.deliveries.tables import delivery
from app.events.tables import event
from app.storage.postgres import database_errors

#: Between two looks, seconds.
LOOK_SECONDS: Final = 60

#: For at least so long it is known that it was told that a key ends, days.
LEAST_DAYS: Final = 8

#: Rows that one transaction removes.
_BATCH: Final = 1000


def tidy(engine: Engine, *, days: int, stopping: Event) -> None:
    """One look.

    Raises:
        DatabaseUnavailable: the next look tries again.
    """
    with database_errors(), engine.begin() as connection:
        queue.give_up(connection)
    waits = exists().where(delivery.c.event_id == event.c.id, delivery.c.status == "waiting")
    # That a key ends soon is told once, a week before.
    kept = case((event.c.type == "key.expiring", max(days, LEAST_DAYS)), else_=days)
    past = event.c.handled_at < func.now() - kept * timedelta(days=1)
    is_old = event.c.handled_at < func.now() - timedelta(days=days)  # what an index can tell
    removed = _BATCH
    while removed == _BATCH and not stopping.is_set():
        with database_errors(), engine.begin() as connection:
            old = (
                select(event.c.id)
                .where(is_old, past, ~waits)
                .limit(_BATCH)
                .with_for_update(skip_locked=True)
                .cte("old")
            )
            removed = connection.execute(delete(event).where(event.c.id == old.c.id)).rowcount
