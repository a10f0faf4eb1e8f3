"""What a process runs again and again beside HTTP: one list, whoever brings the work."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event

from app.jobs.periodic import Periodic
from app.jobs.pulse import Pulse
from app.storage.migrate import MigrationCheck


@dataclass(frozen=True, slots=True)
class Loop:
    """Something to do again and again while the replica lives.

    Attributes:
        name: in logs, and in what /livez says when it is stuck.
        action: one round. It is given an event that is set when the replica stops, and what to call now and then when
            it takes long, as a sign of life. What it raises is logged.
        every_seconds: pause between two rounds, varied by a fifth.
        first_seconds: bounds of the pause before the first round; None: as between two.
        watched: whether the replica is taken for stuck after a minute without a round or a sign of life.
        needs_database: whether a round waits until the database is there and migrated.
    """

    name: str
    action: Callable[[Event, Callable[[], None]], None]
    every_seconds: float
    first_seconds: tuple[float, float] | None = None
    watched: bool = True
    needs_database: bool = True


def _unheard() -> None:
    """Nobody watches."""


def started(loop: Loop, *, migrations: MigrationCheck, pulse: Pulse, stopping: Event) -> Periodic:
    """The loop in a thread of its own."""
    beat = partial(pulse.beat, loop.name) if loop.watched else _unheard

    def round_() -> None:
        if loop.needs_database:
            migrations.require()
        loop.action(stopping, beat)

    periodic = Periodic(
        loop.name,
        round_,
        every_seconds=loop.every_seconds,
        first_seconds=loop.first_seconds,
        pulse=pulse if loop.watched else None,
    )
    periodic.start()
    return periodic
