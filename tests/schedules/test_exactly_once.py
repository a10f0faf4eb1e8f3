"""Six replicas, some of which die between the two writes: each instant begins one report."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.schedules.forms import When
from app.schedules.service import ScheduleSpec
from tests.reference.schedules import due, utc
from tests.schedules.replicas import REPLICAS, Installation
from tests.schedules.test_timing import CHANGES

#: Once a night, each hour of it, and each half an hour of one that clocks skip or repeat.
CRONS = {"nightly": "30 2 * * *", "hours": "0 1-3 * * *", "whenever": "*/30 2 * * *"}


@pytest.mark.parametrize("zone", CHANGES)
def test_replicas_that_die_between_the_writes_begin_each_instant_once(installed: Installation, zone: str) -> None:
    for name, cron in CRONS.items():
        spec = ScheduleSpec(name=name, does="report", kind="dated", params={}, when=When(cron=cron), timezone=zone)
        installed.service.add(spec)
    expected = []
    with ThreadPoolExecutor(REPLICAS) as replicas:
        for change in CHANGES[zone]:
            first, last = utc(change) - timedelta(hours=12), utc(change) + timedelta(hours=12)
            instants = [(name, at) for name, cron in CRONS.items() for at in due(cron, zone, first, last)]
            for name in CRONS:
                installed.set_next(name, min((at for one, at in instants if one == name), default=last))
            for at in sorted({at for _, at in instants}):
                installed.now = at + timedelta(seconds=3)
                installed.look_until_done(replicas, deadly=0.3)
            expected += instants
    begun = installed.rows(
        "SELECT s.name, r.as_of FROM report r, schedule s WHERE r.idempotency_key LIKE '%' || s.id || '%'"
    )
    told = installed.rows(
        "SELECT detail->>'name', (detail->>'due')::timestamptz FROM audit WHERE action = 'schedule.run'"
    )
    assert sorted(begun) == sorted(told) == sorted(expected)
    assert installed.rows("SELECT count(*) FROM audit WHERE (detail->>'skipped')::int > 0") == [(0,)]
    assert installed.deaths > 0
