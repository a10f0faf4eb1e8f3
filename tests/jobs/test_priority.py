"""Processes of jobs give way to the process that answers HTTP, also where Linux looks at sessions before niceness."""

import os
from pathlib import Path

import psutil
import pytest

from app.jobs.apart import Apart
from app.jobs.priority import NICENESS
from app.reports.service import ReportService
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import working
from tests.jobs.test_apart import ROOM
from tests.kinds import KINDS

#: Whether Linux shares its processors between sessions.
SWITCH = Path("/proc/sys/kernel/sched_autogroup_enabled")
GROUPS = SWITCH.exists() and SWITCH.read_text(encoding="ascii").strip() == "1"


def standing() -> tuple[int, int, str]:
    """The niceness of this process, its session, and what Linux tells of the session."""
    told = Path("/proc/self/autogroup")
    return os.nice(0), os.getsid(0), told.read_text(encoding="ascii") if told.exists() else ""


def test_a_job_has_a_lower_priority_and_a_session_of_its_own(resources: Resources, tmp_path: Path) -> None:
    with working(resources, slots=1, kinds=KINDS):
        ReportService(resources, KINDS).trigger("hang", {"folder": str(tmp_path)})
        pid = int(wait_until(lambda: [path.name for path in tmp_path.iterdir()])[0])
        assert psutil.Process(pid).nice() == min(os.nice(0) + NICENESS, 19)
        assert os.getsid(pid) == pid


def test_a_function_apart_has_too_and_this_process_keeps_its_own() -> None:
    before = standing()
    niceness, session, group = Apart(KINDS).call(standing, **ROOM)
    assert niceness == min(before[0] + NICENESS, 19)
    assert session != before[1]
    if GROUPS:
        assert group != before[2]
    assert standing() == before


@pytest.mark.skipif(
    not GROUPS or os.geteuid() != 0,
    reason="Linux does not group by session, or lets others than root ask only now and then",
)
def test_the_session_has_a_lower_priority_too() -> None:
    _, _, group = Apart(KINDS).call(standing, **ROOM)
    assert group.endswith(f"nice {NICENESS}\n")
