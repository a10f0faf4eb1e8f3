"""Sends what is due: some threads of every worker, each with one delivery at a time."""

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

from sqlalchemy import Engine

from app.deliveries import queue, receivers
from app.deliveries.attempt import Attempts
from app.deliveries.queue import Claimed
from app.sending.outcome import Outcome
from app.sending.smtp import SLOWEST_BYTES_PER_SECOND
from app.settings import Settings
from app.storage.postgres import database_errors
from app.telemetry.metrics import DELIVERIES

#: How often a replica looks for what is due, seconds.
LOOK_SECONDS: Final = 1

#: Deliveries that one replica sends at the same time.
THREADS: Final = 8

#: Of those, how many may go to one receiver: one that is slow must not hold up what goes to others.
THREADS_OF_ONE: Final = 2

#: Bytes that a mail has for each byte of a file: base64, in lines.
_WRITTEN: Final = 1.4

_log = logging.getLogger(__name__)


class Deliverer:
    """Of one process."""

    def __init__(self, engine: Engine, settings: Settings, attempts: Attempts, *, replica: str) -> None:
        self._engine = engine
        self._settings = settings
        self._attempts = attempts
        self._replica = replica
        self._file_seconds = _WRITTEN * settings.mail_attachment_bytes / SLOWEST_BYTES_PER_SECOND
        self._lock = Lock()
        self._under_way: Counter[str] = Counter()

    def send_due(self, stopping: Event) -> None:
        """Send all that is due; what has begun is ended, even when the process is about to stop.

        Raises:
            DatabaseUnavailable: Postgres does not answer.
        """
        if stopping.is_set() or (first := self._claim()) is None:
            return
        with ThreadPoolExecutor(THREADS, thread_name_prefix="delivery") as pool:
            others = [pool.submit(self._work, stopping, None) for _ in range(THREADS - 1)]
            for ended in [pool.submit(self._work, stopping, first), *others]:
                ended.result()

    def _work(self, stopping: Event, claimed: Claimed | None) -> None:
        """Send one after the other until nothing is due."""
        while claimed is not None or (not stopping.is_set() and (claimed := self._claim()) is not None):
            with self._counted(claimed):
                self._settle(claimed, self._attempts.make(claimed))
            claimed = None

    def _claim(self) -> Claimed | None:
        with self._lock, database_errors(), self._engine.begin() as connection:
            busy = [target for target, count in self._under_way.items() if count >= THREADS_OF_ONE]
            claimed = queue.claim_next(connection, replica=self._replica, busy=busy, file_seconds=self._file_seconds)
            if claimed is not None:
                self._under_way[claimed.target] += 1
        return claimed

    @contextmanager
    def _counted(self, claimed: Claimed) -> Iterator[None]:
        """While it is under way; it was counted when it was claimed."""
        try:
            yield
        finally:
            with self._lock:
                self._under_way[claimed.target] -= 1

    def _settle(self, claimed: Claimed, outcome: Outcome) -> None:
        with database_errors(), self._engine.begin() as connection:
            status = queue.settle(connection, claimed, outcome)
            if status is not None and claimed.webhook is not None:
                receivers.remember(connection, claimed.webhook["id"], outcome, self._settings)
        channel = "mail" if claimed.webhook is None else "webhook"
        DELIVERIES.labels(channel, outcome.verdict.value).inc()
        if outcome.error is not None:
            _log.info(
                "delivery %s, attempt %d: %s %s", claimed.id, claimed.attempt, outcome.verdict.value, outcome.error
            )
        if status == "failed":
            _log.warning("delivery %s has failed for good: %s", claimed.id, outcome.error)
