"""Cases that people reported in public, through files, the database and the report, against the figures they expect.

The expected figures were worked out by hand from the facts, or counted by the people who reported them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.reports.kinds.uptime import UPTIME
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources, load_file
from tests.kinds import context_of

FOLDER = Path(__file__).parent / "uptime"

#: Minutes for which a poll holds where a file has the changes of a status only: a year.
HOLDS = 525_600

#: When the files came: after all that they observe.
ARRIVED = datetime(2026, 3, 1, tzinfo=UTC)

BOTH = ("exact", "hourly")


@dataclass(frozen=True)
class Case:
    """What a report as of an instant says: for each store, columns and their values."""

    as_of: str
    expected: dict[str, dict[str, str]]
    params: dict[str, object] = field(default_factory=dict)
    accountings: tuple[str, ...] = ("exact",)


def day(column: str, **values: str) -> dict[str, dict[str, str]]:
    """One column of the last day, by store; "_" of a name stands for "-"."""
    return {store.replace("_", "-"): {f"{column}_last_day": value} for store, value in values.items()}


def week(column: str, **values: str) -> dict[str, dict[str, str]]:
    return {store.replace("_", "-"): {f"{column}_last_week": value} for store, value in values.items()}


def outages(down: str, count: str) -> dict[str, str]:
    return {"downtime_last_week": down, "outages_last_week": count}


AMPM = "2018-06-13T18:00:00Z"
OUTAGES_OF_MINUTES = {
    "ampm-60min": outages("1.00", "1"),
    "ampm-58min": outages("0.97", "1"),
    "ampm-31min": outages("0.52", "1"),
    "ampm-10min": outages("0.17", "1"),
    "ampm-10min-each-hour": outages("2.00", "12"),
}
#: Hourly accounting has whole hours: half of two hours is a tie in both, 29 minutes are the minority, 31 the majority.
MINUTES_BY_THE_HOUR = day(
    "downtime", ampm_60min="2.00", ampm_58min="0.00", ampm_31min="1.00", ampm_10min="0.00", ampm_10min_each_hour="0.00"
)

CASES = {
    "ampm-outage": Case(AMPM, OUTAGES_OF_MINUTES),
    "ampm-outage by the hour": Case(AMPM, MINUTES_BY_THE_HOUR, accountings=("hourly",)),
    # Six hours of the day are without polls.
    "ampm-outage open round the clock": Case(
        AMPM, {"ampm-58min": {"uptime_last_day": "11.03", "unknown_last_day": "12.00"}}
    ),
    # 331 seconds; four of the minutes begin in an outage, three of them in a row.
    "bp-short-criticals as changes": Case(
        "2024-11-15T12:00:00Z", {"bp-events": outages("0.09", "4")}, {"max_gap_minutes": HOLDS}
    ),
    "bp-short-criticals as minutes": Case("2024-11-15T12:00:00Z", {"bp-minutes": outages("0.07", "2")}),
    "five-minute-fails": Case(
        "2025-01-21T17:55:00Z",
        day("downtime", five_minute_5_fails="0.42", five_minute_6_fails="0.50", five_minute_7_fails="0.58"),
    ),
    # 12 and 6 minutes of 18; the gap is three times the median of 5, 2, 2, 2, 5 and 2.
    "grafana-0-1": Case(
        "2017-05-19T05:18:00Z",
        {"g": {"uptime_last_hour": "12.00", "downtime_last_hour": "6.00", "max_gap_minutes": "6.00"}},
    ),
    # From 00:00 to 09:30 up, to 10:55 down; to 10:55 up; everything after that is unknown.
    "paused, in the week of the last polls": Case(
        "2025-08-27T00:00:00Z",
        {
            "paused-while-down": {
                "uptime_last_week": "9.50",
                "downtime_last_week": "1.42",
                "unknown_last_week": "157.08",
                "unknown_last_day": "24.00",
                "outages_last_week": "1",
            },
            "probe-died-while-up": {
                "uptime_last_week": "10.92",
                "downtime_last_week": "0.00",
                "unknown_last_week": "157.08",
            },
            "still-polled": {"uptime_last_week": "168.00", "unknown_last_week": "0.00"},
        },
        {"max_gap_minutes": 60},
    ),
    "paused, a week later": Case(
        "2025-08-31T00:00:00Z",
        week("unknown", paused_while_down="168.00", probe_died_while_up="168.00", still_polled="0.00"),
        {"max_gap_minutes": 60},
    ),
    # 11,687 seconds; 193 of the minutes begin in an outage. 66 hours of the week are before the first poll.
    "internet-down as changes": Case(
        "2020-05-29T20:00:00Z",
        {"line": {**outages("3.25", "95"), "uptime_last_week": "98.75", "unknown_last_week": "66.00"}},
        {"max_gap_minutes": HOLDS},
    ),
    "internet-down as minutes": Case(
        "2020-05-29T20:00:00Z",
        {"line-minutes": {"downtime_last_week": "3.22", "uptime_last_week": "98.78", "unknown_last_week": "66.00"}},
    ),
    "internet-down by the hour": Case(
        "2020-05-29T20:00:00Z", week("downtime", line="90.00", line_minutes="1.00"), accountings=("hourly",)
    ),
    # The last poll before the maintenance is that of 08:58, and holds for five minutes; polls go on at 15:00.
    "kuma with the maintenance left out": Case(
        "2025-09-02T00:00:00Z",
        {"maint-left-out": {"uptime_last_day": "17.72", "downtime_last_day": "0.33", "unknown_last_day": "5.95"}},
    ),
    # The same with 360 polls that say unknown; 20 minutes down are 0.33 h.
    "kuma-maintenance": Case(
        "2025-09-02T00:00:00Z",
        {"maint-unknown": {"uptime_last_day": "17.67", "downtime_last_day": "0.33", "unknown_last_day": "6.00"}},
    ),
    # The same hours as an exception: neither up nor down nor open. The last poll before them holds to their beginning.
    "kuma-minus": Case(
        "2025-09-02T00:00:00Z",
        {"maint-minus": {"uptime_last_day": "17.67", "downtime_last_day": "0.33", "unknown_last_day": "0.00"}},
    ),
    # From 10:59 to 16:00.
    "new-monitor": Case("2026-02-18T16:00:00Z", {"new": {"uptime_last_day": "5.02", "unknown_last_day": "18.98"}}),
    "nightly-job": Case(
        "2024-01-19T02:15:30Z",
        {"nightly": {"uptime_last_week": "168.00", "uptime_last_day": "24.00", "max_gap_minutes": "1500.00"}},
    ),
    "nightly-job that holds for 25 hours": Case(
        "2024-01-19T02:15:30Z", week("uptime", nightly="168.00"), {"max_gap_minutes": 1500}
    ),
    # Friday's outage is 12:00-19:00Z, Saturday's 08:00-11:00Z; 8 to 16 in Berlin is 07:00-15:00Z.
    "report-period": Case(
        "2019-01-10T23:55:00Z",
        week("downtime", fri_24x7="7.00", fri_0_230="0.00", fri_8x5="3.00", sat_24x7="3.00", sat_8x5="0.00"),
        accountings=BOTH,
    ),
    "weekly-maintenance": Case(
        "2023-12-12T23:59:00Z",
        {"maint": {"uptime_last_week": "166.00", "downtime_last_week": "0.00", "unknown_last_week": "0.00"}},
        accountings=BOTH,
    ),
    # Seven nights of 10 h and the hour that comes twice; of 7.5 h from the first 02:30 on; of 4.5 h to the first 02:30.
    "clock-back": Case(
        "2022-11-01T11:30:00Z",
        week("uptime", ams_0_10="71.00", ams_0230_10="53.50", ams_22_0230="31.50"),
        accountings=BOTH,
    ),
    # 02:00-03:00 on Sunday is not there.
    "clock-forward": Case(
        "2025-03-10T04:00:00Z",
        day("uptime", ny_02_17="14.00", ny_01_03="1.00", ny_0215_0245="0.00"),
        accountings=BOTH,
    ),
    # Nights of 13 h, that of Friday to the midnight of its Saturday in both; a bar's days of 14 and of 17 hours.
    "overnight": Case(
        "2025-03-18T11:05:00Z",
        {
            **week("uptime", pet="106.00", pet2="89.00", bar="90.00", yelp_a="168.00", yelp_b="168.00", josm="10.75"),
            **{f"mid-{letter}": {"uptime_last_week": "14.00"} for letter in "abcdefg"},
        },
        accountings=BOTH,
    ),
    # All polls are on the Sunday that ends the week, closed days all.
    "blizzard": Case("2024-09-22T11:30:00Z", week("unknown", bliz_1="20.00", bliz_2="16.00"), accountings=BOTH),
    "pratham": Case(
        "2023-01-01T21:00:00Z", week("unknown", prat_1="8.00", prat_2="8.00", prat_3="4.00"), accountings=BOTH
    ),
}


@pytest.fixture(scope="module")
def cases(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """All files of all cases in one database: no two have a store in common."""
    with fresh_resources(servers, session_settings) as resources:
        for path in sorted(FOLDER.glob("*/*.csv*")):
            kind, _, _ = path.name.partition(".")
            load_file(resources, kind, path, now=ARRIVED)
        yield resources


def figures(resources: Resources, folder: Path, case: Case, accounting: str) -> dict[str, dict[str, str]]:
    """The rows of uptime.csv by store."""
    params = {"as_of": case.as_of, "stores": list(case.expected), "accounting": accounting, **case.params}
    with resources.engine.connect() as connection:
        resolved, _ = UPTIME.resolve(connection, UPTIME.params.model_validate(params))
    table, *_ = UPTIME.produce(context_of(resources, folder), resolved)
    with table.path.open(newline="") as file:
        return {row["store_id"]: row for row in csv.DictReader(file)}


def test_the_outages_of_a_line_are_counted_over_their_102_hours(cases: Resources, tmp_path: Path) -> None:
    """Of internet-down 3.25 h are down either way, as people count: 11,687 s in 95 outages.

    As minutes 3.22 h: by the first rule of exact accounting a poll holds from its instant on to the next one, which
    gives 193 whole minutes, those that begin in an outage.
    """
    expected = {
        "line": {"open_hours": "102.000000", "downtime_hours": "3.246389", "uptime_hours": "98.753611"},
        "line-minutes": {"open_hours": "102.000000", "downtime_hours": "3.216667", "uptime_hours": "98.783333"},
    }
    for store, wanted in expected.items():
        params = {"from": "2020-05-25T14:00:00Z", "to": "2020-05-29T20:00:00Z"}
        params |= {"max_gap_minutes": HOLDS} if store == "line" else {}
        case = Case("2020-05-29T20:00:00Z", {store: wanted}, params)
        folder = tmp_path / store
        folder.mkdir()
        (row,) = figures(cases, folder, case, "exact").values()
        assert {column: row[column] for column in wanted} == wanted


NAMED = [(name, accounting) for name, case in CASES.items() for accounting in case.accountings]


@pytest.mark.parametrize(("name", "accounting"), NAMED)
def test_a_case_has_the_figures_that_people_expect(
    cases: Resources, tmp_path: Path, name: str, accounting: str
) -> None:
    case = CASES[name]
    found = figures(cases, tmp_path, case, accounting)
    picked = {store: {column: found[store][column] for column in wanted} for store, wanted in case.expected.items()}
    assert picked == case.expected


def test_every_case_with_files_is_asked_about() -> None:
    for_warnings = {"sci-id"}  # tests/reports/test_doubts.py
    asked = {name.split()[0].rstrip(",") for name in CASES}
    assert {path.name for path in FOLDER.iterdir()} <= asked | for_warnings
