"""Local time to UTC against the plain reference, and the moments where clocks change."""

import struct
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline.zones import ZoneHistory, known_zones, name_at, offsets_at, to_utc
from tests.engine import array, micros
from tests.reference import uptime as reference
from tests.strategies import MOMENTS

ZONES = sorted(MOMENTS)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("America/New_York", "2023-03-12T02:30", "2023-03-12T07:00Z"),  # never happens: the end of the gap
        ("America/New_York", "2023-11-05T01:30", "2023-11-05T05:30Z"),  # happens twice: the first
        ("America/New_York", "2023-11-05T02:00", "2023-11-05T07:00Z"),  # only once, after both
        ("Europe/London", "2023-03-26T01:00", "2023-03-26T01:00Z"),
        ("Australia/Lord_Howe", "2023-10-01T02:15", "2023-09-30T15:30Z"),  # half an hour is skipped
        ("Asia/Kathmandu", "2023-01-01T00:00", "2022-12-31T18:15Z"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z"),  # the day was skipped
        ("Africa/Casablanca", "2023-03-19T02:30", "2023-03-19T01:30Z"),  # back for Ramadan: the first of two
    ],
)
def test_a_local_time_is_the_first_instant_whose_clock_shows_it_or_later(zone: str, local: str, utc: str) -> None:
    asked = array([micros(datetime.fromisoformat(local + "Z"))])
    assert to_utc(asked, zone).tolist() == [micros(datetime.fromisoformat(utc))]


@given(
    zone=st.sampled_from(ZONES),
    data=st.data(),
)
def test_local_times_around_every_change_agree_with_the_reference(zone: str, data: st.DataObject) -> None:
    moment = data.draw(st.sampled_from(MOMENTS[zone]))
    minutes = data.draw(st.lists(st.integers(-3 * 1440, 3 * 1440), min_size=1, max_size=20))
    locals_ = [moment.replace(tzinfo=None) + timedelta(minutes=minute) for minute in minutes]
    expected = [micros(reference.to_utc(local, ZoneInfo(zone))) for local in locals_]
    asked = array(micros(local.replace(tzinfo=UTC)) for local in locals_)
    assert to_utc(asked, zone).tolist() == expected


@given(zone=st.sampled_from(ZONES), data=st.data())
def test_offsets_around_every_change_are_those_of_the_zone(zone: str, data: st.DataObject) -> None:
    moment = data.draw(st.sampled_from(MOMENTS[zone]))
    seconds = data.draw(st.lists(st.integers(-3 * 86_400, 3 * 86_400), min_size=1, max_size=20))
    instants = [moment.astimezone(UTC) + timedelta(seconds=second) for second in seconds]
    expected = [instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in instants]
    found = offsets_at(array(map(micros, instants)), zone)
    assert [timedelta(microseconds=one) for one in found.tolist()] == expected


def test_whose_zone_changes_has_the_offset_and_the_name_of_each_in_turn() -> None:
    # On 2024-11-04 at midnight of the clock of before, which is 08:00 UTC.
    moved = ZoneHistory(("America/Los_Angeles", "Asia/Kathmandu"), (20_031,))
    instants = array([micros(datetime(2024, 11, 4, 7, 59, 59, tzinfo=UTC))])
    assert offsets_at(instants, moved).tolist() == [-8 * 3_600_000_000]
    instants = array([micros(datetime(2024, 11, 4, 8, tzinfo=UTC))])
    assert offsets_at(instants, moved).tolist() == [5.75 * 3_600_000_000]
    assert name_at(moved, micros(datetime(2024, 11, 3, 23, tzinfo=UTC))) == "America/Los_Angeles"
    assert name_at(moved, micros(datetime(2024, 11, 4, 12, tzinfo=UTC))) == "Asia/Kathmandu"
    assert name_at("Asia/Tokyo", 0) == "Asia/Tokyo"
    assert offsets_at(array([]), moved).shape == (0,)


def test_no_local_times_give_no_instants() -> None:
    assert to_utc(np.empty(0, np.int64), "Europe/London").shape == (0,)


def test_the_shape_of_the_local_times_is_kept() -> None:
    assert to_utc(np.zeros((2, 3), np.int64), "Asia/Tokyo").shape == (2, 3)


def test_zones_come_from_the_pinned_package_and_not_from_the_machine() -> None:
    assert "America/Chicago" in known_zones()
    assert "../../etc/passwd" not in known_zones()
    assert "posixrules" not in known_zones()


def offset_changes(zone: str) -> list[int]:
    """Seconds since the epoch at which a zone changes its offset, from its file (RFC 9636, version 2 data)."""
    content = files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()

    def counts(at: int) -> tuple[int, ...]:
        return struct.unpack_from(">6l", content, at + 20)

    utc, standard, leaps, times, types, letters = counts(0)
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    _, _, _, times, types, _ = counts(second)
    instants = struct.unpack_from(f">{times}q", content, second + 44)
    codes = struct.unpack_from(f">{times}B", content, second + 44 + 8 * times)
    offsets = [struct.unpack_from(">l", content, second + 44 + 9 * times + 6 * code)[0] for code in range(types)]
    steps = [(instant, offsets[code]) for instant, code in zip(instants, codes, strict=True)]
    return [at for (_, before), (at, after) in pairwise(steps) if before != after and at >= 0]


def test_no_zone_changes_its_offset_twice_within_a_day() -> None:
    closest = min(later - earlier for zone in known_zones() for earlier, later in pairwise(offset_changes(zone)))
    assert 86_400 < closest <= 601_200  # Boa Vista, 2000: summer time was called off after a week
