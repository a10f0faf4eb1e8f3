"""Whether each server answers, asked in the background so that a scrape never waits for a silent one.

Keys:
    openhours:look      written at each round, gone after a minute: a full Redis answers, but takes nothing.
"""

import logging
from threading import Event
from typing import Final

from sqlalchemy import text

from app.errors import OpenhoursError, Unavailable
from app.storage.in_time import InTime
from app.storage.postgres import database_errors
from app.storage.redis_client import redis_errors
from app.storage.resources import Resources
from app.storage.trouble import database_read_only
from app.telemetry.metrics import SERVER_UP

#: Between two rounds, seconds.
LOOK_SECONDS: Final = 15

#: A server that has not answered for so long does not, seconds.
ANSWER_SECONDS: Final = 10

_log = logging.getLogger(__name__)


class Reachability:
    """Asks each server something small, and tells the metric; a change is logged once."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._was_up: dict[str, bool] = {}
        asks = {"postgres": self._postgres, "redis": self._redis, "s3": resources.object_store.look}
        self._asks = {
            server: InTime(ask, of=server, seconds=ANSWER_SECONDS, error=Unavailable) for server, ask in asks.items()
        }

    def look(self, stopping: Event, _: object) -> None:
        """One round."""
        for server, ask in self._asks.items():
            if not stopping.is_set():
                self._tell(server, ask)

    def _tell(self, server: str, ask: InTime[None]) -> None:
        try:
            ask.answer()
            is_up, why = True, ""
        except OpenhoursError as error:
            is_up, why = False, error.message
        if is_up != self._was_up.get(server, True):
            _log.warning("%s %s", server, "answers again" if is_up else f"cannot be reached: {why}")
        self._was_up[server] = is_up
        SERVER_UP.labels(server).set(is_up)

    def _postgres(self) -> None:
        with database_errors(), self._resources.engine.connect() as connection:
            if connection.scalar(text("SHOW transaction_read_only")) == "on":
                raise database_read_only()

    def _redis(self) -> None:
        with redis_errors():
            self._resources.redis.set("openhours:look", "1", ex=60)
