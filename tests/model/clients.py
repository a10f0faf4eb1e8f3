"""Those who want reports: they trigger, repeat what was not answered, poll, and sometimes change their mind."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from app.errors import NotFound, Unavailable
from app.jobs.records import JobStatus
from app.reports.service import Ended, ReportService
from tests.model.faults import BrokenOff
from tests.model.record import Table
from tests.model.scheduler import Host, Scheduler
from tests.model.servers import Redis

#: How many clients there are; each wants one report.
CLIENTS = 12

#: They come within, seconds.
ARRIVAL_SECONDS = 40

_KINDS = {"quick": 5, "steady": 5, "long": 2, "poison": 1, "refused": 1}

T = TypeVar("T")


class Clients:
    """Ask the real service, as the routers do.

    Attributes:
        waiting: how many do not yet have what they want.
    """

    def __init__(self, scheduler: Scheduler, host: Host, service: ReportService, *, table: Table, redis: Redis) -> None:
        self.waiting = CLIENTS
        self._table = table
        self._redis = redis
        self._scheduler = scheduler
        self._service = service
        for number in range(1, CLIENTS + 1):
            come = partial(scheduler.spawn, host, f"client {number}", partial(self._client, host, number))
            scheduler.at(scheduler.random.uniform(0, ARRIVAL_SECONDS), come)

    def _client(self, host: Host, number: int) -> None:
        random = self._scheduler.random
        (kind,) = random.choices(list(_KINDS), list(_KINDS.values()))
        key = random.choice([None, f"key {number}"])
        trigger = partial(self._service.trigger, kind, {"number": number}, idempotency_key=key)
        ids: list[str] = []
        if key is not None and random.random() < 0.5:  # sent twice at the same time
            self._scheduler.spawn(host, f"twin {number}", lambda: ids.append(self._insist(trigger)))
        ids.append(self._insist(trigger))
        if random.random() < 0.15:
            self._scheduler.sleep(random.uniform(0, 40))
            self._delete(ids[0])
        else:
            self._follow(ids[0])
        self._require_one(ids, key)
        self.waiting -= 1

    def _insist(self, request: Callable[[], T]) -> T:
        """Ask until there is an answer."""
        while True:
            try:
                return request()
            except (BrokenOff, Unavailable):
                self._scheduler.sleep(self._scheduler.random.uniform(0.5, 5))

    def _follow(self, report_id: str) -> None:
        """Poll until the report has ended, and once more."""
        polls_left = 2
        while polls_left:
            self._scheduler.sleep(self._scheduler.random.uniform(5, 20))
            state = self._insist(partial(self._service.poll, report_id))
            if isinstance(state, Ended):
                polls_left -= 1
            elif polls_left < 2:
                self._require_excuse(report_id, self._table.rows[report_id].finished_at or 0.0)

    def _delete(self, report_id: str) -> None:
        """Cancel or remove the report; from then on it is nothing else."""
        began_at = self._scheduler.now
        try:
            self._insist(partial(self._service.delete, report_id))
            while not isinstance(state := self._insist(partial(self._service.poll, report_id)), Ended):
                self._require_excuse(report_id, began_at)
                self._scheduler.sleep(5)
        except NotFound:
            return  # removed
        if state.record.status is not JobStatus.CANCELLED:
            self._scheduler.violated("not deleted", f"{report_id} is {state.record.status}")

    def _require_excuse(self, report_id: str, ended_at: float) -> None:
        """What has ended is shown as running only while Redis says so, which could not be told or has forgotten it."""
        if self._redis.failed_at < ended_at:
            self._scheduler.violated("shown as running", f"{report_id} had ended before")

    def _require_one(self, ids: list[str], key: str | None) -> None:
        if len(set(ids)) > 1:
            self._scheduler.violated("key", f"{key!r} stands for {ids}")
