"""What polls say of a report, whichever of the two servers they ask."""

import pytest
from sqlalchemy import text

from app.errors import RedisUnavailable
from app.jobs.status import Live, LiveStatus
from app.reports.service import Ended, ReportService, Running
from app.storage.resources import Resources
from tests.kinds import KINDS


@pytest.fixture
def ended(resources: Resources) -> str:
    """A report that Postgres knows to have ended, and Redis does not."""
    report_id = ReportService(resources, KINDS).trigger("dummy", {})
    LiveStatus(resources.redis).update(report_id, Live("uploading", 0.9), kind="dummy")
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET status = 'cancelled', finished_at = now()"))
    return report_id


def test_what_was_waited_for_does_not_run_again(resources: Resources, ended: str) -> None:
    service = ReportService(resources, KINDS)
    assert isinstance(service.poll(ended), Running)  # until that is stale
    assert isinstance(service.poll(ended, has_ended=True), Ended)
    assert isinstance(ReportService(resources, KINDS).poll(ended), Ended)


def test_what_was_seen_ended_while_redis_was_away_does_not_run_again(
    resources: Resources, ended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise RedisUnavailable("Redis does not answer.")

    service = ReportService(resources, KINDS)
    with monkeypatch.context() as patch:
        patch.setattr(LiveStatus, "get", away)
        assert isinstance(service.poll(ended), Ended)
    assert isinstance(service.poll(ended), Ended)  # Redis rests, and is told
    assert isinstance(ReportService(resources, KINDS).poll(ended), Ended)
