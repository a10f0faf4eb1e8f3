"""What is given up, and how a replica that is stuck is told."""

import pytest
from sqlalchemy import text

from app.errors import Unavailable
from app.jobs import lifecycle, records
from app.jobs.pulse import Pulse
from app.jobs.sweeper import sweep
from app.replica.replica import Replica
from app.storage.resources import Resources
from tests.jobs.claims import create
from tests.kinds import KINDS


def test_a_job_whose_attempts_are_used_up_fails(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        job_id = create(connection)
        connection.execute(text("UPDATE report SET attempt = 12, returned = 2"))
    sweep(resources)
    with resources.engine.connect() as connection:
        record = records.find(connection, job_id)
    assert record is not None
    assert record.error_code == "attempts_exhausted"
    assert lifecycle.MAX_ATTEMPTS == 10


def test_a_pulse_tells_which_loop_is_slowest() -> None:
    pulse = Pulse()
    assert pulse.slowest() == ("", 0)
    pulse.beat("sweep")
    pulse.beat("claim")
    assert pulse.slowest()[0] == "sweep"
    pulse.end("sweep")
    assert pulse.slowest()[0] == "claim"


def test_a_replica_whose_loop_is_stuck_is_not_alive(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    replica = Replica(resources, slots=1, kinds=KINDS)
    replica.start()
    try:
        replica.check_alive()
        with monkeypatch.context() as impatient:
            impatient.setattr("app.replica.replica.STALE_SECONDS", -1)
            with pytest.raises(Unavailable, match="loop of this replica has made no progress"):
                replica.check_alive()
    finally:
        replica.stop()
    replica.check_alive()  # loops that ended in order are not stuck
