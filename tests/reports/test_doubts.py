"""What an uptime report tells of stores that are probably not as they are meant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.storage.resources import Resources
from tests.conftest import TESTS, LoadText, load_file
from tests.kinds import context_of

POLLS = "store_id,status,timestamp_utc\n"
HOURS = "store_id,day,start_time_local,end_time_local\n"
ZONES = "store_id,timezone_str\n"

#: Wednesday noon.
NOON = datetime(2023, 1, 25, 12, tzinfo=UTC)

Warn = Callable[..., dict[str, tuple[int, list[str]]]]


@pytest.fixture(params=["hourly", "exact"])
def warned(request: pytest.FixtureRequest, resources: Resources, tmp_path: Path) -> Warn:
    """Count and examples by code of what a report as of NOON tells."""

    def make(**params: object) -> dict[str, tuple[int, list[str]]]:
        told: list[Any] = []
        given = {"as_of": NOON, "accounting": request.param, **params}
        with resources.engine.connect() as connection:
            resolved, _ = uptime.resolve(connection, UptimeParams.model_validate(given))
        uptime.produce(replace(context_of(resources, tmp_path), warn=told.append), resolved)
        assert all(set(one) == {"code", "message", "count", "examples"} for one in told)
        return {one["code"]: (one["count"], one["examples"]) for one in told}

    return make


def every(minutes: int, store: str, *, hours: int = 7 * 24, last: datetime = NOON) -> str:
    """Polls of a store that is up, so many hours before an instant."""
    stamps = (last - timedelta(minutes=at) for at in range(0, hours * 60, minutes))
    return "".join(f"{store},active,{at:%Y-%m-%d %H:%M:%S} UTC\n" for at in stamps)


def test_stores_that_are_as_they_are_meant_are_not_told_of(load_text: LoadText, warned: Warn) -> None:
    load_text("timezones", ZONES + "a,UTC\nb,Asia/Tokyo\n")
    load_text("hours", HOURS + "".join(f"{store},{day},00:00,24:00\n" for store in "ab" for day in range(7)))
    load_text("polls", POLLS + every(30, "a") + every(30, "b"))
    assert warned() == {}


def test_stores_without_polls_and_polls_without_hours_or_zone_are_named(load_text: LoadText, warned: Warn) -> None:
    load_text("timezones", ZONES + "a,UTC\nquiet,UTC\nc,America/Chicago\n")
    load_text("hours", HOURS + "".join(f"{store},{day},09:00,17:00\n" for store in "ab" for day in range(7)))
    load_text("polls", POLLS + every(30, "a") + every(30, "b") + every(30, "c"))
    assert warned() == {
        "stores_without_polls": (1, ["quiet"]),
        "default_zone": (1, ["b"]),
        "default_hours": (1, ["c"]),
    }


def test_a_log_without_any_hours_or_zones_falls_back_to_nothing(load_text: LoadText, warned: Warn) -> None:
    load_text("polls", POLLS + every(30, "a") + every(30, "b"))
    assert warned() == {}


def test_stores_whose_polls_are_all_outside_their_hours_are_named(load_text: LoadText, warned: Warn) -> None:
    load_text("timezones", ZONES + "a,UTC\nnight,UTC\n")
    load_text("hours", HOURS + "".join(f"a,{day},08:00,20:00\nnight,{day},09:00,10:00\n" for day in range(7)))
    at_night = "".join(every(10, "night", hours=3, last=NOON - timedelta(days=day, hours=8)) for day in range(7))
    load_text("polls", POLLS + every(30, "a") + at_night)
    assert warned()["polls_outside_hours"] == (1, ["night"])


def test_a_week_of_which_more_than_half_is_unknown_is_told(load_text: LoadText, warned: Warn) -> None:
    load_text("timezones", ZONES + "a,UTC\nb,UTC\n")
    load_text("polls", POLLS + every(30, "a") + every(30, "b", hours=24))
    assert "mostly_unknown" not in warned()  # 168 of 336 hours known of a, 24 of b
    load_text("timezones", ZONES + "c,UTC\n")
    assert warned()["mostly_unknown"] == (2, ["b", "c"])


@pytest.mark.parametrize("params", [{}, {"period": "2023-01"}])
def test_a_status_that_holds_since_before_the_lookback_is_told(
    request: pytest.FixtureRequest, load_text: LoadText, warned: Warn, params: dict[str, str]
) -> None:
    load_text("entities", "store_id,max_gap_minutes\nlate,0\nearly,0\nquiet,0\nother,60\n")
    changes = {"late": ("2022-12-01", "2023-01-22"), "early": ("2022-12-30", "2023-01-15"), "quiet": ("2022-12-01",)}
    changes |= {"other": ("2022-12-01", "2023-01-24")}
    lines = [f"{store},active,{day} 09:00:00 UTC\n" for store, days in changes.items() for day in days]
    load_text("polls", POLLS + "".join(lines))
    found = warned(**params)
    is_exact = request.node.callspec.params["warned"] == "exact"
    assert found.get("unknown_until_change") == ((2, ["late", "quiet"]) if is_exact else None)
    if is_exact and not params:
        assert "unknown_until_change" not in warned(lookback_hours=720, as_of=datetime(2023, 1, 6, 9, tzinfo=UTC))


def test_ids_that_a_spreadsheet_has_damaged_leave_their_stores_without_polls(
    resources: Resources, warned: Warn
) -> None:
    """A public case: its polls say 257000000000000.0, its hours and zones 2.57E+14."""
    folder = TESTS / "cases" / "uptime" / "sci-id"
    told = [
        [(one.code, one.count, one.examples) for one in load_file(resources, kind, folder / f"{kind}.csv").warnings]
        for kind in ("polls", "hours", "timezones")
    ]
    polled, other = ("257000000000000.0",), ("2.57E+14",)
    unpolled = [("damaged_keys", 1, other), ("keys_without_polls", 1, other)]
    assert told == [
        [("damaged_keys", 1, polled)],
        [*unpolled, ("default_hours", 1, polled)],
        [*unpolled, ("default_zone", 1, polled)],
    ]
    found = warned()
    assert found["stores_without_polls"] == (1, ["2.57E+14"])
    assert found["default_zone"] == found["default_hours"] == (1, ["257000000000000.0"])
