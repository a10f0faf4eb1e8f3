"""Lets requests wait for the end of a job: one look at Postgres for all that wait, however many they are.

Jobs that end in this process tell so themselves; those of other replicas are found by the looks.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from typing import Final

from sqlalchemy import Engine

from app.errors import OpenhoursError
from app.jobs import records
from app.storage.postgres import database_errors

#: How often the jobs that are waited for are looked at, seconds.
LOOK_SECONDS: Final = 0.05

#: How long to leave a Postgres alone that did not answer, seconds.
PAUSE_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Waiters:
    """Used from one event loop; looks only while somebody waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiters: dict[str, set[asyncio.Future[bool]]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._released = False

    async def wait(self, job_id: str, *, seconds: float) -> bool:
        """Return when the job is no longer outstanding, or after ``seconds``, or when all are released.

        True when Postgres says that it has ended.
        """
        if self._released:
            return False
        self._loop = asyncio.get_running_loop()
        ended: asyncio.Future[bool] = self._loop.create_future()
        self._waiters.setdefault(job_id, set()).add(ended)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await asyncio.wait_for(ended, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters[job_id].discard(ended)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    def has_ended(self, job_id: str) -> None:
        """Postgres says that a job has ended; from any thread. Who waits for it need not wait for the next look."""
        if self._loop is not None and job_id in self._waiters:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                self._loop.call_soon_threadsafe(partial(self._tell, {job_id}, ended=True))

    def release(self) -> None:
        """Let nobody wait any more: this process stops, and another will answer the next poll."""
        self._released = True
        self._tell(set(self._waiters), ended=False)

    async def _look(self) -> None:
        while self._waiters:
            await asyncio.sleep(LOOK_SECONDS)
            ids = set(self._waiters)
            try:
                outstanding = await asyncio.to_thread(self._outstanding, ids)
            except OpenhoursError as error:
                _log.warning("requests with wait keep waiting: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
            except Exception:  # noqa: BLE001 - those who wait must not be forgotten; logged
                _log.exception("requests with wait keep waiting")
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._tell(ids - outstanding, ended=True)

    def _outstanding(self, ids: Collection[str]) -> set[str]:
        with database_errors(), self._engine.connect() as connection:
            return records.outstanding(connection, ids)

    def _tell(self, ids: set[str], *, ended: bool) -> None:
        for job_id in ids:
            for waiter in self._waiters.get(job_id, ()):
                if not waiter.done():
                    waiter.set_result(ended)
