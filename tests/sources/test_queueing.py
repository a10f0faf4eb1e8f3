"""Which sync of a source runs, waits or was the last."""

from sqlalchemy import event, update

from app.jobs import lifecycle
from app.jobs.records import JobStatus
from app.jobs.tables import job
from app.sources.queueing import JOB_KIND, latest_sync, queue_sync
from app.storage.resources import Resources

SOURCE = "0" * 32


def test_the_one_that_runs_is_told_before_the_one_that_waits_before_those_that_ended(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        assert latest_sync(connection, SOURCE) is None
        first = queue_sync(connection, SOURCE)
        assert latest_sync(connection, SOURCE) == first
        lifecycle.cancel(connection, first)
        assert latest_sync(connection, SOURCE) == first
        second = queue_sync(connection, SOURCE)
        assert latest_sync(connection, SOURCE) == second
        assert lifecycle.claim_next(connection, owner="somebody", kinds=[JOB_KIND]) is not None
        assert queue_sync(connection, SOURCE) != second
        assert latest_sync(connection, SOURCE) == second


def test_one_that_begins_while_it_is_looked_for_is_found(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        lifecycle.cancel(connection, queue_sync(connection, SOURCE))
        waiting = queue_sync(connection, SOURCE)

    def begin(*_: object) -> None:
        with resources.engine.begin() as other:
            other.execute(update(job).where(job.c.id == waiting).values(status=JobStatus.RUNNING))

    with resources.engine.connect() as connection:
        event.listen(connection, "after_cursor_execute", begin, once=True)
        assert latest_sync(connection, SOURCE) == waiting
