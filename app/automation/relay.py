"""Finds out who is to be told of what has happened, and lets rules do what they do then.

Each event is handled in one transaction, past those that other replicas have locked: its payload, its deliveries, the
reports that rules begin. A replica that dies in between leaves all as it was.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, or_, select, update

from app.automation import records
from app.automation.applying import apply_told
from app.automation.payloads import Ended, Telling, telling_of
from app.automation.registry import RULE_KINDS
from app.automation.rule_kind import Told, Tools
from app.automation.tables import rule
from app.deliveries.announcing import announce_recorded, payload_of
from app.deliveries.notify import merged, take_wanted
from app.errors import DatabaseUnavailable, OpenhoursError
from app.events.tables import event
from app.jobs.records import JobStatus
from app.storage.postgres import database_errors

#: How often a replica looks for events, seconds.
LOOK_SECONDS: Final = 1

#: Before an event that could not be handled is tried again: so long for each attempt, at most the longest, seconds.
PAUSE_SECONDS: Final = 5
LONGEST_PAUSE_SECONDS: Final = 600

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Relay:
    """Of one process.

    Attributes:
        engine: Postgres.
        tools: what rules look at.
        report_kinds: names of the kinds of jobs that are reports.
    """

    engine: Engine
    tools: Tools
    report_kinds: Collection[str]

    def handle_waiting(self, stopping: Event) -> None:
        """Handle all events that wait, the first one first; one that cannot be handled now is tried again later.

        Raises:
            DatabaseUnavailable: Postgres does not answer.
        """
        while not stopping.is_set() and self.handle_next():
            pass

    def handle_next(self) -> bool:
        """Whether there was one."""
        begun: dict[str, str] = {}
        with database_errors(), self.engine.begin() as connection:
            row = connection.execute(_NEXT).one_or_none()
            if row is None:
                return False
            try:
                with connection.begin_nested():
                    begun = self._handle(connection, row)
            except DatabaseUnavailable:
                raise
            except OpenhoursError as error:
                _log.info("event %s is tried again: %s", row.id, error.message)
                _postpone(connection, row)
            except Exception:  # noqa: BLE001 - a defect that one event meets must not keep the others from being told
                _log.exception("event %s is tried again: it failed", row.id)
                _postpone(connection, row)
        for report_id, kind in begun.items():
            self.tools.reports.dispatch(report_id, kind)
        return True

    def _handle(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> dict[str, str]:
        """Tell of an event; returns the reports that have begun, by id with their kind."""
        status = JobStatus(row.type.removeprefix("job."))
        ended = Ended(row.subject, row.facts["kind"], status, self.report_kinds)
        telling = telling_of(connection, ended)
        wished = take_wanted(connection, row.subject)
        if telling is None:
            connection.execute(delete(event).where(event.c.id == row.id))
            return {}
        data = dict(telling.data)
        payload = payload_of(
            telling.type, row.at, title=telling.title, facts=telling.facts, page=telling.page, data=data
        )
        wanted = merged([wished, telling.wanted])
        told = announce_recorded(connection, row.id, telling.type, telling.subject, payload, wanted)
        begun, did = self._apply_rules(connection, row.id, telling)
        if not told and not did:  # nobody wanted to know
            connection.execute(delete(event).where(event.c.id == row.id))
        return begun

    def _apply_rules(self, connection: Connection, event_id: str, telling: Telling) -> tuple[dict[str, str], int]:
        told = Told(event_id, telling.type, telling.subject, telling.data, telling.begun_by)
        begun: dict[str, str] = {}
        did = 0
        for one in listening(connection, telling.type):
            context = apply_told(connection, self.tools, one, told)
            begun |= context.begun
            did += context.did
        return begun, did


#: The first event that waits and that nobody else handles.
_NEXT: Final = (
    select(event.c.id, event.c.type, event.c.subject, event.c.facts, event.c.at, event.c.attempts)
    .where(event.c.handled_at.is_(None), or_(event.c.not_before.is_(None), event.c.not_before <= func.now()))
    .order_by(event.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def listening(connection: Connection, kind: str) -> list[records.Rule]:
    """The rules that do something when an event of a type is told."""
    names = [name for name, one in RULE_KINDS.items() if kind in one.listens]
    if not names:
        return []
    query = records.RULES.where(rule.c.enabled, rule.c.kind.in_(names)).order_by(rule.c.id).with_for_update(of=rule)
    return [records.rule_of(row) for row in connection.execute(query)]


def _postpone(connection: Connection, row: Row[*tuple[Any, ...]]) -> None:
    pause = min(PAUSE_SECONDS * (row.attempts + 1), LONGEST_PAUSE_SECONDS)
    values = {"attempts": event.c.attempts + 1, "not_before": func.now() + timedelta(seconds=pause)}
    connection.execute(update(event).where(event.c.id == row.id).values(values))
