"""Six replicas, some of which die between the two writes: each instant begins one report."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.schedules.forms import When
from app.schedules.service import ScheduleSpec
from tests.reference.schedules import due, utc
from tests.schedules.replicas import REPLICAS, Installation
from tests.schedules.test_timing import CHANGES
from tests.strategies import PROFILE

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
    assert _begun(installed) == _told(installed) == sorted(expected)
    assert installed.deaths > 0


@pytest.mark.skipif(PROFILE != "long", reason="takes minutes: make fuzz runs it")
@pytest.mark.timeout(3600)
def test_in_a_year_of_five_zones_each_instant_begins_once(installed: Installation) -> None:
    first, last = utc("2026-01-01T00:00"), utc("2027-01-01T00:00")
    expected = []
    for zone in CHANGES:
        for name, cron in CRONS.items():
            full = f"{name}-{zone.lower().replace('/', '.')}"
            spec = ScheduleSpec(name=full, does="report", kind="dated", params={}, when=When(cron=cron), timezone=zone)
            installed.service.add(spec)
            instants = due(cron, zone, first, last)
            installed.set_next(full, instants[0])
            expected += [(full, at) for at in instants]
    with ThreadPoolExecutor(REPLICAS) as replicas:
        for at in sorted({at for _, at in expected}):
            installed.now = at + timedelta(seconds=3)
            installed.look_until_done(replicas, deadly=0.1)
            installed.run("UPDATE report SET status = 'complete' WHERE status = 'queued'")
    assert _begun(installed) == _told(installed) == sorted(expected)
    assert installed.deaths > len(expected) / 20


def _begun(installed: Installation) -> list[tuple[Any, ...]]:
    """Schedule and instant of every report."""
    return sorted(
        installed.rows(
            "SELECT s.name, r.as_of FROM report r, schedule s WHERE s.id = split_part(r.idempotency_key, ':', 2)"
        )
    )


def _told(installed: Installation) -> list[tuple[Any, ...]]:
    """Schedule and instant of every run that the audit has; none has missed any."""
    assert installed.rows("SELECT count(*) FROM audit WHERE (detail->>'skipped')::int > 0") == [(0,)]
    return sorted(
        installed.rows("SELECT detail->>'name', (detail->>'due')::timestamptz FROM audit WHERE action = 'schedule.run'")
    )
