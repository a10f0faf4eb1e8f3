"""The day band of one store: days and hours as its clock shows them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.charts.style import Chart
from app.errors import InvalidParameters
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import drilldown
from app.storage.resources import Resources
from tests.charts.drawings import rows_with, words
from tests.conftest import LoadText

HEADER = "store_id,status,timestamp_utc\n"


def band(resources: Resources, day: date | None = None, **params: Any) -> Chart:
    asked = UptimeParams.model_validate({"accounting": "exact", "max_gap_minutes": 120, **params})
    return drilldown.chart(resources.engine, resources.settings, asked, "shop", day)


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
    assert {"Store shop", "America/New_York, exact accounting", "38.4 %"} <= set(words(chart))


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
