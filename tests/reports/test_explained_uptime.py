"""What an explanation says adds up to the row of the report, and names the polls and the rules that made it."""

import csv
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import UnknownEntity
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.uptime import drilldown, explanation
from app.reports.uptime.explanation import Explanation, Times
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests.conftest import LoadText, fresh_resources
from tests.kinds import context_of, source_of
from tests.reference.uptime import REPORT_WINDOWS
from tests.reports.test_uptime import clear, load_case
from tests.strategies import UptimeCase, examples, uptime_case

ACCOUNTINGS: list[dict[str, Any]] = [
    {"accounting": "hourly"},
    {"accounting": "hourly", "max_fill_hours": 2},
    {"accounting": "exact"},
    {"accounting": "exact", "max_gap_minutes": 90, "min_outage_minutes": 45},
]

#: Of the sample, whose polls are of 18 to 25 January 2023.
RANGES: list[dict[str, Any]] = [
    {"period": "2023-01"},
    {"period": "2023-01", "by": "day"},
    {"from": "2023-01-19T13:17:00Z", "to": "2023-01-24", "by": "hour", "zone": "Asia/Kolkata"},
]

SOME = ["1050565545391667097", "6077660293503601866"]

#: Wednesday noon.
NOON = datetime(2023, 1, 25, 12, tzinfo=UTC)

HEADER = "store_id,status,timestamp_utc\n"

SECOND = timedelta(seconds=1)


def report_and_explanations(
    resources: Resources, folder: Path, **params: Any
) -> tuple[list[dict[str, str]], list[dict[str, str]], dict[str, Explanation]]:
    """Rows of uptime.csv and of outages.csv, and what is said of each store."""
    with resources.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate(params))
    tables = {one.path.name: one.path for one in uptime.produce(context_of(resources, folder), resolved)}
    rows, outages = (
        list(csv.DictReader(tables[name].read_text().splitlines())) if name in tables else []
        for name in ("uptime.csv", "outages.csv")
    )
    return rows, outages, {store: explained(resources, resolved, store) for store in {row["store_id"] for row in rows}}


def explained(resources: Resources, params: UptimeParams, key: str) -> Explanation:
    return drilldown.explain(source_of(resources), resources.settings, params, key)


def hundredths(seconds: float, unit: timedelta) -> Fraction:
    """Rounded half up, of a number of microseconds."""
    return Fraction(
        int(Fraction(round(seconds * 1_000_000) * 100, unit // timedelta(microseconds=1)) + Fraction(1, 2)), 100
    )


def assert_adds_up(row: dict[str, str], said: Explanation) -> None:
    for (name, _, unit), period in zip(REPORT_WINDOWS, said.periods, strict=True):
        assert period.period == f"last_{name}"
        for column, status in (("uptime", "up"), ("downtime", "down"), ("unknown", "unknown")):
            told = hundredths(getattr(period, f"{status}_seconds"), unit)
            assert told == Fraction(row[f"{column}_last_{name}"]), (said.store_id, name, status)
    week = said.periods[-1]
    for status in ("up", "down", "unknown"):
        whole = getattr(week, f"{status}_seconds")
        by_stretch = sum(one.open_seconds for one in said.stretches if one.status == status)
        assert by_stretch == pytest.approx(whole, abs=1e-5)
        assert sum(getattr(one, f"{status}_seconds") for one in said.windows) == pytest.approx(whole, abs=1e-5)
    assert week.open_seconds == pytest.approx(sum((one.closes - one.opens) / SECOND for one in said.windows), abs=1e-5)
    assert all(one.start < one.end <= said.end for one in said.stretches)
    assert all(one.end <= two.start for one, two in zip(said.stretches, said.stretches[1:], strict=False))


def assert_same_outages(store: str, listed: list[dict[str, str]], said: Explanation) -> None:
    expected = [row for row in listed if row["store_id"] == store]
    for column in ("began_at", "ended_at", "first_poll_at", "last_poll_at"):
        written = [datetime.fromisoformat(row[column]) if row[column] else None for row in expected]
        assert [getattr(one, column) for one in said.outages] == written
    minutes = [hundredths(one.open_seconds, timedelta(minutes=1)) for one in said.outages]
    assert minutes == [Fraction(row["open_minutes"]) for row in expected]
    assert [one.ended_at is None for one in said.outages] == [row["ongoing"] == "true" for row in expected]
    for one in said.outages:
        assert (one.ended_by == "report_end") == (one.ended_at is None)
        assert (one.ended_by == "next_poll") == (one.ended_by_poll_at is not None)
        if one.ended_by_poll_at is not None:
            assert one.ended_by_poll_at > one.last_poll_at


@pytest.mark.parametrize("params", ACCOUNTINGS, ids=str)
def test_what_is_said_of_each_store_of_the_sample_adds_up_to_its_row(
    loaded: Resources, tmp_path: Path, params: dict[str, Any]
) -> None:
    rows, outages, said = report_and_explanations(loaded, tmp_path, **params)
    assert len(rows) == 26
    for row in rows:
        assert_adds_up(row, said[row["store_id"]])
        assert_same_outages(row["store_id"], outages, said[row["store_id"]])
    assert bool(outages) == (params["accounting"] == "exact")


def test_what_is_said_of_random_stores_adds_up_to_their_rows(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(case=uptime_case())
        @settings(max_examples=examples(50))
        def agree(case: UptimeCase) -> None:
            clear(resources)
            load_case(resources, case, tmp_path)
            for params in ACCOUNTINGS:
                asked = {"as_of": case.as_of, "lookback_hours": case.lookback_hours, **params}
                rows, outages, said = report_and_explanations(resources, tmp_path, **asked)
                for row in rows:
                    assert_adds_up(row, said[row["store_id"]])
                    assert_same_outages(row["store_id"], outages, said[row["store_id"]])

        agree()


def assert_adds_up_in_periods(rows: list[dict[str, str]], said: Explanation) -> None:
    """Each row of the store is one of its periods, and together they have its stretches and windows."""
    told = [(one.period, one.start.astimezone(UTC), one.end.astimezone(UTC), *hours_of(one)) for one in said.periods]
    instants = ("period_start", "period_end")
    hours = ("open_hours", "uptime_hours", "downtime_hours", "unknown_hours")
    assert told == [
        (
            row["period"],
            *(datetime.fromisoformat(row[name]) for name in instants),
            *(Fraction(row[name]) for name in hours),
        )
        for row in rows
    ]
    assert (said.start, said.end) == (said.periods[0].start, said.periods[-1].end)
    for status in ("up", "down", "unknown"):
        whole = sum(getattr(one, f"{status}_seconds") for one in said.periods)
        by_stretch = sum(one.open_seconds for one in said.stretches if one.status == status)
        assert by_stretch == pytest.approx(whole, abs=1e-5)
        assert sum(getattr(one, f"{status}_seconds") for one in said.windows) == pytest.approx(whole, abs=1e-5)


def hours_of(times: Times) -> list[Fraction]:
    """Open, up, down and unknown, rounded half up to a millionth."""
    seconds = (times.open_seconds, times.up_seconds, times.down_seconds, times.unknown_seconds)
    return [Fraction(int(Fraction(round(one * 1_000_000), 3600) + Fraction(1, 2)), 1_000_000) for one in seconds]


@pytest.mark.parametrize("params", ACCOUNTINGS, ids=str)
def test_what_is_said_of_stores_of_the_sample_in_a_range_adds_up_to_their_rows(
    loaded: Resources, tmp_path: Path, params: dict[str, Any]
) -> None:
    for asked in RANGES:
        rows, outages, said = report_and_explanations(loaded, tmp_path, **asked, **params, stores=SOME)
        assert sorted(said) == SOME
        for store, told in said.items():
            assert_adds_up_in_periods([row for row in rows if row["store_id"] == store], told)
            assert_same_outages(store, outages, told)
        assert bool(outages) == (params["accounting"] == "exact")


def test_what_is_said_of_random_stores_in_a_range_adds_up_to_their_rows(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(
            case=uptime_case(),
            days=st.integers(1, 5),
            ends=st.sampled_from([None, 1, 2]),
            by=st.sampled_from(["total", "week", "day", "hour"]),
            zone=st.sampled_from(["entity", "UTC", "Australia/Lord_Howe"]),
            params=st.sampled_from(ACCOUNTINGS),
        )
        @settings(max_examples=examples(30))
        def agree(case: UptimeCase, days: int, ends: int | None, by: str, zone: str, params: dict[str, Any]) -> None:
            clear(resources)
            load_case(resources, case, tmp_path)
            first = case.as_of.date() - timedelta(days=days)
            asked: dict[str, Any] = {"from": first.isoformat(), "by": by, "zone": zone}
            if ends is not None:
                asked["to"] = (first + timedelta(days=ends)).isoformat()
            rows, outages, said = report_and_explanations(
                resources, tmp_path, **asked, as_of=case.as_of, lookback_hours=case.lookback_hours, **params
            )
            for store, told in said.items():
                assert_adds_up_in_periods([row for row in rows if row["store_id"] == store], told)
                assert_same_outages(store, outages, told)

        agree()


def test_open_time_is_a_sum_of_whole_microseconds_without_the_noise_of_fractions(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    """A store that is always open, with polls at odd microseconds."""
    load_text("timezones", "store_id,timezone_str\nshop,UTC\n")
    odd = [(22, "07:11:13.100001", "active"), (23, "09:03:59.000007", "inactive"), (24, "01:59:59.333333", "active")]
    load_text("polls", HEADER + "".join(f"shop,{status},2023-01-{day} {at} UTC\n" for day, at, status in odd))
    params = {"accounting": "exact", "max_gap_minutes": 1440, "as_of": NOON}
    *_, by_store = report_and_explanations(resources, tmp_path, **params)
    week = by_store["shop"].periods[-1]
    # Two polls are up for a day each; the one between them is down until the next. Nobody has seen the rest.
    assert (week.open_seconds, week.down_seconds) == (604800.0, 60960.333326)
    assert (week.up_seconds, week.unknown_seconds) == (172800.0, 371039.666674)


def polls(*what: tuple[str, str]) -> str:
    """Polls of the store "shop" on 25 January 2023, UTC."""
    return HEADER + "".join(f"shop,{status},2023-01-25 {clock}:00 UTC\n" for clock, status in what)


def told(said: Explanation) -> list[tuple[str, ...]]:
    """Each stretch on the clock of the store: from, until, what, why, what ended it, and the polls behind it."""
    return [
        (
            *(f"{one.start:%H:%M}", f"{one.end:%H:%M}", one.status, one.rule, one.ended_by),
            *("" if at is None else f"{at:%H:%M}" for at in (one.first_poll_at, one.last_poll_at)),
        )
        for one in said.stretches
    ]


def test_exact_accounting_tells_which_poll_began_each_stretch_and_what_ended_it(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    """Open on Wednesdays from 04:00 to 12:00 in New York, five hours behind UTC; a poll holds for an hour."""
    load_text("timezones", "store_id,timezone_str\nshop,America/New_York\n")
    load_text("hours", "store_id,dayOfWeek,start_time_local,end_time_local\nshop,2,04:00,12:00\n")
    load_text(
        "polls",
        polls(
            *(("08:30", "active"), ("09:20", "active"), ("09:50", "inactive"), ("10:00", "inactive")),
            *(("10:30", "active"), ("10:40", "inactive"), ("10:44", "active"), ("11:50", "inactive")),
        ),
    )
    params = {"accounting": "exact", "max_gap_minutes": 60, "min_outage_minutes": 5, "as_of": NOON}
    *_, by_store = report_and_explanations(resources, tmp_path, **params)
    said = by_store["shop"]
    assert said.timezone == "America/New_York"
    assert [(f"{one.opens:%H:%M}", f"{one.closes:%H:%M}") for one in said.windows] == [
        ("07:00", "12:00"),
        ("04:00", "07:00"),
    ]
    assert told(said) == [
        ("07:00", "03:30", "unknown", "no_poll_yet", "next_poll", "", ""),
        ("03:30", "04:50", "up", "polls", "next_poll", "03:30", "04:20"),
        ("04:50", "05:30", "down", "polls", "next_poll", "04:50", "05:00"),
        ("05:30", "05:40", "up", "polls", "next_poll", "05:30", "05:30"),
        ("05:40", "05:44", "up", "short_outage", "next_poll", "05:40", "05:40"),
        ("05:44", "06:44", "up", "polls", "max_gap", "05:44", "05:44"),
        ("06:44", "06:50", "unknown", "max_gap", "next_poll", "05:44", "05:44"),
        ("06:50", "07:00", "down", "polls", "report_end", "06:50", "06:50"),
    ]
    assert [one.open_seconds / 60 for one in said.stretches] == [300, 50, 40, 10, 4, 60, 6, 10]
    assert [(one.polls, one.active_polls) for one in said.stretches] == [
        *((0, 0), (2, 2), (2, 0), (1, 1), (1, 0), (1, 1), (0, 0), (1, 0)),
    ]
    ended, lasting = said.outages
    assert (ended.ended_by, f"{ended.ended_by_poll_at:%H:%M}") == ("next_poll", "05:30")
    assert (lasting.ended_at, lasting.ended_by, lasting.ended_by_poll_at) == (None, "report_end", None)


def test_hourly_accounting_tells_the_votes_of_each_hour_and_which_hour_was_carried_on(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,UTC\n")
    load_text("hours", "store_id,dayOfWeek,start_time_local,end_time_local\nshop,2,05:30,12:00\n")
    load_text(
        "polls",
        polls(
            *(("05:00", "inactive"), ("06:10", "active"), ("06:20", "active"), ("06:30", "inactive")),
            *(("09:10", "active"), ("09:20", "inactive"), ("11:59", "active")),
        ),
    )
    *_, by_store = report_and_explanations(resources, tmp_path, as_of=NOON)
    said = by_store["shop"]
    assert told(said) == [
        ("12:00", "06:00", "unknown", "no_poll_yet", "next_poll", "", ""),
        ("06:00", "07:00", "up", "majority", "hour_end", "06:10", "06:30"),
        ("07:00", "09:00", "up", "carried", "next_poll", "06:10", "06:30"),
        ("09:00", "10:00", "down", "tie", "hour_end", "09:10", "09:20"),
        ("10:00", "11:00", "down", "carried", "next_poll", "09:10", "09:20"),
        ("11:00", "12:00", "up", "majority", "report_end", "11:59", "11:59"),
    ]
    assert [one.open_seconds / 60 for one in said.stretches] == [30, 60, 120, 60, 60, 60]
    assert [(one.polls, one.active_polls) for one in said.stretches] == [
        *((0, 0), (3, 2), (3, 2), (2, 1), (2, 1), (1, 1))
    ]
    assert said.outages == []
    *_, by_store = report_and_explanations(resources, tmp_path, as_of=NOON, max_fill_hours=1)
    assert told(by_store["shop"])[2:4] == [
        ("07:00", "08:00", "up", "carried", "max_fill", "06:10", "06:30"),
        ("08:00", "09:00", "unknown", "carried_too_long", "next_poll", "06:10", "06:30"),
    ]


def test_an_outage_that_nobody_saw_end_is_ended_by_the_gap(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,UTC\n")
    load_text("polls", polls(("06:00", "inactive"), ("08:00", "active")))
    *_, by_store = report_and_explanations(resources, tmp_path, accounting="exact", max_gap_minutes=30, as_of=NOON)
    (outage,) = by_store["shop"].outages
    assert outage.ended_at == datetime(2023, 1, 25, 6, 30, tzinfo=UTC)
    assert (outage.ended_by, outage.ended_by_poll_at) == ("max_gap", None)


def test_a_store_that_the_report_does_not_have_cannot_be_explained(loaded: Resources) -> None:
    with loaded.engine.connect() as connection:
        of_one, _ = uptime.resolve(connection, UptimeParams(stores=["6077660293503601866"]))
        of_all, _ = uptime.resolve(connection, UptimeParams())
    with pytest.raises(UnknownEntity, match="only the stores that were asked for"):
        explained(loaded, of_one, "1050565545391667097")
    with pytest.raises(UnknownEntity, match="The store 'none' no longer exists"):
        explained(loaded, of_all, "none")


def test_of_a_store_that_goes_up_and_down_without_end_the_first_stretches_are_told(
    resources: Resources, load_text: LoadText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "MOST_PARTS", 3)
    said = ("active", "inactive") * 5
    load_text("polls", HEADER + "".join(f"1,{one},2023-01-25 0{at}:00:00 UTC\n" for at, one in enumerate(said)))
    params = UptimeParams.model_validate({"as_of": NOON, "accounting": "exact", "max_gap_minutes": 60})
    made = explained(resources, params, "1")
    # Unknown up to midnight, five times up and down for an hour each, then unknown from ten to noon.
    assert (len(made.stretches), made.stretches_in_all) == (3, 12)
    assert (len(made.outages), made.outages_in_all) == (3, 5)
    assert made.periods[-1].down_seconds == 5 * 3600, "sums are of all of them"
