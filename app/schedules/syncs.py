"""The schedule that a source is given when it is added, and what becomes of it when the source is removed."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select

from app.access import audit
from app.schedules.forms import When
from app.schedules.service import ScheduleService, ScheduleSpec
from app.schedules.tables import schedule
from app.storage.postgres import database_now


@dataclass(frozen=True, slots=True)
class SyncSchedules:
    """Follows the registry of sources, in the transaction of what happens there."""

    service: ScheduleService

    def added(self, connection: Connection, name: str) -> None:
        """Have a source synced each hour, at the minute at which it was added, unless a schedule does that already.

        Raises:
            NameTaken: another schedule has the name.
        """
        if connection.scalar(select(schedule.c.id).where(*_of(name)).limit(1)) is None:
            when = When(every="hour", at=f":{database_now(connection):%M}")
            spec = ScheduleSpec(name=f"sync-{name}"[:64], does="sync", kind=name, params={}, when=when)
            self.service.insert(connection, spec)

    def removed(self, connection: Connection, name: str) -> None:
        """Remove the schedules of a source that is no more."""
        gone = delete(schedule).where(*_of(name)).returning(schedule.c.id, schedule.c.name)
        for row in connection.execute(gone).all():
            audit.record(connection, "schedule.remove", "schedule", row.id, name=row.name)


def _of(name: str) -> tuple[ColumnElement[bool], ...]:
    return schedule.c.does == "sync", schedule.c.kind == name
