"""What a process that waits for its job does ahead of a report on stores: it asks for nobody as that asks for some.

A session of Postgres looks tables and functions up when they are first named, and a process puts each statement
together once. That took a small report a third of its time.
"""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection, Engine, text

from app.series.details import own_gaps, read_labels
from app.series.entities import STORE, count_entities, read_entities
from app.series.poll_reading import ask_for_nobody
from app.series.polls import POLL_COLUMNS
from app.series.schedules import read_schedule
from app.storage.binary_copy import read_columns
from app.timeline.entities import Entities

#: Tables that somebody has locked are left alone after so long: the job may need none of them, milliseconds.
_LOCK_MS: Final = 100

_NOBODY: Final = Entities(np.zeros(0, np.int64), [])
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ONE_POLL: Final = "(SELECT 1 AS entity_id, now() AS at, true AS active) AS poll"


def prepare(engine: Engine, read_connections: int) -> None:
    """Make the connections that such a report uses know what it asks them for."""
    with ExitStack() as held:
        first, second, *others = (_opened(held, engine) for _ in range(2 + read_connections))
        count_entities(first, STORE, keys=[])
        read_entities(first, STORE, keys=[], limit=1)
        read_labels(first, _NOBODY, as_known_at=_LONG_AGO)
        ask_for_nobody(first)
        read_schedule(second, _NOBODY, default_zone="UTC", as_known_at=_LONG_AGO)
        own_gaps(second, _NOBODY, as_known_at=_LONG_AGO)
        for connection in others:
            read_columns(connection, POLL_COLUMNS, _ONE_POLL, {})


def _opened(held: ExitStack, engine: Engine) -> Connection:
    connection = held.enter_context(engine.connect())
    connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MS}"))
    return connection
