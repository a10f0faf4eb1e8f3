"""Instants and dates of every format: what they are, and why a text is none."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mapping.dates import Dates, in_zone
from app.mapping.unmappable import Unmappable
from tests.engine import micros
from tests.strategies import examples


@pytest.mark.parametrize(
    ("form", "zone", "text", "instant"),
    [
        ("iso", None, "2025-01-02 03:04:05.123456 +0000 UTC", "2025-01-02T03:04:05.123456+00:00"),
        ("iso", None, "2025-01-02T03:04:05.123456789Z", "2025-01-02T03:04:05.123456+00:00"),
        ("iso", None, "20250102T030405Z", "2025-01-02T03:04:05+00:00"),
        ("iso", None, "2025-01-02 03:04:05+00", "2025-01-02T03:04:05+00:00"),
        ("iso", None, "2025-01-02t03:04:05z", "2025-01-02T03:04:05+00:00"),
        ("iso", None, "2025-01-02T03:04:05\u221205:00", "2025-01-02T08:04:05+00:00"),
        ("iso", None, "2025-01-02 03:04:05 GMT", "2025-01-02T03:04:05+00:00"),
        ("iso", "Europe/Berlin", "2025-01-02", "2025-01-01T23:00:00+00:00"),
        ("iso", "Europe/Berlin", "2025-01-02T03:04Z", "2025-01-02T03:04:00+00:00"),
        ("iso", "Europe/Berlin", "2025-10-26 02:30:00", "2025-10-26T00:30:00+00:00"),
        ("dmy", "UTC", "21.01.2017 21:11:39,035", "2017-01-21T21:11:39.035+00:00"),
        ("mdy", "America/New_York", "1/2/2025 1:00:00 PM", "2025-01-02T18:00:00+00:00"),
        ("mdy", "UTC", "12/31/24 12:05 am", "2024-12-31T00:05:00+00:00"),
        ("rfc2822", None, "Thu, 02 Jan 2025 03:04:05 -0500", "2025-01-02T08:04:05+00:00"),
        ("ctime", None, "Thu Jan 2 03:04:05 2025 -0330", "2025-01-02T06:34:05+00:00"),
        ("ctime", "UTC", "Jan  2 03:04:05 2025", "2025-01-02T03:04:05+00:00"),
        ("epoch_s", None, "1544306817 -0330", "2018-12-08T22:06:57+00:00"),
        ("epoch_us", None, "1544306817000001", "2018-12-08T22:06:57.000001+00:00"),
        ("epoch_s", None, "1544306817.5", "2018-12-08T22:06:57.500+00:00"),
        ("epoch_ms", None, "1527854856121", "2018-06-01T12:07:36.121+00:00"),
        ("epoch_us", None, "1527854856121000", "2018-06-01T12:07:36.121+00:00"),
        ("epoch_ns", None, "1527854856121000999", "2018-06-01T12:07:36.121+00:00"),
        ("MMM D, YYYY [at] h:mmA Z", None, "Mar 10, 2024 at 1:59am UTC", "2024-03-10T01:59:00+00:00"),
        ("DD MMM YY, H:mm", "UTC", "02 March 25, 3:04", "2025-03-02T03:04:00+00:00"),
        ("YYYY-MM-DD HH:mm:ss [EST]", "America/New_York", "2025-01-02 03:04:05 EST", "2025-01-02T08:04:05+00:00"),
    ],
)
def test_a_text_is_the_same_instant_alone_and_in_a_block(form: str, zone: str | None, text: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant)
    dates = Dates(form, zone)
    assert datetime.fromisoformat(dates.instant(text)) == expected
    block = dates.instants(pa.array([text, text]))
    assert block is not None
    assert block.tolist() == [micros(expected)] * 2


@pytest.mark.parametrize(
    ("form", "zone", "text", "reason"),
    [
        ("iso", "Europe/Berlin", "2025-03-30 02:30:00", "is a time that the clocks of Europe/Berlin skip on that day"),
        ("iso", None, "2025-01-02 03:04:05 EST", "EST is an abbreviation that several places use"),
        ("iso", None, "2016-12-31T23:59:60Z", "it is a leap second"),
        ("iso", None, "2025-01-02T24:00:00Z", "a day ends at 23:59:59"),
        ("iso", None, "2025-02-30", "that month has 28 days"),
        ("iso", None, "0001-01-01T00:00:00Z", "is not a time that exists"),
        ("dmy", "UTC", "01.02.0024", "is not a time that exists"),
        ("dmy", "UTC", "01/13/2025", "is not a time that exists"),
        ("mdy", "UTC", "1/2/2025 13:00 PM", "is not a time that exists"),
        ("dmy", "UTC", "2025-01-02", "is not of the form dmy, such as 31.12.2024 09:30"),
    ],
)
def test_a_text_that_is_no_instant_is_told_why(form: str, zone: str | None, text: str, reason: str) -> None:
    assert Dates(form, zone).instants(pa.array([text])) is None
    with pytest.raises(Unmappable) as caught:
        Dates(form, zone).instant(text)
    assert reason in str(caught.value)


def test_a_text_without_zone_stays_without() -> None:
    assert Dates("iso").instant("2025-01-02 03:04:05") == "2025-01-02T03:04:05"
    assert Dates("iso").instants(pa.array(["2025-01-02 03:04:05"])) is None
    assert Dates("dmy", "Europe/Berlin").date("2.1.2025 23:30") == "2025-01-02"


@settings(max_examples=examples(100))
@given(
    local=st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - local times
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia"]
    ),
)
def test_a_local_time_is_the_first_instant_at_which_clocks_show_it(local: datetime, zone: str) -> None:
    """Both readings of zoneinfo are asked; a time that no clock shows comes back as another one."""
    readings = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = sorted(at for at in readings if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local)
    at, exists = in_zone(np.array([micros(local.replace(tzinfo=UTC))]), zone)
    assert bool(exists[0]) == bool(shown)
    if shown:
        assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at[0])) == shown[0]
