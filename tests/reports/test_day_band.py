"""The day band of one store: days and hours as its clock shows them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.charts.style import Chart
from app.commands.explained_text import lines
from app.errors import InvalidParameters
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import drilldown
from app.storage.resources import Resources
from tests.charts.drawings import rows_with, words
from tests.conftest import LoadText
from tests.kinds import source_of

HEADER = "store_id,status,timestamp_utc\n"


def band(resources: Resources, day: date | None = None, **params: Any) -> Chart:
    asked = UptimeParams.model_validate({"accounting": "exact", "max_gap_minutes": 120, **params})
    return drilldown.chart(source_of(resources), resources.settings, asked, "shop", day)


def bars(chart: Chart) -> list[tuple[str, str, str, str, str]]:
    found = rows_with(chart, "since", "state")
    return sorted((row["day"], row["since"], row["until"], row["state"], row["why"]) for row in found)


def test_a_day_shows_when_the_store_is_open_and_what_its_time_counts_as(
    load_text: LoadText, resources: Resources
) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,America/New_York\n")
    load_text("hours", "store_id,dayOfWeek,start_time_local,end_time_local\nshop,2,09:00,17:00\n")
    load_text("polls", HEADER + "shop,active,2023-01-25 14:30:00 UTC\nshop,inactive,2023-01-25 15:45:00 UTC\n")
    chart = band(resources, date(2023, 1, 25), as_of=datetime(2023, 1, 25, 20, tzinfo=UTC))
    assert bars(chart) == [
        ("Wed 25 Jan", "00:00", "09:00", "closed", "closed"),
        ("Wed 25 Jan", "09:00", "09:30", "unknown", "no poll before it"),
        ("Wed 25 Jan", "09:30", "10:45", "up", "its polls say so"),
        ("Wed 25 Jan", "10:45", "12:45", "down", "its polls say so"),
        ("Wed 25 Jan", "12:45", "15:00", "unknown", "no poll for too long"),
    ]
    assert [row["clock"] for row in rows_with(chart, "clock")] == ["09:30:00", "10:45:00"]
    # 75 minutes up, 120 down, rounded down
    assert {"Store shop", "America/New_York, exact accounting", "38.46 %"} <= set(words(chart))


@pytest.mark.parametrize(
    ("as_of", "day", "name", "hours"),
    [
        (
            datetime(2023, 3, 13, 12, tzinfo=UTC),
            date(2023, 3, 12),
            "Sun 12 Mar (23 h)",
            [("00:00", "02:00"), ("03:00", "24:00")],
        ),
        (
            datetime(2023, 11, 6, 12, tzinfo=UTC),
            date(2023, 11, 5),
            "Sun 5 Nov (25 h)",
            [("00:00", "02:00"), ("01:00", "24:00")],
        ),
    ],
)
def test_a_day_of_a_clock_change_is_drawn_as_its_clock_shows_it(
    load_text: LoadText, resources: Resources, as_of: str, day: date, name: str, hours: list[tuple[str, str]]
) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,America/New_York\n")
    chart = band(resources, day, as_of=as_of)
    assert [bar[:3] for bar in bars(chart)] == [(name, *one) for one in hours]


def test_all_days_of_the_report_are_drawn_and_others_refused(load_text: LoadText, resources: Resources) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,America/New_York\n")
    as_of = datetime(2023, 1, 25, 20, tzinfo=UTC)
    days = [row["day"] for row in rows_with(band(resources, as_of=as_of), "day")]
    expected = ["Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22", "Mon 23", "Tue 24", "Wed 25"]
    assert list(dict.fromkeys(days)) == [f"{day} Jan" for day in expected]
    with pytest.raises(InvalidParameters, match="a date from 2023-01-18 to 2023-01-25"):
        band(resources, date(2023, 1, 26), as_of=as_of)


def moved_west(load_text: LoadText) -> None:
    """To Los Angeles on 25 January: at 05:00 UTC, when it is 00:00 in New York, its clock is set to 21:00."""
    load_text(
        "timezones",
        "store_id,timezone_str,valid_from\nshop,America/New_York,\nshop,America/Los_Angeles,2023-01-25\n",
    )
    week = "".join(f"shop,{day},09:00,17:00\n" for day in range(7))
    load_text("hours", "store_id,dayOfWeek,start_time_local,end_time_local\n" + week)
    load_text("polls", HEADER + "shop,active,2023-01-24 15:00:00 UTC\nshop,inactive,2023-01-25 18:30:00 UTC\n")


MOVED = {"as_of": datetime(2023, 1, 26, 8, tzinfo=UTC), "max_gap_minutes": 10_000}


def test_the_days_of_a_store_that_moved_are_on_the_clock_of_each_day(load_text: LoadText, resources: Resources) -> None:
    moved_west(load_text)
    chart = band(resources, **MOVED)
    polled = "its polls say so"
    assert [bar for bar in bars(chart) if bar[0] in {"Tue 24 Jan (27 h)", "Wed 25 Jan"}] == [
        ("Tue 24 Jan (27 h)", "00:00", "09:00", "closed", "closed"),
        ("Tue 24 Jan (27 h)", "09:00", "10:00", "unknown", "no poll before it"),
        ("Tue 24 Jan (27 h)", "10:00", "17:00", "up", polled),
        ("Tue 24 Jan (27 h)", "17:00", "24:00", "closed", "closed"),
        ("Tue 24 Jan (27 h)", "21:00", "24:00", "closed", "closed"),
        ("Wed 25 Jan", "00:00", "09:00", "closed", "closed"),
        ("Wed 25 Jan", "09:00", "10:30", "up", polled),
        ("Wed 25 Jan", "10:30", "17:00", "down", polled),
        ("Wed 25 Jan", "17:00", "24:00", "closed", "closed"),
    ]
    assert [row["clock"] for row in rows_with(chart, "clock")] == ["10:00:00", "10:30:00"]
    assert "America/New_York, then America/Los_Angeles, exact accounting" in words(chart)
    assert {bar[0] for bar in bars(band(resources, date(2023, 1, 25), **MOVED))} == {"Wed 25 Jan"}


def test_a_store_that_moved_is_explained_on_the_clock_of_each_instant(
    load_text: LoadText, resources: Resources
) -> None:
    moved_west(load_text)
    asked = UptimeParams.model_validate({"accounting": "exact", **MOVED})
    said = drilldown.explain(source_of(resources), resources.settings, asked, "shop").model_dump(mode="json")
    assert said["timezone"] == "America/Los_Angeles"
    assert said["timezones"] == [
        {"timezone": "America/New_York", "starts": "2023-01-19T03:00:00-05:00"},
        {"timezone": "America/Los_Angeles", "starts": "2023-01-24T21:00:00-08:00"},
    ]
    assert [(one["opens"], one["closes"]) for one in said["windows"][-2:]] == [
        ("2023-01-24T09:00:00-05:00", "2023-01-24T17:00:00-05:00"),
        ("2023-01-25T09:00:00-08:00", "2023-01-25T17:00:00-08:00"),
    ]
    told = list(lines(said))
    assert told[1:3] == [
        "19 Jan 2023 03:00:00 to 26 Jan 2023 00:00:00, America/New_York",
        "from 24 Jan 2023 21:00:00 on America/Los_Angeles",
    ]
    assert told[told.index("  Tue 24 Jan 2023") :][:6] == [
        "  Tue 24 Jan 2023",
        "    09:00:00-10:00:00  unknown  no poll has been seen before",
        "    10:00:00-17:00:00  up       poll at 10:00:00, then a poll",
        "  Wed 25 Jan 2023",
        "    09:00:00-10:30:00  up       poll at 24 Jan 10:00, then a poll",
        "    10:30:00-17:00:00  down     poll at 10:30:00, until the end",
    ]
