"""Looks for reports that nobody looks after: every replica does, every few seconds, whether it runs reports or not."""

import logging
from typing import Final

from app.jobs import lifecycle, records
from app.jobs.queue import Queue
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.logs import bound

#: Between two sweeps, seconds.
SWEEP_SECONDS: Final = 5

#: Before the first sweep of a process, seconds: soon, because one that starts often replaces one that died.
FIRST_SWEEP_SECONDS: Final = (0, 1)

#: A queued report is handed out again after that long even if the queue seems to hold an entry for it, seconds.
FORGOTTEN_SECONDS: Final = 600

#: Reports that one sweep hands out at most.
SWEPT_REPORTS: Final = 1000

_log = logging.getLogger(__name__)


def sweep(resources: Resources, *, consumer: str) -> None:
    """Hand out again what nobody claimed, or whose worker died; give up what has died too often.

    Queued reports are handed out again only as far as the queue lacks entries for them: while it holds one for each,
    they merely wait for their turn, and entries for them all every ten seconds would fill Redis. Entries are counted,
    not compared, and some are of reports that were cancelled: what has waited long is handed out whatever the count.

    Raises:
        DatabaseUnavailable, RedisUnavailable: the next sweep tries again.
    """
    queue = Queue(resources.redis)
    depth = queue.depth()
    with database_errors(), resources.engine.begin() as connection:
        given_up = lifecycle.give_up(connection)
        due = lifecycle.take_abandoned(connection, limit=SWEPT_REPORTS)
        lacking = records.count_waiting(connection) - depth
        if lacking > 0:
            due += lifecycle.take_forgotten(connection, limit=min(lacking, SWEPT_REPORTS))
        due += lifecycle.take_forgotten(connection, limit=SWEPT_REPORTS, after_seconds=FORGOTTEN_SECONDS)
    for report_id in given_up:
        with bound(report_id=report_id):
            _log.warning("job %s is given up: its attempts are used up", report_id)
    if due:
        queue.add(*due)
    for entry in queue.take_abandoned(consumer, count=100):
        queue.add(entry.report_id)
        queue.done(entry)
