"""Whether requests may be sent to this process."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic
from typing import Final

from sqlalchemy import Engine

from app.errors import DatabaseUnavailable, OpenhoursError, ReplicaUnavailable
from app.replica.replica import Replica
from app.storage.in_time import InTime
from app.storage.migrate import require_migrated
from app.storage.postgres import database_errors

#: How long an answer of Postgres to the readiness check is good for, so that probes cost nothing, seconds.
READINESS_SECONDS: Final = 2

#: How long a probe waits for Postgres, seconds; what sends requests here shall hear of a silent one, not wait with it.
ANSWER_SECONDS: Final = 5


class Readiness:
    """Whether requests may come: not while draining or unfit for jobs, and only with a database that is migrated.

    ``down`` gives the titles of embedded servers that have died or hung and are being started again.
    """

    def __init__(self, engine: Engine, replica: Replica, *, down: Callable[[], Sequence[str]] = tuple) -> None:
        self._engine = engine
        self._down = down
        self._replica = replica
        self._lock = Lock()
        self._checked_at = -float("inf")
        self._error: OpenhoursError | None = None
        self._asked = InTime(self._look, of="Postgres", seconds=ANSWER_SECONDS, error=DatabaseUnavailable)

    def check(self) -> None:
        """Raise ReplicaUnavailable, ReplicaFault or NotMigrated unless ready."""
        if self._replica.draining:
            raise ReplicaUnavailable("This replica is stopping.")
        self._replica.check_fit()
        if down := self._down():
            raise ReplicaUnavailable(f"Being restarted, because they ended unexpectedly or hung: {', '.join(down)}.")
        with self._lock:
            if monotonic() - self._checked_at > READINESS_SECONDS:
                self._error = self._ask()
                self._checked_at = monotonic()
            if self._error is not None:
                raise self._error

    def _ask(self) -> OpenhoursError | None:
        try:
            self._asked.answer()
        except OpenhoursError as error:
            return error
        return None

    def _look(self) -> None:
        with database_errors(), self._engine.connect() as connection:
            require_migrated(connection)
