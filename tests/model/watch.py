"""Whether reports are taken care of in time, and taken over only from replicas that were in trouble."""

from app.jobs.lifecycle import Claim
from app.jobs.records import JobStatus
from tests.model.faults import Faults
from tests.model.machines import Machine
from tests.model.record import Row, Table
from tests.model.scheduler import Host, Scheduler
from tests.model.servers import Engine

#: Between two looks, seconds.
LOOK_SECONDS = 3

#: An abandoned report is claimed within, counted from the end of its lease: 40 seconds after a kill at most.
TAKEOVER_SECONDS = 10

#: A queued job whose call got lost is claimed within.
PICKUP_SECONDS = 20


class Watch:
    """Looks every few seconds at every report, and at every claim."""

    def __init__(
        self, scheduler: Scheduler, table: Table, machines: list[Machine], *, faults: Faults, engine: Engine
    ) -> None:
        self.is_on = True
        self._scheduler = scheduler
        self._table = table
        self._machines = machines
        self._faults = faults
        self._engine = engine
        self._renewals: dict[str, tuple[Host, float]] = {}
        self._queued_since: dict[str, float] = {}
        self._free_since = 0.0
        table.observers.append(self._row_changed)
        self._look()

    def _look(self) -> None:
        """Every report that could run does, when there has been a free slot for a while."""
        now = self._scheduler.now
        if not self._has_free_slot():
            self._free_since = now
        since = max(self._free_since, self._faults.over_at)
        for row in self._table.rows.values():
            if row.status is JobStatus.RUNNING and row.lease_until is not None:
                self._require(row, max(since, row.lease_until) + TAKEOVER_SECONDS)
            elif row.status is JobStatus.QUEUED:
                due = row.not_before or 0.0
                self._require(row, max(since, due, self._queued_since[row.id]) + PICKUP_SECONDS)
        if self.is_on:
            self._scheduler.at(now + LOOK_SECONDS, self._look)

    def _require(self, row: Row, deadline: float) -> None:
        if self._scheduler.now > deadline:
            late_seconds = self._scheduler.now - deadline
            self._scheduler.violated(
                "overdue", f"{row.id} is {row.status} and nobody took it for {late_seconds:.0f} s too long"
            )

    def _has_free_slot(self) -> bool:
        return any(machine.free_slots for machine in self._machines)

    def _row_changed(self, row: Row, what: str, claim: Claim | None) -> None:
        now = self._scheduler.now
        if row.status is JobStatus.QUEUED:
            self._queued_since[row.id] = now
        if claim is None or what not in {"claim", "renew"}:
            return
        if claim.took_over and what == "claim":
            self._require_trouble(row)
        self._renewals[row.id] = self._scheduler.current().host, now
        if sum(machine.free_slots for machine in self._machines) <= 1:  # this claim takes it
            self._free_since = now

    def _require_trouble(self, row: Row) -> None:
        """The owner of a report that is taken over is dead, or was held up or could not reach Postgres meanwhile."""
        owner, renewed_at = self._renewals[row.id]
        if not owner.is_dead and max(owner.troubled_until, self._engine.failed_at) < renewed_at - LOOK_SECONDS:
            self._scheduler.violated("no cause", f"{row.id} was taken over from {owner.name}, which was well")
