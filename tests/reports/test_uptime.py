"""The uptime report: its numbers against the reference and the golden file, its parameters, its files."""

import csv
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from pyarrow import parquet
from sqlalchemy import text

from app.errors import InvalidParameters, MemoryLimitExceeded, NoPolls
from app.files import sorted_rows
from app.files.artifact import Artifact
from app.reports.kind import SUMMARY
from app.reports.kinds import uptime
from app.reports.kinds.uptime import UptimeParams
from app.reports.manifest import MANIFEST
from app.reports.uptime import windows
from app.series import poll_reading
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from app.timeline.horizon import Horizon
from tests.asking import reported
from tests.conftest import GOLDEN, SAMPLE_DATA, LoadText, api, fresh_resources, load_file
from tests.engine import case_table
from tests.kinds import context_of
from tests.reference import exact, hourly
from tests.reference import uptime as reference
from tests.reports.peak import peak_mib
from tests.strategies import UptimeCase, examples, said_by, silent_polls, uptime_case
from tests.timeline.test_hourly import twin_series

COLUMNS = [
    f"{status}_last_{window}" for status in ("uptime", "downtime", "unknown") for window in ("hour", "day", "week")
]


def hundredths(value: Fraction) -> int:
    """Rounded half up, exactly."""
    return int(value * 100 + Fraction(1, 2))


def make(resources: Resources, folder: Path, **params: object) -> Sequence[Artifact]:
    with resources.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate(params))
    *made, summary = uptime.produce(context_of(resources, folder), resolved)
    assert summary.path.name == SUMMARY
    return made


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@given(case=uptime_case())
@settings(max_examples=examples(400))
def test_every_column_agrees_with_the_reference(case: UptimeCase) -> None:
    stores, table = case_table(case)
    expected = reference.uptime_report(
        case.polls, case.windows, case.zones, as_of=case.as_of, lookback_hours=case.lookback_hours
    )
    assert stores == [row["store_id"] for row in expected]
    for row, got in zip(expected, table.tolist(), strict=True):
        assert got == [hundredths(row[column]) for column in COLUMNS]


def test_the_golden_report_is_reproduced(servers, session_settings, tmp_path: Path) -> None:  # noqa: ANN001
    with fresh_resources(servers, session_settings) as resources:
        for kind in ("hours", "timezones", "polls"):
            load_file(resources, kind, GOLDEN / f"{kind}.csv.gz")
        (artifact,) = make(resources, tmp_path)
    got = {row["store_id"]: row for row in rows_of(artifact.path)}
    expected = rows_of(GOLDEN / "uptime.csv")
    assert len(expected) == 278
    assert artifact.rows == len(got) == 278
    for row in expected:
        for column in COLUMNS:
            assert float(got[row["store_id"]][column]) == pytest.approx(float(row[column]), abs=0.01), row["store_id"]


def test_the_worked_example_of_the_rules(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("timezones", "store_id,timezone_str\n007,America/New_York\n")
    load_text("hours", "store_id,day,start_time_local,end_time_local\n007,0,09:00,12:00\n")
    stamps = [("13:50", "inactive"), ("14:10", "active"), ("14:40", "inactive"), ("14:50", "active")]
    stamps.append(("16:05", "inactive"))
    load_text(
        "polls",
        "store_id,status,timestamp_utc\n"
        + "".join(f"007,{status},2023-01-23 {time}:00 UTC\n" for time, status in stamps),
    )
    (artifact,) = make(resources, tmp_path, as_of=datetime(2023, 1, 23, 17, tzinfo=UTC))
    (row,) = rows_of(artifact.path)
    assert row == {
        "store_id": "007",
        "uptime_last_hour": "0.00",
        "uptime_last_day": "2.00",
        "uptime_last_week": "2.00",
        "downtime_last_hour": "60.00",
        "downtime_last_day": "1.00",
        "downtime_last_week": "1.00",
        "unknown_last_hour": "0.00",
        "unknown_last_day": "0.00",
        "unknown_last_week": "0.00",
        "carried_last_hour": "0.00",
        "carried_last_day": "1.00",
        "carried_last_week": "1.00",
    }


def test_random_cases_agree_with_the_reference_through_the_database(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way in through CSV, staging, partitions and COPY keeps what the pure engine was proven to do."""
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)  # some cases are years ahead
    with fresh_resources(servers, session_settings) as resources:

        @given(case=uptime_case())
        @settings(max_examples=examples(25))
        def agree(case: UptimeCase) -> None:
            clear(resources)
            load_case(resources, case, tmp_path)
            expected = reference.uptime_report(
                case.polls, case.windows, case.zones, as_of=case.as_of, lookback_hours=case.lookback_hours
            )
            main, _ = make(resources, tmp_path, as_of=case.as_of, lookback_hours=case.lookback_hours, hourly=True)
            got = rows_of(main.path)
            assert [row["store_id"] for row in got] == [row["store_id"] for row in expected]
            for ours, theirs in zip(got, expected, strict=True):
                assert [ours[column] for column in COLUMNS] == [
                    f"{hundredths(theirs[column]) / 100:.2f}" for column in COLUMNS
                ]

        agree()


def test_unknown_polls_and_carried_time_agree_with_the_twin_through_the_database(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)
    with fresh_resources(servers, session_settings) as resources:

        @given(case=uptime_case(), silent=silent_polls)
        @settings(max_examples=examples(40))
        def agree(case: UptimeCase, silent: set[int]) -> None:
            clear(resources)
            load_case(resources, case, tmp_path, said_by(case, silent))
            limit = (None, 0, 5)[len(case.polls) % 3]
            params = {"as_of": case.as_of, "lookback_hours": case.lookback_hours, "max_fill_hours": limit}
            main, file = make(resources, tmp_path, **params, hourly=True)
            active = parquet.read_table(file.path, columns=["store_id", "hour_utc", "active_polls"]).to_pylist()
            counted = {(row["store_id"], row["hour_utc"]): row["active_polls"] for row in active}
            for row in rows_of(main.path):
                store = row.pop("store_id")
                series, intervals = twin_series(case, store, silent, limit)
                expected = hourly.uptime_row(intervals, series, as_of=case.as_of)
                assert row == {name: f"{hundredths(value) / 100:.2f}" for name, value in expected.items()}
                for hour, votes in counted.items():
                    assert hour[0] != store or series[hour[1]].active_polls == votes

        agree()


def clear(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        for week in connection.execute(text("SELECT week FROM poll_week")).scalars().all():
            connection.execute(text(f"DROP TABLE IF EXISTS poll_{week:%Y_%m_%d}"))  # a sealed one has none
        connection.execute(text("TRUNCATE poll_week, entity CASCADE"))


def load_case(resources: Resources, case: UptimeCase, folder: Path, polls: list[exact.Poll] | None = None) -> None:
    """Load the files of a case; ``polls`` instead of its own."""
    said = said_by(case, set()) if polls is None else polls
    files = {
        "polls": [["store_id", "status", "timestamp_utc"]]
        + [[poll.store_id, poll.status, poll.at.isoformat()] for poll in said],
        "hours": [["store_id", "dayOfWeek", "start_time_local", "end_time_local"]]
        + [[w.store_id, str(w.weekday), w.opens, w.closes] for w in case.windows],
        "timezones": [["store_id", "timezone_str"], *map(list, case.zones.items())],
    }
    for kind, rows in files.items():
        path = folder / f"{kind}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        load_file(resources, kind, path, now=case.as_of + timedelta(days=30))


def test_ranges_of_stores_give_the_report_of_all_at_once(
    loaded: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, hourly = make(loaded, tmp_path, hourly=True)
    expected, expected_hourly = whole.path.read_bytes(), parquet.read_table(hourly.path).to_pylist()
    monkeypatch.setattr(windows, "GRID_CELLS", 270 * 7)  # ranges of seven stores
    monkeypatch.setattr(windows, "CHUNK", 3)
    parts, hourly_parts = make(loaded, tmp_path, hourly=True)
    assert parts.path.read_bytes() == expected
    assert parquet.read_table(hourly_parts.path).to_pylist() == expected_hourly


@pytest.mark.usefixtures("undrawn")
def test_many_ranges_of_random_stores_give_the_report_of_all_at_once(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ids in another order than keys, polls that came day by day, and a key that makes all keys quoted."""
    dice = np.random.default_rng(11)
    keys = [f"{number % 13}-{number}" for number in dice.permutation(90).tolist()] + ['a,"b"']
    for day in range(14, 24):
        path = tmp_path / f"{day}.csv"
        lines = [
            [keys[store], "active" if up else "inactive", f"2023-01-{day}T{hour:02}:{minute:02}:00Z"]
            for store, up, hour, minute in dice.integers(0, (len(keys) - 10, 2, 24, 60), (800, 4)).tolist()
        ]
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["store_id", "status", "timestamp_utc"], *lines])
        load_file(resources, "polls", path)
    with (tmp_path / "zones.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["store_id", "timezone_str"], *([key, "Asia/Kathmandu"] for key in keys[::2])])
    load_file(resources, "timezones", tmp_path / "zones.csv")

    def report() -> tuple[list[bytes], list[dict[str, object]]]:
        main, hourly, *charts = make(resources, tmp_path, hourly=True, charts=True)
        return [file.path.read_bytes() for file in (main, *charts)], parquet.read_table(hourly.path).to_pylist()

    whole = report()
    monkeypatch.setattr(windows, "GRID_CELLS", 277 * 4)  # ranges of four stores
    monkeypatch.setattr(windows, "CHUNK", 3)
    monkeypatch.setattr(poll_reading, "SLICE_POLLS", 40)
    monkeypatch.setattr(sorted_rows, "BATCH_ROWS", 2)
    assert report() == whole


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of one process")
def test_memory_does_not_grow_with_the_number_of_stores(
    servers: Addresses, session_settings: Settings, tmp_path: Path
) -> None:
    """Ten times as many, with keys that alone would be 36 MB more, in the process that has made the small report."""
    peaks = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for stores in (1_000, 10_000):
            with fresh_resources(servers, session_settings) as resources:
                load_many(resources, stores, key_characters=4_000)
                url = resources.engine.url.render_as_string(hide_password=False)
                peaks.append(pool.submit(peak_mib, url.replace("+psycopg2", ""), tmp_path, 4_000).result())
    assert peaks[1] - peaks[0] < 32


def load_many(resources: Resources, stores: int, *, key_characters: int) -> None:
    """Stores with one poll each, by SQL: what makes them is not tested here."""
    with resources.engine.begin() as connection:
        for statement in (
            """INSERT INTO entity (kind, key)
            SELECT 'store', rpad(md5(n::text), :characters, 'x') FROM generate_series(1, :stores) AS n""",
            """CREATE TABLE poll_2023_01_23 AS
            SELECT timestamptz '2023-01-23 12:00Z' AS at, id AS entity_id, id % 3 > 0 AS active FROM entity""",
            "ALTER TABLE poll_2023_01_23 ADD PRIMARY KEY (entity_id, at), ALTER active SET NOT NULL",
            """ALTER TABLE poll ATTACH PARTITION poll_2023_01_23
            FOR VALUES FROM ('2023-01-23 00:00Z') TO ('2023-01-30 00:00Z')""",
            "INSERT INTO poll_week SELECT '2023-01-23', min(at), max(at) FROM poll_2023_01_23",
        ):
            given = {"stores": stores, "characters": key_characters} if ":stores" in statement else {}
            connection.execute(text(statement), given)


def test_what_changes_while_a_report_is_made_does_not_change_it(
    loaded: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every range of stores, with its hours and zones, is read from the snapshot of the first."""
    monkeypatch.setattr(windows, "GRID_CELLS", 270 * 7)  # ranges of seven stores
    whole, hourly = make(loaded, tmp_path, hourly=True)
    expected = whole.path.read_bytes(), parquet.read_table(hourly.path).to_pylist()
    told: list[str] = []

    def change(stage: str, _: float) -> None:
        told.append(stage)
        if told.count("computing") == 1 and stage == "computing":
            with loaded.engine.begin() as connection:
                connection.execute(text("INSERT INTO entity (kind, key) VALUES ('store', 'late')"))
                connection.execute(text("UPDATE entity_zone SET timezone = 'Asia/Tokyo'"))
                connection.execute(text("DELETE FROM hours_window"))
                connection.execute(text("UPDATE poll SET active = NOT active"))

    with loaded.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate({"hourly": True}))
    whole, hourly, _ = uptime.produce(context_of(loaded, tmp_path, progress=change), resolved)
    assert (whole.path.read_bytes(), parquet.read_table(hourly.path).to_pylist()) == expected
    assert make(loaded, tmp_path)[0].path.read_bytes() != expected[0]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("stores", [7, None], ids=["in ranges of seven", "all at once"])
def test_a_report_tells_how_far_it_is_until_it_ends(
    loaded: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stores: int | None
) -> None:
    if stores is not None:
        monkeypatch.setattr(windows, "GRID_CELLS", 270 * stores)
    monkeypatch.setattr(windows, "CHUNK", 3)
    told: list[tuple[str, float]] = []
    with loaded.engine.connect() as connection:
        resolved, _ = uptime.resolve(connection, UptimeParams.model_validate({"hourly": True, "charts": True}))
    uptime.produce(context_of(loaded, tmp_path, progress=lambda *step: told.append(step)), resolved)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("computing", 1.0)
    read = max(share for stage, share in told if stage == "loading")
    between = {share for stage, share in told if stage == "computing" and 0 < share < 1}
    assert max(between) > read
    assert len(between) >= 4  # computing bit by bit, writing the table, drawing
    if stores is None:
        assert [stage for stage, _ in told] == sorted((stage for stage, _ in told), reverse=True)


def test_listed_stores_have_the_rows_that_they_have_in_the_whole_report(loaded: Resources, tmp_path: Path) -> None:
    (artifact,) = make(loaded, tmp_path)
    everyone = {row["store_id"]: row for row in rows_of(artifact.path)}
    chosen = sorted(everyone)[3:6]
    (artifact,) = make(loaded, tmp_path, stores=chosen[::-1])
    assert rows_of(artifact.path) == [everyone[store] for store in chosen]


def test_hours_add_up_to_the_week_of_the_report(loaded: Resources, tmp_path: Path) -> None:
    main, hourly = make(loaded, tmp_path, hourly=True)
    table = parquet.read_table(hourly.path)
    assert table.column_names == ["store_id", "hour_utc", "status", "open_seconds", "polls", "active_polls"]
    assert hourly.rows == table.num_rows == main.rows * 169
    seconds: dict[tuple[str, str], float] = {}
    for row in table.to_pylist():
        key = (row["store_id"], row["status"])
        seconds[key] = seconds.get(key, 0.0) + row["open_seconds"]
    names = {"active": "uptime", "inactive": "downtime", "unknown": "unknown"}
    for row in rows_of(main.path):
        for status, column in names.items():
            hours = seconds.get((row["store_id"], status), 0.0) / 3600
            assert float(row[f"{column}_last_week"]) == pytest.approx(hours, abs=0.00501)


CHARTS = [
    f"{name}.{ending}"
    for name in ("availability", "worst_stores", "open_time_per_day")
    for ending in ("png", "vl.json")
]


def test_charts_are_drawn_of_the_week_of_the_report(loaded: Resources, tmp_path: Path) -> None:
    main, *charts = make(loaded, tmp_path, charts=True)
    assert [chart.path.name for chart in charts] == CHARTS
    rows = rows_of(main.path)
    spec = json.loads((tmp_path / "open_time_per_day.vl.json").read_text(encoding="utf-8"))
    hours = [row for data in spec["datasets"].values() for row in data if {"state", "hours"} <= set(row)]
    for state, column in (("up", "uptime"), ("down", "downtime"), ("unknown", "unknown")):
        total = sum(float(row[f"{column}_last_week"]) for row in rows)
        assert sum(row["hours"] for row in hours if row["state"] == state) == pytest.approx(total, abs=0.3)
    assert charts[0].rows == sum(float(row["uptime_last_week"]) + float(row["downtime_last_week"]) > 0 for row in rows)


@pytest.mark.usefixtures("undrawn")
def test_the_worst_stores_are_drawn_on_the_clocks_of_their_zones(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\nmoved,Asia/Tokyo\nhere,Asia/Kathmandu\n")
    load_text("timezones", "store_id,timezone_str,valid_from\nmoved,Europe/Berlin,2024-10-20\n")
    polls = "".join(f"{store},{said},2024-10-30T0{hour}:30:00Z\n" for store, said, hour in POLLED)
    load_text("polls", f"store_id,status,timestamp_utc\n{polls}")
    make(resources, tmp_path, charts=True, as_of="2024-10-30T06:00:00Z")
    spec = json.loads((tmp_path / "worst_stores.vl.json").read_text(encoding="utf-8"))
    rows = [row for data in spec["datasets"].values() for row in data]
    assert {row["store"]: row["zone"] for row in rows if "zone" in row} == {
        "moved": "Europe/Berlin",
        "here": "Asia/Kathmandu",
        "none": "America/Chicago",
    }
    down = [(row["from"], row["to"]) for row in rows if row.get("bottom", 0) - row.get("y", 0) == pytest.approx(0.9)]
    # Hours since the week began at 06:00 UTC: 02:00 to 06:00 UTC of its last day are its 164th to 168th hour, an hour
    # later in Berlin in winter, 5:45 hours later in Kathmandu and five hours earlier in Chicago in summer. There were
    # polls in the first of them.
    assert sorted(down) == [(159, 160), (160, 163), (165, 166), (166, 169), (169.75, 170.75), (170.75, 173.75)]


#: Each store is up from 01:00, and down from 02:00 on.
POLLED = [(store, said, hour) for store in ("moved", "here", "none") for hour, said in ((1, "active"), (2, "inactive"))]


@pytest.mark.usefixtures("undrawn")
def test_charts_of_ranges_of_stores_are_those_of_all_at_once(
    loaded: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [artifact.path.read_bytes() for artifact in make(loaded, tmp_path, charts=True)]
    monkeypatch.setattr(windows, "GRID_CELLS", 270 * 7)  # ranges of seven stores
    monkeypatch.setattr(windows, "CHUNK", 3)
    assert [artifact.path.read_bytes() for artifact in make(loaded, tmp_path, charts=True)] == whole


@pytest.mark.parametrize(
    ("files", "as_of", "drawn"),
    [
        ({"timezones": "store_id,timezone_str\n1,Asia/Tokyo\n"}, "2024-02-29T12:34:56Z", CHARTS[4:]),
        (
            {
                "polls": "store_id,status,timestamp_utc\n1,active,2024-02-26T09:30:00Z\n",
                "hours": "store_id,day,start_time_local,end_time_local\n1,6,10:00,10:00:00\n1,6,09:00,09:00:01\n",
            },
            "2024-02-24T00:00:00Z",
            CHARTS[4:],
        ),
        ({}, "2024-02-29T12:34:56Z", []),
    ],
    ids=["nobody looked", "nobody looked yet", "no stores"],
)
def test_charts_that_would_show_nothing_are_left_out(
    load_text: LoadText,
    resources: Resources,
    tmp_path: Path,
    files: dict[str, str],
    as_of: str,
    drawn: list[str],
) -> None:
    for kind, content in files.items():
        load_text(kind, content)
    main, *charts = make(resources, tmp_path, as_of=as_of, charts=True)
    assert main.path.name == "uptime.csv"
    assert [chart.path.name for chart in charts] == drawn


def test_a_process_with_a_memory_limit_draws(loaded: Resources) -> None:
    """The engine that draws reserves much more than it uses, and the limit counts what is reserved."""
    assert loaded.settings.report_memory_limit_mb == 2048
    with api(loaded, slots=1) as client:
        answer = reported(client, params={"charts": True})
    assert answer["status"] == "Complete"
    assert [file["name"] for file in answer["files"]] == ["uptime.csv", *CHARTS, SUMMARY, MANIFEST]


def test_a_memory_limit_below_what_drawing_takes_is_told_and_kills_nothing(
    servers: Addresses, session_settings: Settings
) -> None:
    small = session_settings.model_copy(update={"report_memory_limit_mb": 512})
    with fresh_resources(servers, small) as resources:
        load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
        with api(resources, slots=1) as client:
            answer = reported(client, params={"charts": True})
            assert answer["error"]["code"] == MemoryLimitExceeded.code
            answer = reported(client)
            assert answer["status"] == "Complete"


def test_a_store_that_only_has_a_zone_is_unknown_around_the_clock(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("timezones", "store_id,timezone_str\n1,Asia/Tokyo\n")
    (artifact,) = make(resources, tmp_path, as_of="2024-02-29T12:34:56.789Z")
    (row,) = rows_of(artifact.path)
    assert [row[f"unknown_last_{window}"] for window in ("hour", "day", "week")] == ["60.00", "24.00", "168.00"]


def test_keys_with_commas_and_quotes_stay_one_field(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("polls", 'store_id,status,timestamp_utc\n"a,b ""c""",active,2023-01-22T12:00:00Z\n')
    (artifact,) = make(resources, tmp_path)
    assert rows_of(artifact.path)[0]["store_id"] == 'a,b "c"'


def test_keys_that_a_spreadsheet_would_run_are_marked_as_text_and_numbers_are_not(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    keys = ["=cmd|'/C calc'!A0", "+x", "-5", "-x", "@x", "5"]
    load_text("timezones", "store_id,timezone_str\n" + "".join(f"{key},UTC\n" for key in keys))
    (file,) = make(resources, tmp_path, as_of="2023-01-25T00:00:00Z")
    assert [row["store_id"] for row in rows_of(file.path)] == ["'+x", "-5", "'-x", "5", "'=cmd|'/C calc'!A0", "'@x"]
    # Names of stores are given as they were loaded.
    (file,) = make(resources, tmp_path, as_of="2023-01-25T00:00:00Z", stores=["@x"])
    assert [row["store_id"] for row in rows_of(file.path)] == ["'@x"]


def test_the_latest_poll_is_the_default_instant(load_text: LoadText, resources: Resources) -> None:
    load_text(
        "polls",
        "store_id,status,timestamp_utc\n1,active,2023-01-22T12:00:00Z\n1,active,2023-03-22T12:00:00.5Z\n"
        "1,active,2022-01-22T12:00:00Z\n",
    )
    with resources.engine.connect() as connection:
        _, as_of = uptime.resolve(connection, UptimeParams())
    assert as_of == datetime(2023, 3, 22, 12, tzinfo=UTC) + timedelta(seconds=0.5)


def test_without_polls_and_as_of_there_is_no_report(resources: Resources) -> None:
    with resources.engine.connect() as connection, pytest.raises(NoPolls, match="load"):
        uptime.resolve(connection, UptimeParams())


def test_stores_that_nobody_named_are_refused_by_name(loaded: Resources) -> None:
    with loaded.engine.connect() as connection, pytest.raises(InvalidParameters, match="'nobody'"):
        uptime.resolve(connection, UptimeParams(stores=["nobody"]))


def test_rounding_is_half_up_on_exact_numbers() -> None:
    horizon = Horizon.before(datetime(2023, 1, 1, tzinfo=UTC), lookback=timedelta(hours=1))
    open_time = np.zeros((1, len(horizon.edges) - 1), np.int64)
    status = np.ones((1, horizon.hours), np.int8)
    open_time[0, -1] = 300_000  # 0.005 minutes
    assert windows.compute(open_time, status, horizon)[0, 0] == 1
    open_time[0, -1] = 299_999
    assert windows.compute(open_time, status, horizon)[0, 0] == 0
