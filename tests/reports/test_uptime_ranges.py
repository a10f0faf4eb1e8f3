"""The uptime report on ranges: its rows through the database, its summary and manifest, what it refuses."""

import csv
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidParameters
from app.files.artifact import Artifact
from app.reports import range_params, store_ranges
from app.reports.kind import SUMMARY
from app.reports.kinds.uptime import UPTIME, UptimeParams
from app.reports.manifest import MANIFEST
from app.reports.registry import REPORT_KINDS
from app.reports.uptime import ranges
from app.reports.uptime_summary import Tally
from app.storage.resources import Resources
from tests.conftest import LoadText, api
from tests.kinds import context_of

HEADER = "store_id,status,timestamp_utc\n"

NOON = datetime(2024, 11, 5, 12, tzinfo=UTC)


def make(resources: Resources, folder: Path, **params: object) -> dict[str, Artifact]:
    with resources.engine.connect() as connection:
        resolved, _ = UPTIME.resolve(connection, UptimeParams.model_validate(params))
    made = REPORT_KINDS["uptime"].produce(context_of(resources, folder), resolved)
    return {artifact.path.name: artifact for artifact in made}


def rows_of(artifact: Artifact) -> list[dict[str, str]]:
    with artifact.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == artifact.rows
    return rows


@pytest.fixture
def two_shops(load_text: LoadText, resources: Resources) -> Resources:
    """One in New York, whose polls come hourly and say down from 14:00Z to 16:00Z on the 2nd; one nobody looks at."""
    load_text("timezones", "store_id,timezone_str\nnew york,America/New_York\nkathmandu,Asia/Kathmandu\n")
    polls = [
        f"new york,{'inactive' if (day, hour) in ((2, 14), (2, 15)) else 'active'},2024-11-{day:02}T{hour:02}:00:00Z\n"
        for day in range(1, 6)
        for hour in range(24)
        if (day, hour) < (5, 13)
    ]
    load_text("polls", HEADER + "".join(polls))
    return resources


def test_each_store_has_its_own_days_and_the_one_of_25_hours_is_one(two_shops: Resources, tmp_path: Path) -> None:
    files = make(
        two_shops, tmp_path, **{"from": "2024-11-02", "to": "2024-11-05"}, by="day", accounting="exact", as_of=NOON,
        max_gap_minutes=60,
    )  # fmt: skip
    assert list(files) == ["uptime.csv", "outages.csv", SUMMARY, MANIFEST]
    rows = rows_of(files["uptime.csv"])
    told = [(row["store_id"], row["period"], row["period_start"], row["open_hours"]) for row in rows]
    assert told == [
        ("kathmandu", "2024-11-02", "2024-11-01T18:15:00Z", "24.000000"),
        ("kathmandu", "2024-11-03", "2024-11-02T18:15:00Z", "24.000000"),
        ("kathmandu", "2024-11-04", "2024-11-03T18:15:00Z", "24.000000"),
        ("new york", "2024-11-02", "2024-11-02T04:00:00Z", "24.000000"),
        ("new york", "2024-11-03", "2024-11-03T04:00:00Z", "25.000000"),  # the clocks go back
        ("new york", "2024-11-04", "2024-11-04T05:00:00Z", "24.000000"),
    ]
    assert rows[3] == {
        "store_id": "new york",
        "period": "2024-11-02",
        "period_start": "2024-11-02T04:00:00Z",
        "period_end": "2024-11-03T04:00:00Z",
        "complete": "true",
        "open_hours": "24.000000",
        "uptime_hours": "22.000000",
        "downtime_hours": "2.000000",
        "unknown_hours": "0.000000",
        "availability_percent": "91.6667",
        "availability_low_percent": "91.6667",
        "availability_high_percent": "91.6667",
        "coverage_percent": "100.0000",
        "outages": "1",
        "longest_outage_minutes": "120.00",
        "mttr_minutes": "120.00",
        "polls": "24",
        "max_gap_minutes": "60.00",
    }
    unseen = rows[0]
    percents = [unseen[name] for name in unseen if name.endswith("_percent")]
    assert percents == ["", "0.0000", "100.0000", "0.0000"]
    assert (unseen["outages"], unseen["longest_outage_minutes"], unseen["mttr_minutes"]) == ("0", "", "")


def test_a_month_that_is_running_ends_at_as_of_and_says_so(two_shops: Resources, tmp_path: Path) -> None:
    files = make(two_shops, tmp_path, period="2024-11", zone="UTC", as_of=NOON, stores=["new york"])
    (row,) = rows_of(files["uptime.csv"])
    assert (row["period"], row["period_end"], row["complete"]) == ("total", "2024-11-05T12:00:00Z", "false")
    assert (row["open_hours"], row["downtime_hours"], row["carried_hours"]) == ("108.000000", "2.000000", "0.000000")


@pytest.mark.parametrize("accounting", ["hourly", "exact"])
def test_ranges_of_stores_make_the_same_files_as_all_at_once(
    two_shops: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accounting: str
) -> None:
    asked: dict[str, Any] = {"period": "2024-W44", "by": "hour", "as_of": NOON, "accounting": accounting}
    asked["as_known_at"] = datetime.now(UTC)  # the same for both
    whole = {name: file.path.read_bytes() for name, file in make(two_shops, tmp_path, **asked).items()}
    monkeypatch.setattr(ranges, "CELLS", 1)
    parts = make(two_shops, tmp_path, **asked)
    assert {name: file.path.read_bytes() for name, file in parts.items()} == whole


def test_the_summary_tells_who_misses_the_target_and_what_is_left_of_their_budgets(
    two_shops: Resources, tmp_path: Path
) -> None:
    asked = {"from": "2024-11-02", "to": "2024-11-03", "zone": "America/New_York", "by": "hour", "target_percent": 95}
    files = make(two_shops, tmp_path, **asked, as_of=NOON, accounting="exact", max_gap_minutes=60)
    found = json.loads(files[SUMMARY].path.read_text())
    # 2 of New York's 24 hours are down; of Kathmandu's nothing is known. 5 percent of 24 hours are 1.2.
    assert (found["stores"], found["stores_below_target"]) == (2, 1)
    assert found["totals"] | {"open_hours": 48.0, "uptime_hours": 22.0, "unknown_hours": 24.0} == found["totals"]
    assert (found["totals"]["availability_percent"], found["totals"]["availability_low_percent"]) == (91.6667, 45.8333)
    assert [(worst["store_id"], worst["downtime_hours"]) for worst in found["worst"]] == [("new york", 2.0)]
    assert found["error_budgets"] == [
        {"store_id": "new york", "allowed_hours": 1.2, "used_hours": 2.0, "left_hours": -0.8},
        {"store_id": "kathmandu", "allowed_hours": 1.2, "used_hours": 0.0, "left_hours": 1.2},
    ]
    assert len(found["periods"]) == 24
    assert found["periods"]["2024-11-02T10"]["downtime_hours"] == 1.0


def test_the_summary_has_no_period_that_no_store_has(two_shops: Resources, tmp_path: Path) -> None:
    # In UTC, New York's two hours are 10 and 11 o'clock, Kathmandu's 19:45 to 21:45; nobody has 12 to 18 o'clock.
    asked = {"from": "2024-11-01T14:00:00Z", "to": "2024-11-01T16:00:00Z", "by": "hour", "compare_to": "previous"}
    files = make(two_shops, tmp_path, **asked, as_of=NOON)
    found = json.loads(files[SUMMARY].path.read_text())
    hours = [f"2024-11-01T{hour}" for hour in (10, 11, 19, 20, 21)]
    assert sorted({row["period"] for row in rows_of(files["uptime.csv"])}) == hours
    assert list(found["periods"]) == list(found["comparison"]) == hours


def test_the_summary_of_windows_is_that_of_the_week(two_shops: Resources, tmp_path: Path) -> None:
    found = json.loads(make(two_shops, tmp_path, as_of=NOON)[SUMMARY].path.read_text())
    assert list(found["periods"]) == ["last_hour", "last_day", "last_week"]
    assert found["periods"]["last_week"] == found["totals"]
    assert found["totals"]["open_hours"] == 2 * 168.0
    assert found["totals"]["downtime_hours"] == 2.0
    assert found["target_percent"] is found["error_budgets"] is None


def test_the_manifest_says_what_was_read_and_what_the_files_hash_to(two_shops: Resources, tmp_path: Path) -> None:
    files = make(two_shops, tmp_path, period="2024-11-02", zone="UTC", as_of=NOON, lookback_hours=1)
    written = json.loads(files[MANIFEST].path.read_text())
    assert written["kind"] == "uptime"
    assert written["params"]["period"] == "2024-11-02"
    assert written["params"]["as_of"] == "2024-11-05T12:00:00Z"
    # From 23:00Z on the 1st to 00:00Z on the 3rd, both included.
    assert written["read"] == {"rows": 26, "latest": "2024-11-03T00:00:00Z"}
    assert [one["name"] for one in written["files"]] == ["uptime.csv", SUMMARY]
    for one in written["files"]:
        content = files[one["name"]].path.read_bytes()
        assert (one["bytes"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_report_reads_one_snapshot_while_others_load(
    two_shops: Resources, load_text: LoadText, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"period": "2024-11", "by": "day", "as_of": NOON, "accounting": "exact"}
    monkeypatch.setattr(ranges, "CELLS", 1)  # one store after the other
    before = make(two_shops, tmp_path, **asked)["uptime.csv"].path.read_bytes()
    original = store_ranges.read_entities
    loaded = []

    def load_in_between(*given: Any, **options: Any) -> Any:
        found = original(*given, **options)
        if not loaded:
            loaded.append(True)
            with ThreadPoolExecutor(1) as other:
                for kind, content in (
                    ("polls", HEADER + "kathmandu,inactive,2024-11-03T00:00:00Z\nnew,active,2024-11-03T00:00:00Z\n"),
                    ("hours", "store_id,day,start_time_local,end_time_local\nkathmandu,0,09:00,12:00\n"),
                    ("timezones", "store_id,timezone_str\nnew york,UTC\nkathmandu,UTC\n"),
                ):
                    other.submit(load_text, kind, content).result()
        return found

    monkeypatch.setattr(store_ranges, "read_entities", load_in_between)
    assert make(two_shops, tmp_path, **asked)["uptime.csv"].path.read_bytes() == before
    assert make(two_shops, tmp_path, **asked)["uptime.csv"].path.read_bytes() != before


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"from": "2024-11-03", "to": "2024-11-01"}, ["to", "2024-11-01", "must be later than from"]),
        (
            {"from": "2024-11-01", "to": "2024-11-01T02:00Z", "zone": "America/New_York"},  # from is 04:00Z
            ["to", "2024-11-01T02:00", "must be later than from"],
        ),
        ({"from": "2024-11-05", "zone": "Pacific/Honolulu", "as_of": "2024-11-05T09:00Z"}, ["from", "begins after"]),
        ({"from": "2024-11-03T12:00Z", "to": "2024-11-02"}, ["to", "must be later than from"]),  # in every zone
        ({"period": "1970", "compare_to": "previous"}, ["compare_to", "previous", "1970-01-01"]),
        ({"from": "2024-12-01"}, ["from", "2024-12-01", "begins after as_of, 2024-11-05T12:00:00Z"]),
        ({"period": "november"}, ["period", "is not a period", "last_month", "2024-W45"]),
        ({"period": "last_moth"}, ["did you mean 'last_month'"]),
        ({"period": "2024-13"}, ["'2024-13' is not in the calendar"]),
        ({"from": "2014-11-01", "by": "hour"}, ["by", "87,780 periods", "10,000", "choose by=day"]),
        ({"period": "2024", "zone": "Europe/Berlín"}, ["zone", "did you mean", "Europe/Berlin"]),
    ],
)
def test_what_is_no_range_is_refused_with_what_to_write_instead(
    two_shops: Resources, params: dict[str, Any], said: Sequence[str]
) -> None:
    with two_shops.engine.connect() as connection, pytest.raises(InvalidParameters) as caught:
        UPTIME.resolve(connection, UptimeParams.model_validate({"as_of": NOON, **params}))
    for one in said:
        assert one in caught.value.message


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"to": "2024-11-01"}, "to needs from"),
        ({"compare_to": "previous"}, "compare_to needs a range"),
        ({"by": "day"}, "by needs a range"),
        ({"period": "2024", "from": "2024-11-01"}, "period cannot be combined with from and to"),
        ({"from": "2024-W45-1"}, "neither a date such as 2024-11-01 nor an instant"),
        ({"from": "20241101"}, "neither a date such as 2024-11-01 nor an instant"),
        ({"from": "1 Nov"}, "neither a date such as 2024-11-01 nor an instant"),
        ({"period": "2024", "hourly": True}, "hourly cannot be combined with a range"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(
    two_shops: Resources, params: dict[str, Any], said: str
) -> None:
    with api(two_shops, slots=0) as client:
        answer = client.post("/trigger_report", json={"params": params})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_table_with_too_many_rows_is_refused(two_shops: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(range_params, "MOST_ROWS", 60)
    with two_shops.engine.connect() as connection, pytest.raises(InvalidParameters, match="by=week"):
        UPTIME.resolve(connection, UptimeParams.model_validate({"as_of": NOON, "period": "2024-10", "by": "day"}))


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ({"from": "2024-11-01T00:00Z", "to": "2024-11-01", "zone": "America/New_York"}, 4),  # midnight is 04:00Z
        ({"from": "2024-11-01", "to": "2024-11-01T06:30Z", "zone": "America/New_York"}, 2.5),
        ({"from": "2024-11-01T00:00Z", "to": "2024-11-01"}, 4),  # of New York; Kathmandu's midnight was before
    ],
)
def test_a_date_and_an_instant_make_a_range(
    two_shops: Resources, tmp_path: Path, asked: dict[str, Any], hours: float
) -> None:
    files = make(two_shops, tmp_path, **asked, as_of=NOON)
    rows = {row["store_id"]: float(row["open_hours"]) for row in rows_of(files["uptime.csv"])}
    assert rows["new york"] == hours
    assert ("kathmandu" in rows) == ("zone" in asked)


@pytest.mark.parametrize(
    ("word", "zone", "period"),
    [
        ("yesterday", "Pacific/Kiritimati", "2024-11-05"),  # where it is the 6th, at 02:00
        ("yesterday", "Pacific/Honolulu", "2024-11-04"),  # where it is the 5th, at 02:00
        ("yesterday", None, "2024-11-04"),
    ],
)
def test_words_go_by_the_date_in_the_zone(two_shops: Resources, word: str, zone: str | None, period: str) -> None:
    with two_shops.engine.connect() as connection:
        resolved, _ = UPTIME.resolve(connection, UptimeParams(as_of=NOON, period=word, zone=zone))
    assert resolved.period == period


def test_an_availability_just_below_the_target_is_below() -> None:
    tally = Tally(99.99)
    hour = np.array([[3_600_000_000]])
    # A microsecond less than 99.99 percent of an hour, exactly that, and a store of which nothing is known.
    down = np.array([[360_001], [360_000], [0]])
    up = hour - down
    up[2] = 0
    tally.add(["below", "at it", "unknown"], ["total"], [up, down, np.zeros((3, 1), np.int64)])
    assert tally.below == 1
    years = Tally(50)
    century = 36_525 * 24 * 3_600_000_000 // 2
    ups = np.array([[century - 1], [century]])
    years.add(["below", "at it"], ["total"], [ups, 2 * century - ups, np.zeros((2, 1), np.int64)])
    assert years.below == 1


def test_words_are_resolved_when_a_report_is_triggered(two_shops: Resources) -> None:
    with two_shops.engine.connect() as connection:
        resolved, _ = UPTIME.resolve(connection, UptimeParams(as_of=NOON, period="last_month"))
        stored = resolved.model_dump(mode="json")
        again = UptimeParams.model_validate(stored)
    assert (stored["period"], stored["by"], stored["zone"]) == ("2024-10", "total", "entity")
    assert replace(range_params.range_of(again, NOON)) == range_params.range_of(resolved, NOON)


ENTITIES = "store_id,name,group\nnew york,=Main Street,Shops\nkathmandu,Durbar Square,Shops\nlima,,Others\n"


@pytest.mark.parametrize("cells", [8_000_000, 1])
def test_groups_have_the_sums_of_their_stores(
    two_shops: Resources, load_text: LoadText, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr(ranges, "CELLS", cells)  # all at once, and one store after the other
    lima = "".join(f"lima,{'inactive' if hour == 3 else 'active'},2024-11-02T{hour:02}:30:00Z\n" for hour in range(24))
    load_text("polls", HEADER + lima + "lone,active,2024-11-02T00:00:00Z\nkathmandu,inactive,2024-11-02T15:00:00Z\n")
    load_text("entities", ENTITIES)
    asked: dict[str, Any] = {"period": "2024-11-02", "zone": "UTC", "by": "day", "as_of": NOON}
    files = make(two_shops, tmp_path, **asked, accounting="exact", max_gap_minutes=60)
    assert list(files) == ["uptime.csv", "groups.csv", "outages.csv", SUMMARY, MANIFEST]
    rows = {row["store_id"]: (row["name"], row["group"]) for row in rows_of(files["uptime.csv"])}
    assert rows == {
        "kathmandu": ("Durbar Square", "Shops"),
        "lima": ("", "Others"),
        "lone": ("", ""),
        "new york": ("'=Main Street", "Shops"),
    }
    others, shops = rows_of(files["groups.csv"])
    # New York: 22 h up and one outage of 2 h; Kathmandu: one of 1 h, as its only poll holds 60 minutes, 23 h unknown.
    assert shops == {
        "group": "Shops",
        "period": "2024-11-02",
        "period_start": "2024-11-02T00:00:00Z",
        "period_end": "2024-11-03T00:00:00Z",
        "complete": "true",
        "stores": "2",
        "open_hours": "48.000000",
        "uptime_hours": "22.000000",
        "downtime_hours": "3.000000",
        "unknown_hours": "23.000000",
        "availability_percent": "88.0000",
        "availability_low_percent": "45.8333",
        "availability_high_percent": "93.7500",
        "coverage_percent": "52.0833",
        "outages": "2",
        "longest_outage_minutes": "120.00",
        "mttr_minutes": "90.00",
        "polls": "25",
    }
    assert (others["group"], others["stores"], others["uptime_hours"]) == ("Others", "1", "22.500000")


def test_names_and_groups_are_those_known_at_the_time_asked_for(
    two_shops: Resources, load_text: LoadText, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    load_text("entities", ENTITIES)
    files = make(two_shops, tmp_path, period="2024-11-02", as_of=NOON, as_known_at=before)
    assert list(files) == ["uptime.csv", SUMMARY, MANIFEST]
    assert not {"name", "group"} & rows_of(files["uptime.csv"])[0].keys()


@pytest.mark.parametrize("accounting", ["hourly", "exact"])
def test_windows_have_names_and_groups_if_any_store_has_one(
    two_shops: Resources, load_text: LoadText, tmp_path: Path, accounting: str
) -> None:
    load_text("entities", "store_id,name\nkathmandu,Durbar Square\n")
    named, other = rows_of(make(two_shops, tmp_path, as_of=NOON, accounting=accounting)["uptime.csv"])
    assert list(named)[:4] == ["store_id", "name", "group", "uptime_last_hour"]
    assert (named["name"], named["group"], other["name"], other["group"]) == ("Durbar Square", "", "", "")
    (alone,) = rows_of(make(two_shops, tmp_path, as_of=NOON, accounting=accounting, stores=["new york"])["uptime.csv"])
    assert list(alone)[:2] == ["store_id", "uptime_last_hour"]


def test_an_outage_is_written_the_same_way_whatever_the_others_are(
    two_shops: Resources, load_text: LoadText, tmp_path: Path
) -> None:
    load_text("polls", HEADER + "kathmandu,inactive,2024-11-02T15:00:00.5Z\n")
    files = make(two_shops, tmp_path, period="2024-11-02", zone="UTC", as_of=NOON, accounting="exact")
    began = {row["store_id"]: row["began_at"] for row in rows_of(files["outages.csv"])}
    assert began == {"kathmandu": "2024-11-02T15:00:00.500000Z", "new york": "2024-11-02T14:00:00Z"}


@pytest.mark.parametrize("accounting", ["hourly", "exact"])
@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ({"period": "2024-11-03"}, {"period": "2024-11-02"}),
        ({"period": "2024-11"}, {"period": "2024-10"}),
        ({"from": "2024-11-02", "to": "2024-11-04"}, {"from": "2024-10-31", "to": "2024-11-02"}),
        (
            {"from": "2024-11-02T15:00Z", "to": "2024-11-02T18:00Z"},
            {"from": "2024-11-02T12:00Z", "to": "2024-11-02T15:00Z"},
        ),
        ({"from": "2024-11-04T12:00Z"}, {"from": "2024-11-03T12:00Z", "to": "2024-11-04T12:00Z"}),
        (  # 4 hours, from New York's midnight
            {"from": "2024-11-02", "to": "2024-11-02T08:00Z", "zone": "America/New_York"},
            {"from": "2024-11-02T00:00Z", "to": "2024-11-02T04:00Z"},
        ),
    ],
)
def test_the_availability_before_is_that_of_the_report_on_the_time_before(
    two_shops: Resources, tmp_path: Path, asked: dict[str, Any], before: dict[str, Any], accounting: str
) -> None:
    common: dict[str, Any] = {"as_of": NOON, "accounting": accounting}
    alone = {row["store_id"]: row for row in rows_of(make(two_shops, tmp_path, **common, **asked)["uptime.csv"])}
    earlier = {row["store_id"]: row for row in rows_of(make(two_shops, tmp_path, **common, **before)["uptime.csv"])}
    files = make(two_shops, tmp_path, **common, **asked, compare_to="previous")
    for row in rows_of(files["uptime.csv"]):
        was, change = row.pop("availability_before_percent"), row.pop("availability_change_points")
        assert row == alone[row["store_id"]]
        assert was == earlier[row["store_id"]]["availability_percent"]
        now = row["availability_percent"]
        assert change == (str(Decimal(now) - Decimal(was)) if was and now else "")
    told = json.loads(files[SUMMARY].path.read_text())["comparison"]["total"]["availability_before_percent"]
    assert told == (float(earlier["new york"]["availability_percent"]) if earlier["new york"]["polls"] != "0" else None)


def test_each_day_is_compared_with_the_whole_day_before(
    two_shops: Resources, load_text: LoadText, tmp_path: Path
) -> None:
    load_text("entities", "store_id,group\nnew york,Shops\nkathmandu,Shops\n")
    asked: dict[str, Any] = {"from": "2024-11-02T12:00Z", "to": "2024-11-04", "zone": "UTC", "by": "day"}
    files = make(
        two_shops, tmp_path, **asked, as_of=NOON, accounting="exact", max_gap_minutes=60, compare_to="previous"
    )
    # The 1st is all up, 2 of the last 12 hours of the 2nd are down, and 2 of all of its 24.
    told = [
        (row["period"], *(row[f"availability_{name}"] for name in ("percent", "before_percent", "change_points")))
        for row in rows_of(files["uptime.csv"])
        if row["store_id"] == "new york"
    ]
    expected = [
        ("2024-11-02", "83.3333", "100.0000", "-16.6667"),
        ("2024-11-03", "100.0000", "91.6667", "8.3333"),
    ]
    assert told == expected
    names = ("period", "availability_percent", "availability_before_percent", "availability_change_points")
    assert [tuple(row[name] for name in names) for row in rows_of(files["groups.csv"])] == expected
    assert json.loads(files[SUMMARY].path.read_text())["comparison"] == {
        "2024-11-02": {"availability_before_percent": 100.0, "availability_change_points": -16.6667},
        "2024-11-03": {"availability_before_percent": 91.6667, "availability_change_points": 8.3333},
    }
