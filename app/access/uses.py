"""When and from where credentials were last used: noted by requests, written apart from them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine, bindparam, update

from app.access.tables import token
from app.storage.postgres import database_errors

#: How exact the time of the last use is, seconds: so often the row of a credential is written at most.
NOTE_SECONDS: Final = 60.0

#: Pause between two rounds that write, seconds.
WRITE_SECONDS: Final = 15.0

#: Credentials whose last use is remembered; beyond it all are forgotten, and written again at their next use.
MOST_NOTED: Final = 10_000

_WRITE: Final = (
    update(token)
    .where(token.c.id == bindparam("used_id"))
    .values(last_used_at=bindparam("used_at"), last_ip=bindparam("used_from"))
)


class Uses:
    """Of one process. Requests only note; ``write`` is a loop's."""

    def __init__(self, engine: Engine, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now
        self._noted: dict[str, float] = {}
        self._pending: dict[str, tuple[datetime, str | None]] = {}

    def note(self, token_id: str, address: str | None) -> None:
        """A credential is used now, from an IP address."""
        now = self._now()
        seconds = now.timestamp()
        if seconds - self._noted.get(token_id, 0.0) < NOTE_SECONDS:
            return
        if len(self._noted) >= MOST_NOTED:
            self._noted = {}
        self._noted[token_id] = seconds
        self._pending[token_id] = now, address

    def write(self) -> None:
        """Write what was noted since the last time.

        Raises:
            DatabaseUnavailable: it is lost; the next use is noted again within a minute.
        """
        pending, self._pending = self._pending, {}
        if not pending:
            return
        rows = [{"used_id": key, "used_at": at, "used_from": address} for key, (at, address) in sorted(pending.items())]
        with database_errors(), self._engine.begin() as connection:
            connection.execute(_WRITE, rows)
