"""Seals weeks, or brings them back, while a command waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.access import audit
from app.errors import SealedWeekDamaged
from app.ids import new_id
from app.sealing.due import due_weeks
from app.sealing.job import record_sealed
from app.series.sealed import records
from app.series.sealed.seal import Outcome, Result, Sealing, seal
from app.series.sealed.unseal import unseal
from app.series.turns import wait_for_turn
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Called with the week and the share of all that is done, 0 … 1.
Told = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a command has done.

    Attributes:
        weeks: that are sealed now.
        polls, bytes: of their files.
        changed: weeks that a load has touched meanwhile.
        busy: weeks whose polls were read all the time.
    """

    weeks: int
    polls: int
    bytes: int
    changed: int
    busy: int


def seal_weeks(resources: Resources, *, every: bool, now: datetime, told: Told) -> Sealed:
    """Seal the weeks that are due, or every week that has ended.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the weeks before are sealed.
    """
    with database_errors(), resources.engine.connect() as connection:
        if every:
            weeks = records.unsealed_weeks(connection, ended_by=now)
        else:
            weeks = due_weeks(connection, resources.settings, now=now)
    results: list[Result] = []
    with TemporaryDirectory(prefix="openhours-seal-") as folder:
        for number, week in enumerate(weeks):
            run = Sealing(
                resources.engine,
                resources.object_store,
                Path(folder),
                recorded=record_sealed,
                progress=_progress(told, week.monday, number, len(weeks)),
            )
            results.append(seal(run, week.monday, run_id=new_id(datetime.now(UTC))))
    done = [result for result in results if result.outcome is Outcome.SEALED]
    outcomes = [result.outcome for result in results]
    return Sealed(
        weeks=len(done),
        polls=sum(result.rows for result in done),
        bytes=sum(result.bytes for result in done),
        changed=outcomes.count(Outcome.CHANGED),
        busy=outcomes.count(Outcome.BUSY),
    )


def unseal_weeks(resources: Resources, *, told: Told) -> int:
    """Bring all sealed weeks back, each in a transaction of its own; returns their number.

    They count as touched now, so that they are not due at once.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the weeks before are back.
        SealedWeekDamaged: of some weeks; all others are back.
    """
    with database_errors(), resources.engine.connect() as connection:
        weeks = records.sealed_weeks(connection)
    done, damaged = 0, []
    for number, monday in enumerate(weeks):
        _progress(told, monday, number, len(weeks))(0.0)
        try:
            with database_errors(), resources.engine.begin() as connection:
                wait_for_turn(connection)
                done += len(unseal(connection, resources.object_store, [monday]))
                records.touch(connection, monday)
                audit.record(connection, "polls.unseal", "week", monday.isoformat())
        except SealedWeekDamaged as error:
            damaged.append(error.message)
    if damaged:
        others = f"All other weeks, {done:,}, are back in Postgres."
        raise SealedWeekDamaged("\n".join([*damaged, others]))
    return done


def _progress(told: Told, monday: date, number: int, weeks: int) -> Callable[[float], None]:
    def tell(share: float) -> None:
        told(f"week of {monday}", (number + share) / weeks)

    return tell
