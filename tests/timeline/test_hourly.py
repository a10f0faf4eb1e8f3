"""The hourly series against the plain reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import HOUR
from app.timeline.calendar import Calendar
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes
from tests.engine import case_horizon, case_stores, case_votes, micros
from tests.reference import uptime as reference
from tests.strategies import UptimeCase, uptime_case

NAMES = {ACTIVE: "active", INACTIVE: "inactive", UNKNOWN: "unknown"}


@given(case=uptime_case(), blocks=st.integers(1, 4))
def test_status_and_polls_of_every_hour_agree_with_the_reference(case: UptimeCase, blocks: int) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    votes = case_votes(case, stores, horizon, blocks=blocks)
    status = votes.status(slice(0, len(stores)))
    rows = reference.hourly_rows(
        case.polls, case.windows, case.zones, as_of=case.as_of, lookback_hours=case.lookback_hours
    )
    for row in rows:
        number, hour = stores.index(row.store_id), (micros(row.hour_utc) - horizon.first) // HOUR
        assert NAMES[int(status[number, hour])] == row.status
        assert votes.polls[number, hour] == row.polls


def test_a_calendar_that_does_not_begin_on_a_full_hour_is_refused() -> None:
    nothing = np.empty(0, np.int64)
    with pytest.raises(ValueError, match="full hour"):
        HourlyVotes(Calendar(nothing, nothing, entities=1, first=1, last=HOUR))
