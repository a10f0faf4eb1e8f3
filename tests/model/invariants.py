"""What must hold at every moment and at the end, whatever happens to replicas and servers."""

from app.errors import AttemptsExhausted, TimeLimitExceeded, WorkerCrashed
from app.jobs.lifecycle import MAX_ATTEMPTS, MAX_CRASHES, MAX_TRANSIENT_ATTEMPTS, Claim
from app.jobs.records import OUTSTANDING, JobStatus
from tests.model.record import Row, Table
from tests.model.scheduler import Scheduler
from tests.model.servers import Bucket
from tests.model.work import Work


class Invariants:
    """Watches the table and the bucket.

    Attributes:
        charges: attempts at a report that a fault ended, by id.
    """

    def __init__(self, scheduler: Scheduler, table: Table, bucket: Bucket, work: Work) -> None:
        self._scheduler = scheduler
        self._table = table
        self._bucket = bucket
        self._work = work
        self._ends: dict[str, JobStatus] = {}
        self._results: dict[str, dict[str, str]] = {}
        self._takeovers: dict[str, int] = {}
        table.observers.append(self._row_changed)
        bucket.changed = self._object_changed

    def _row_changed(self, row: Row, what: str, claim: Claim | None) -> None:
        self._scheduler.note(what, row.id, row.attempt)
        if claim is not None and claim.attempt != row.attempt:
            self._scheduler.violated("late", f"{what} of {row.id}, attempt {row.attempt}, by attempt {claim.attempt}")
        if what == "remove":
            self._results.pop(row.id, None)
            return
        ended_before = self._ends.get(row.id)
        if ended_before not in (None, row.status):
            self._scheduler.violated("ended twice", f"{row.id} was {ended_before} and is {row.status}")
        if what == "claim" and claim is not None and claim.took_over:
            self._takeovers[row.id] = self._takeovers.get(row.id, 0) + 1
        if row.status not in OUTSTANDING:
            self._ends[row.id] = row.status
        if row.status is JobStatus.FAILED:
            self._check_cause(row)
        if row.status is JobStatus.COMPLETE:
            self._check_result(row)

    def _object_changed(self, key: str) -> None:
        row = self._table.rows.get(key.split("/")[1])
        if row is not None and row.status is JobStatus.COMPLETE:
            self._check_result(row)

    def _check_result(self, row: Row) -> None:
        """What a poll would download: complete, what was uploaded, of one run, and always the same."""
        result = {}
        for artifact in row.artifacts or ():
            content, _ = self._bucket.objects.get(artifact["key"], ("", 0.0))
            if content != artifact["sha256"]:
                self._scheduler.violated("result", f"{row.id} promises {artifact['sha256']!r} and has {content!r}")
            result[artifact["name"]] = content.rpartition(" by ")[2]
        if len(set(result.values())) != 1:
            self._scheduler.violated("result", f"{row.id} is a mixture: {result}")
        if self._results.setdefault(row.id, result) != result:
            self._scheduler.violated("result", f"{row.id} was {self._results[row.id]} and is {result}")

    def _check_cause(self, row: Row) -> None:
        """Nobody fails for nothing."""
        match row.error_code:
            case WorkerCrashed.code:
                crashes = self._work.crashes[row.params["number"]]
                because = row.kind == "poison" and row.crashes == MAX_CRASHES <= crashes
            case TimeLimitExceeded.code:
                because = row.kind == "refused"
            case AttemptsExhausted.code:
                because = self._takeovers.get(row.id, 0) + row.crashes + row.retries >= MAX_ATTEMPTS - 1
            case "database_unavailable" | "object_store_unavailable":
                because = row.retries == MAX_TRANSIENT_ATTEMPTS
            case _:
                because = False
        if not because:
            self._scheduler.violated("no cause", f"{row.id} ({row.kind}) failed: {row.error_code}")

    def check_ends(self) -> None:
        """At the end, with a bucket that was cleaned up."""
        for row in self._table.rows.values():
            if row.is_outstanding:
                self._scheduler.violated("not ended", f"{row.id} is {row.status}, attempt {row.attempt}")
            if row.kind == "poison" and row.status is JobStatus.COMPLETE:
                self._scheduler.violated("no cause", f"{row.id} is poison and complete")

    def check_bucket(self) -> None:
        """After the last clean-up: the results, and nothing else."""
        named: set[str] = set()
        for row in self._table.rows.values():
            if row.status is JobStatus.COMPLETE:
                self._check_result(row)
                named |= {artifact["key"] for artifact in row.artifacts or ()}
        if orphans := self._bucket.objects.keys() - named:
            self._scheduler.violated("orphans", f"nobody names {sorted(orphans)}")
        if self._bucket.uploads:
            self._scheduler.violated("orphans", f"unfinished: {self._bucket.uploads}")
