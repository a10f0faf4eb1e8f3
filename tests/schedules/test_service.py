"""Who may make schedules, and run them by hand."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest

from app.access.principal import Principal, acting_as
from app.access.scopes import Scope
from app.errors import NotAllowed, TooManyReports
from app.schedules.forms import When
from app.schedules.service import ScheduleSpec
from app.storage.resources import Resources
from tests.schedules.replicas import Installation, installation

SPEC = ScheduleSpec(name="daily", does="report", kind="dated", params={}, when=When(every="day", at="06:00"))


def limited(scopes: AbstractSet[Scope]) -> Principal:
    """Who comes with a key that may less than the role of its owner."""
    return Principal(name="robot", via="key", scopes=frozenset(scopes))


def test_nobody_makes_a_schedule_of_what_they_may_not_do_themselves(installed: Installation) -> None:
    with acting_as(limited({Scope.SCHEDULES_WRITE})), pytest.raises(NotAllowed, match="needs the scope reports:run"):
        installed.service.add(SPEC)
    with acting_as(limited({Scope.SCHEDULES_WRITE, Scope.REPORTS_RUN})):
        assert installed.service.add(SPEC).runs_as == "robot"
    with acting_as(limited({Scope.SCHEDULES_WRITE})), pytest.raises(NotAllowed, match="To run daily"):
        installed.service.run("daily")


def test_whoever_sets_it_anew_is_whom_it_acts_for(installed: Installation) -> None:
    installed.service.add(SPEC)
    with acting_as(limited({Scope.SCHEDULES_WRITE, Scope.REPORTS_RUN})):
        assert installed.service.replace("daily", SPEC).runs_as == "robot"
    assert installed.service.get("daily").created_by == "ada"


def test_nothing_is_run_by_hand_while_the_queue_is_full(resources: Resources, ada: Principal) -> None:
    with acting_as(ada), installation(resources, max_outstanding=1) as installed:
        installed.service.add(SPEC)
        installed.service.run("daily")
        with pytest.raises(TooManyReports):
            installed.service.run("daily")
        assert installed.rows("SELECT count(*) FROM report") == [(1,)]


def test_one_that_is_made_paused_is_due_once_it_is_resumed(installed: Installation) -> None:
    made = installed.service.add(replace(SPEC, enabled=False))
    assert (made.next_at, made.paused_reason) == (None, "Paused by ada.")
    resumed = installed.service.resume("daily")
    assert resumed.next_at is not None
    assert f"{resumed.next_at:%H:%M}" == "06:00"
