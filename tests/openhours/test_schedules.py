"""Schedules from Python."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import openhours
from app.storage.resources import Resources
from app.web.server import serving


@pytest.fixture
def client(resources: Resources) -> Iterator[openhours.Client]:
    with serving(resources, slots=0) as address, openhours.Client(address) as client:
        yield client


def test_a_schedule_is_made_set_run_and_removed(client: openhours.Client) -> None:
    since = {"since": datetime(2026, 1, 1, tzinfo=UTC), "charts": False}
    made = client.add_schedule("daily", "pull_requests", since, every="day", at="06:00")
    assert made["params"] == {"since": "2026-01-01T00:00:00+00:00", "charts": False}
    assert client.preview_schedule(every="day", at="06:00")["next"] == made["next"]
    assert client.set_schedule("daily", "pull_requests", cron="0 7 * * *", timezone="Asia/Tokyo")["cron"] == "0 7 * * *"
    assert client.pause_schedule("daily")["next"] == []
    assert [one["name"] for one in client.schedules(state="paused")] == ["daily"]
    assert client.schedules(state="active") == []
    assert len(client.resume_schedule("daily")["next"]) == 3
    assert client.poll(client.run_schedule("daily"))["status"] == "Running"
    client.remove_schedule("daily")
    with pytest.raises(openhours.Problem, match="There is no schedule 'daily'"):
        client.schedule("daily")
