"""Attempts at changes that were refused: noted by requests, recorded in the audit apart from them.

Whoever is unknown costs a few rows a minute, however often they ask: the audit must not fill the disk.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final

from sqlalchemy import Engine, insert

from app.access.principal import ANONYMOUS, Principal
from app.access.tables import audit
from app.storage.postgres import database_errors
from app.telemetry.redaction import Redactor

#: Pause between two rounds that record, seconds.
RECORD_SECONDS: Final = 2.0

#: Rows that one replica records in a minute of those who are not known, and of each user; the rest is counted in one.
MOST_A_MINUTE: Final = {"anonymous": 30, "user": 120}

#: Users that are counted apart in one minute.
MOST_USERS: Final = 1000

#: Rows that wait to be recorded, while Postgres does not answer; what comes then is only logged.
MOST_PENDING: Final = 5000

#: Longest part of a path that is kept, characters.
_PATH_LENGTH: Final = 200

_ACTION: Final = "request.refuse"

_log = logging.getLogger(__name__)
_redactor = Redactor()


@dataclass(frozen=True, slots=True)
class _Refusal:
    who: Principal
    at: datetime
    detail: dict[str, Any]


class Refusals:
    """Of one process; may be used from any thread. ``write`` is a loop's."""

    def __init__(self, engine: Engine, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now
        self._lock = Lock()
        self._minute: datetime | None = None
        self._counts: Counter[str] = Counter()
        self._more: dict[str, Principal] = {}
        self._pending: list[_Refusal] = []

    def note(self, who: Principal, *, method: str, path: str, code: str) -> None:
        """Somebody was refused something that would have changed data or rights."""
        now = self._now()
        with self._lock:
            self._begin_minute(now.replace(second=0, microsecond=0))
            key = who.name if who.user_id is not None else ""
            if key not in self._counts and len(self._counts) > MOST_USERS:
                key = ""
            self._counts[key] += 1
            if self._counts[key] <= MOST_A_MINUTE["user" if key else "anonymous"]:
                self._add(_Refusal(who, now, {"method": method, "path": _shown(path), "code": code}))
            else:
                self._more[key] = who

    def write(self) -> None:
        """Record what was noted since the last time, and how many more of a minute that has ended.

        Raises:
            DatabaseUnavailable: it is kept for the next time.
        """
        with self._lock:
            self._begin_minute(self._now().replace(second=0, microsecond=0))
            pending = list(self._pending)
        if not pending:
            return
        with database_errors(), self._engine.begin() as connection:
            connection.execute(insert(audit), [_row(refusal) for refusal in pending])
        with self._lock:
            del self._pending[: len(pending)]

    def _begin_minute(self, minute: datetime) -> None:
        if minute == self._minute:
            return
        for key, who in self._more.items():
            count = self._counts[key] - MOST_A_MINUTE["user" if key else "anonymous"]
            all_of_them = replace(who if key else ANONYMOUS, request_id=None)
            self._add(_Refusal(all_of_them, self._minute or minute, {"more": count}))
        self._minute = minute
        self._counts.clear()
        self._more.clear()

    def _add(self, refusal: _Refusal) -> None:
        if len(self._pending) < MOST_PENDING:
            self._pending.append(refusal)
        else:
            _log.warning("%s was refused, which the audit could not store: %s", refusal.who.name, refusal.detail)


def _shown(path: str) -> str:
    """A path as it may be stored: without a credential that was sent in it, nor NUL, which jsonb cannot have."""
    return _redactor.redact(path).replace("\x00", "\N{SYMBOL FOR NULL}")[:_PATH_LENGTH]


def _row(refusal: _Refusal) -> dict[str, Any]:
    who = refusal.who
    return {
        "at": refusal.at,
        "via": who.via,
        "actor_id": who.user_id,
        "actor_name": who.name,
        "token_id": who.token_id,
        "action": _ACTION,
        "outcome": "refused",
        "ip": who.address,
        "request_id": who.request_id,
        "detail": refusal.detail,
    }
