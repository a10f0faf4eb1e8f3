"""The uptime report by exact accounting: its figures and outages against the twin, through files and the database."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings

from app.errors import InvalidParameters
from app.files.artifact import Artifact
from app.reports import exact_uptime
from app.reports.kind import SUMMARY
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests.conftest import LoadText, api, fresh_resources
from tests.kinds import context_of
from tests.reference import exact
from tests.reference.uptime import DAY, HOUR, REPORT_WINDOWS, WEEK, open_intervals
from tests.reports.test_uptime import clear, load_case
from tests.strategies import DEFAULT_ZONE, UptimeCase, examples, said_by, silent_polls, uptime_case

MINUTE = timedelta(minutes=1)

HEADER = "store_id,status,timestamp_utc\n"

#: Wednesday noon.
NOON = datetime(2023, 1, 25, 12, tzinfo=UTC)


def make(resources: Resources, folder: Path, **params: object) -> Sequence[Artifact]:
    with resources.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate({"accounting": "exact", **params}))
    *made, summary = uptime.produce(context_of(resources, folder), resolved)
    assert summary.path.name == SUMMARY
    return made


def rows_of(artifact: Artifact) -> list[dict[str, str]]:
    with artifact.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == artifact.rows
    return rows


def decimals(value: Fraction) -> str:
    """Two of them, rounded half up."""
    return f"{int(value * 100 + Fraction(1, 2)) / 100:.2f}"


def twin_row(
    case: UptimeCase, said: list[exact.Poll], store: str, max_gap: timedelta | None, ignore: timedelta
) -> dict[str, str]:
    """What the twin says of a store, as uptime.csv has it."""
    week = case.as_of - WEEK
    windows = [window for window in case.windows if window.store_id == store]
    lookback = case.lookback_hours * HOUR
    intervals = open_intervals(windows, case.zones.get(store, DEFAULT_ZONE), week - lookback, case.as_of)
    polls = [poll for poll in said if poll.store_id == store]

    def account(first: datetime) -> exact.Account:
        return exact.account(
            polls, intervals, first=week, last=case.as_of, as_of=case.as_of, lookback=lookback, max_gap=max_gap,
            ignore_outages_under=ignore, period=(first, case.as_of),
        )  # fmt: skip

    row = {"store_id": store}
    accounts = {name: (account(case.as_of - length), unit) for name, length, unit in REPORT_WINDOWS}
    for column, status in (("uptime", "up"), ("downtime", "down"), ("unknown", "unknown")):
        for name, (found, unit) in accounts.items():
            row[f"{column}_last_{name}"] = decimals(Fraction(getattr(found, status) // MICRO, unit // MICRO))
    whole = accounts["week"][0]
    row["outages_last_week"] = str(len(whole.outages))
    assert whole.max_gap is not None
    row["max_gap_minutes"] = decimals(Fraction(whole.max_gap // MICRO, MINUTE // MICRO))
    return row


MICRO = timedelta(microseconds=1)


def test_random_cases_agree_with_the_twin_through_the_database(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(case=uptime_case(), silent=silent_polls)
        @settings(max_examples=examples(50))
        def agree(case: UptimeCase, silent: set[int]) -> None:
            clear(resources)
            said = said_by(case, silent)
            load_case(resources, case, tmp_path, said)
            gap = len(case.polls) % 3 * 37
            ignore = len(case.windows) % 3 * 20
            table, _ = make(
                resources, tmp_path, as_of=case.as_of, lookback_hours=case.lookback_hours,
                max_gap_minutes=gap or None, min_outage_minutes=ignore,
            )  # fmt: skip
            stores = sorted({row.store_id for row in [*case.polls, *case.windows]} | set(case.zones))
            expected = [twin_row(case, said, store, gap * MINUTE or None, ignore * MINUTE) for store in stores]
            assert rows_of(table) == expected

        agree()


def test_an_outage_of_58_minutes_is_58_minutes_and_is_listed(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\nshop,UTC\n")
    at, lines = NOON - 6 * HOUR, []
    while at <= NOON:
        status = "inactive" if NOON - 29 * MINUTE > at >= NOON - 87 * MINUTE else "active"
        lines.append(f"shop,{status},{at:%Y-%m-%d %H:%M:%S} UTC\n")
        at += MINUTE
    load_text("polls", HEADER + "".join(lines))
    table, outages = make(resources, tmp_path, as_of=NOON)
    (row,) = rows_of(table)
    assert (row["downtime_last_day"], row["uptime_last_day"], row["unknown_last_day"]) == ("0.97", "5.03", "18.00")
    assert (row["outages_last_week"], row["max_gap_minutes"]) == ("1", "5.00")
    assert rows_of(outages) == [
        {
            "store_id": "shop",
            "began_at": "2023-01-25T10:33:00Z",
            "ended_at": "2023-01-25T11:31:00Z",
            "ongoing": "false",
            "open_minutes": "58.00",
            "first_poll_at": "2023-01-25T10:33:00Z",
            "last_poll_at": "2023-01-25T11:30:00Z",
        }
    ]


def test_a_monitor_that_died_is_unknown_and_an_outage_that_lasts_has_no_end(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\nx,UTC\ny,UTC\n")
    load_text(
        "polls",
        HEADER + f"x,active,{NOON - 10 * DAY:%Y-%m-%d %H:%M:%S} UTC\ny,inactive,{NOON - HOUR:%Y-%m-%d %H:%M:%S} UTC\n",
    )
    table, outages = make(resources, tmp_path, as_of=NOON, lookback_hours=720, max_gap_minutes=90)
    assert [(row["uptime_last_week"], row["unknown_last_week"]) for row in rows_of(table)] == [
        ("0.00", "168.00"), ("0.00", "167.00"),
    ]  # fmt: skip
    (lasting,) = rows_of(outages)
    assert (lasting["store_id"], lasting["ended_at"], lasting["ongoing"], lasting["open_minutes"]) == (
        "y", "", "true", "60.00",
    )  # fmt: skip


@pytest.mark.parametrize("parameter", [None, 30])
def test_the_own_gap_of_a_store_counts_in_place_of_the_parameter(
    load_text: LoadText, resources: Resources, tmp_path: Path, parameter: int | None
) -> None:
    load_text("timezones", "store_id,timezone_str\na,UTC\nb,UTC\nc,UTC\n")
    load_text("polls", HEADER + "".join(f"{store},active,{NOON - 6 * HOUR:%Y-%m-%d %H:%M:%S} UTC\n" for store in "abc"))
    load_text("entities", "store_id,max_gap_minutes\na,0\nb,90\nc,\n")
    table, _ = make(resources, tmp_path, as_of=NOON, max_gap_minutes=parameter)
    assert [(row["store_id"], row["uptime_last_day"], row["max_gap_minutes"]) for row in rows_of(table)] == [
        ("a", "6.00", "0.00"),  # holds until it changes
        ("b", "1.50", "90.00"),
        ("c", "0.08", "5.00") if parameter is None else ("c", "0.50", "30.00"),
    ]


def test_many_ranges_of_stores_give_the_bytes_of_one(
    load_text: LoadText, resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = [NOON - number * 17 * MINUTE for number in range(200)]
    load_text(
        "polls",
        HEADER
        + "".join(
            f"s{store:03},{'inactive' if (store + number) % 7 < 2 else 'active'},{at:%Y-%m-%d %H:%M:%S} UTC\n"
            for store in range(40)
            for number, at in enumerate(stamps)
        ),
    )
    whole = [artifact.path.read_bytes() for artifact in make(resources, tmp_path, as_of=NOON)]
    monkeypatch.setattr(exact_uptime, "POLLS_HELD", 1000)
    parts = tmp_path / "parts"
    parts.mkdir()
    assert [artifact.path.read_bytes() for artifact in make(resources, parts, as_of=NOON)] == whole
    assert whole[1].count(b"\n") > 40


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"accounting": "exact", "charts": True}, "charts cannot be combined with accounting=exact"),
        ({"accounting": "exact", "hourly": True}, "hourly cannot be combined with accounting=exact"),
        ({"max_gap_minutes": 5}, "max_gap_minutes cannot be combined with accounting=hourly"),
        ({"ignore_outages_under_minutes": 5}, "min_outage_minutes cannot be combined with accounting=hourly"),
        ({"accounting": "exact", "max_fill_hours": 0}, "max_fill_hours cannot be combined with accounting=exact"),
        ({"max_fill_hours": -1}, "max_fill_hours"),
        ({"accounting": "precise"}, "accounting"),
        (
            {"accounting": "exact", "max_gap_minutes": 0},
            "load a file of kind entities that gives them max_gap_minutes 0; here write 1 to 525,600",
        ),
    ],
)
def test_what_does_not_fit_the_accounting_is_refused_in_words(
    loaded: Resources, params: dict[str, object], words: str
) -> None:
    with api(loaded, slots=0) as client:
        answer = client.post("/trigger_report", json={"params": params})
        assert answer.status_code == 422
        assert answer.json()["code"] == InvalidParameters.code
        assert words in answer.json()["detail"]
        assert "Value error" not in answer.text
