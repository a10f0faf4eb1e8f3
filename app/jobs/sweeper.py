"""Looks for what nobody looks after: in every replica, whether it runs reports or not.

Every few seconds reports that were dispatched in vain, or whose worker died; every hour what is old (cleanup.py).
"""

import logging
import random
from threading import Event, Thread
from time import monotonic
from typing import Final

from app.database import database_errors
from app.errors import OpenhoursError
from app.jobs import lifecycle, records
from app.jobs.cleanup import clean_up
from app.jobs.pulse import Pulse
from app.jobs.queue import Queue
from app.logs import bound
from app.resources import Resources

#: Between two sweeps, seconds.
SWEEP_SECONDS: Final = 5

#: Before the first sweep of a process, at most, seconds: soon, because one that starts often replaces one that died.
FIRST_SWEEP_SECONDS: Final = 1

#: Before the first clean-up of a process, seconds: replicas that start together do not clean up together.
FIRST_CLEAN_UP_SECONDS: Final = (30, 120)

#: Between two clean-ups, seconds.
CLEAN_UP_SECONDS: Final = 3600

#: Reports that one sweep hands out at most.
SWEPT_REPORTS: Final = 1000

_log = logging.getLogger(__name__)


def sweep(resources: Resources, *, consumer: str) -> None:
    """Hand out again what nobody claimed, or whose worker died; give up what has died too often.

    Queued reports are handed out again only as far as the queue lacks entries for them: while it holds one for each,
    they merely wait for their turn, and entries for them all every ten seconds would fill Redis.

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
    for report_id in given_up:
        with bound(report_id=report_id):
            _log.warning("report %s is given up: its attempts are used up", report_id)
    if due:
        queue.add(*due)
    for entry in queue.take_abandoned(consumer, count=100):
        queue.add(entry.report_id)
        queue.done(entry)


class Sweeper:
    """Sweeps in a thread, from ``start()`` to ``stop()``."""

    def __init__(self, resources: Resources, *, name: str, pulse: Pulse) -> None:
        self._resources = resources
        self._name = name
        self._pulse = pulse
        self._stopping = Event()
        self._thread = Thread(target=self._loop, name="sweep")
        self._clean_up_at = monotonic() + random.uniform(*FIRST_CLEAN_UP_SECONDS)  # noqa: S311 - jitter, not a secret

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """End; a sweep that is under way is finished."""
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        self._pulse.beat("sweep")
        pause = random.uniform(0, FIRST_SWEEP_SECONDS)  # noqa: S311 - as above
        while not self._stopping.wait(pause):
            pause = SWEEP_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311 - as above
            self._pulse.beat("sweep")
            try:
                sweep(self._resources, consumer=self._name)
                if monotonic() > self._clean_up_at:
                    self._clean_up_at = monotonic() + CLEAN_UP_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
                    clean_up(self._resources, stopping=self._stopping, beat=lambda: self._pulse.beat("sweep"))
            except OpenhoursError as error:
                _log.warning("sweeping pauses: %s", error)
            except Exception:  # noqa: BLE001 - a sweeper that stops without a word is worse; logged
                _log.exception("sweeping pauses")
        self._pulse.end("sweep")
