"""Instants and dates of every format: what they are, and why a text is none."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mapping import languages
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
        ("iso", None, "2025-01-02 03:04:05 UTC+2", "2025-01-02T01:04:05+00:00"),
        ("iso", None, "2025-01-02 03:04:05 GMT-03:30", "2025-01-02T06:34:05+00:00"),
        ("dmy", None, "2.1.2025 03:04 UTC +0530", "2025-01-01T21:34:00+00:00"),
        ("ymd", "UTC", "2025/1/2 3:04:05", "2025-01-02T03:04:05+00:00"),
        ("epoch_s", None, "1544306817,5", "2018-12-08T22:06:57.500+00:00"),
        ("excel", "UTC", "45413.416666666664", "2024-05-01T10:00:00+00:00"),
        ("excel", "Europe/Berlin", "45413,5", "2024-05-01T10:00:00+00:00"),
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
    ("form", "text", "instant"),
    [
        ("iso", "2024-05-01 10:00:00 Europe/Berlin", "2024-05-01T08:00:00Z"),
        ("iso", "2024-05-01T10:00:00+02:00[Europe/Paris]", "2024-05-01T08:00:00Z"),
        ("mdy", "5/1/2024 10:00 America/New_York", "2024-05-01T14:00:00Z"),
        ("iso", "2024-05-01 10:00:00 Etc/GMT+2", "2024-05-01T12:00:00Z"),
        ("D. MMM YYYY H:mm", "1. Mai 2024 10:00", "2024-05-01T10:00:00Z"),
        ("D. MMM YYYY H:mm", "1. März 2024 10:00", "2024-03-01T10:00:00Z"),
        ("D MMM YYYY H:mm", "3 févr. 2024 10:00", "2024-02-03T10:00:00Z"),
        ("D MMM YYYY H:mm", "mardi 6 août 2024 10:00", "2024-08-06T10:00:00Z"),
        ("D MMM YYYY H:mm", "1 de mayo de 2024 10:00", "2024-05-01T10:00:00Z"),
        ("D-MMM-YYYY H:mm", "5-dic-2024 10:00", "2024-12-05T10:00:00Z"),
        ("MMM D, YYYY h:mm A", "Wednesday, May 1, 2024 10:00 AM", "2024-05-01T10:00:00Z"),
        ("MMM D YYYY H:mm", "mar 5 2024 10:00", "2024-03-05T10:00:00Z"),
    ],
)
def test_zones_and_months_are_read_by_their_names(form: str, text: str, instant: str) -> None:
    assert Dates(form, "UTC").instant(text).replace("+00:00", "Z").replace(".000000", "") == instant


def test_the_name_of_a_month_means_the_same_in_every_language() -> None:
    """Otherwise a date could be another one in another language."""
    numbers: dict[str, set[int]] = {}
    for language in ("en", "de", "fr", "es", "it", "nl", "pt"):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in Locale.parse(language).months[context].get(width, {}).items():
                    numbers.setdefault(name.lower().rstrip("."), set()).add(month)
    assert {name: found for name, found in numbers.items() if len(found) > 1} == {}


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
        ("iso", "UTC", "May  1 10:00:00", "it has no year"),
        ("iso", None, "2025-01-02 03:04:05 Mars/Olympus", "is not of the form iso"),
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


@pytest.mark.parametrize("text", ["2024-11-05T10:00:00Z", "31/12/2024 4", "yesterday", "a", ""])
def test_names_of_months_and_weekdays_are_not_learned_for_what_has_none(text: str) -> None:
    learned = languages.weekdays, languages._months
    for one in learned:
        one.cache_clear()
    assert languages.in_english(text) == text
    assert [one.cache_info().misses for one in learned] == [0, 0]


def test_no_name_in_a_date_has_one_letter() -> None:
    names = {name for language in languages._OF_DATES for name in languages.weekdays(language)}
    assert min(map(len, names | languages._months().keys())) >= 2
