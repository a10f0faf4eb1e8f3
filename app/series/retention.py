"""Drops weeks of polls that are past their retention, each whole and in no time, however many polls it has."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Final

from sqlalchemy import Connection, Engine, delete, select, text
from sqlalchemy.exc import OperationalError

from app.series.polls import partition_of
from app.series.sealed.records import retire
from app.series.tables import poll_week
from app.series.turns import take_turn
from app.storage.postgres import database_errors

#: Between two rounds, seconds.
LOOK_SECONDS: Final = 600

#: Before the first round of a process, seconds.
FIRST_LOOK_SECONDS: Final = (0, 60)

#: Longest wait for reports that read polls: meanwhile no other report can begin to, milliseconds.
_WAIT_MS: Final = 2000

#: SQLSTATE of a lock that could not be had in time.
_LOCK_NOT_AVAILABLE: Final = "55P03"

_log = logging.getLogger(__name__)


def drop_old_weeks(
    engine: Engine, *, days: int, now: datetime, recorded: Callable[[Connection, date], None] = lambda *_: None
) -> list[date]:
    """Drop the weeks whose last instant is more than ``days`` before ``now``; returns their Mondays.

    ``recorded`` is called for each in its transaction.
    While a report reads polls, or a load merges, all that is left waits for the next round.

    Raises:
        DatabaseUnavailable: the next round goes on.
    """
    ends_before = (now - timedelta(days=days)).date() - timedelta(days=7)
    with database_errors(), engine.connect() as connection:
        old = select(poll_week.c.week).where(poll_week.c.week <= ends_before).order_by(poll_week.c.week)
        weeks = list(connection.scalars(old))
    # Each needs the same lock: if one is read, or a load merges, then whoever waits behind us shall not wait again.
    return list(takewhile(lambda week: _drop(engine, week, recorded), weeks))


def _drop(engine: Engine, week: date, recorded: Callable[[Connection, date], None]) -> bool:
    try:
        with database_errors(), engine.begin() as connection:
            if not take_turn(connection):
                return False
            connection.execute(text(f"SET LOCAL lock_timeout = {_WAIT_MS}"))
            connection.execute(text(f"DROP TABLE IF EXISTS {partition_of(week)}"))
            retire(connection, week)
            connection.execute(delete(poll_week).where(poll_week.c.week == week))
            recorded(connection, week)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
            raise
        _log.info("the polls of the week of %s are being read; they are dropped later", week)
        return False
    _log.info("the polls of the week of %s are past their retention and were dropped", week)
    return True
