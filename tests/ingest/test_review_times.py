"""Samples of review times: what a row may hold, and that the rows stay those of their dataset."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.ingest.load import unload
from app.ingest.policy import OnError, Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series import review_times
from app.series.entities import TEAM, read_entities
from app.storage.resources import Resources
from app.timeline import MISSING
from tests.catalogue.bringing import bring, ended
from tests.conftest import GOLDEN, NOW, api, load_file
from tests.ingest.checking import HEADERS, check, refused

HEADER = HEADERS["review_times"]
T2 = HEADER + "1,A,2023-01-14,10\n2,B,2023-01-15,20\n3,C,2023-01-16,30\n"
T3 = HEADER + "1,A,2023-01-14,10\n"
T4 = (
    HEADER
    + "1,A,2023-01-14,10\n,B,2023-01-15,20\n3,C,2023-01-16,30\n"
    + "1,A,2023-01-14,10\n2,B,,20\n3,C,2023-01-16,30\n"
    + "1,A,2023-01-14,\n2,B,2023-01-15,20\n3,C,2023-01-16,30\n"
)
T5 = HEADER + "1,A,2023-01-14,10\n,B,2023-01-15,20\n3,C,20,,,,,,\nasd,,"

FIRST, SECOND = "0" * 31 + "1", "0" * 31 + "2"

#: The observations of T2 as they are stored.
ROWS_OF_T2 = [
    (1.0, "A", date(2023, 1, 14), 10.0),
    (2.0, "B", date(2023, 1, 15), 20.0),
    (3.0, "C", date(2023, 1, 16), 30.0),
]

NO_DURATION = "is not a number of seconds such as 715 or 1.5"
TOO_LONG = "is more than 100 years, 3,153,600,000 seconds"
NO_DATE = "is not a date such as 2023-01-14"
NO_YEAR = "is not between 1970 and 2100"


class Samples:
    """Samples that are loaded by their content, without an API."""

    def __init__(self, resources: Resources, folder: Path) -> None:
        self.resources = resources
        self._path = folder / "sample.csv"

    def load(self, content: str, dataset_id: str = FIRST, **options: Any) -> tuple[int, int, int, int]:
        self._path.write_text(content)
        loaded = load_file(self.resources, "review_times", self._path, dataset_id=dataset_id, **options)
        assert (loaded.first_at, loaded.last_at) == (None, None)
        return loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate

    def unload(self, content: str, dataset_id: str = FIRST) -> int:
        self._path.write_text(content)
        kind, source = DATASET_KINDS["review_times"], FileSource(self._path)
        return unload(self.resources.engine, kind, source, now=NOW, dataset_id=dataset_id)


@pytest.fixture
def samples(resources: Resources, tmp_path: Path) -> Samples:
    return Samples(resources, tmp_path)


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


def observations(resources: Resources, dataset_id: str = FIRST) -> list[tuple[Any, ...]]:
    """Review seconds, team, date and merge seconds in the order of the file."""
    query = (
        "SELECT review_seconds, key, observed_on, merge_seconds FROM review_time LEFT JOIN entity ON id = team_id "
        "WHERE dataset_id = :id AND coalesce(kind, 'team') = 'team' ORDER BY line"
    )
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), {"id": dataset_id})]


def count(resources: Resources) -> int:
    with resources.engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM review_time")) or 0


def test_observations_are_stored_in_the_order_of_their_file(samples: Samples) -> None:
    assert samples.load(T2) == (3, 3, 0, 0)
    assert observations(samples.resources) == ROWS_OF_T2


def test_columns_come_in_any_order(samples: Samples) -> None:
    samples.load("team,Merge_Time,date,review_time\nA,10,2023-01-14,1\n")
    assert observations(samples.resources) == ROWS_OF_T2[:1]


def test_a_sample_of_one_row_is_a_sample(samples: Samples) -> None:
    assert samples.load(T3) == (1, 1, 0, 0)
    assert observations(samples.resources) == ROWS_OF_T2[:1]


def test_what_is_not_known_is_left_empty_and_repeated_rows_all_count(samples: Samples) -> None:
    assert samples.load(T4) == (9, 9, 0, 0)
    first, fourteenth, fifteenth, sixteenth = (1.0, "A"), date(2023, 1, 14), date(2023, 1, 15), date(2023, 1, 16)
    third = (3.0, "C", sixteenth, 30.0)
    assert observations(samples.resources) == [
        *((*first, fourteenth, 10.0), (None, "B", fifteenth, 20.0), third),
        *((*first, fourteenth, 10.0), (2.0, "B", None, 20.0), third),
        *((*first, fourteenth, None), (2.0, "B", fifteenth, 20.0), third),
    ]


def test_rows_of_nothing_are_rows(samples: Samples) -> None:
    assert samples.load(HEADER + ",,,\n,,,\n") == (2, 2, 0, 0)
    assert observations(samples.resources) == [(None, None, None, None)] * 2
    with samples.resources.engine.connect() as connection:
        read = review_times.read(connection, FIRST)
    assert np.isnan([read.review_seconds, read.merge_seconds]).all()
    assert (read.day.tolist(), read.team_id.tolist()) == ([MISSING] * 2, [0, 0])


def test_rows_of_another_width_are_rejected(samples: Samples) -> None:
    checked = check(T5, "review_times")
    assert [(one.line, one.column, one.value, one.code, one.reason) for one in checked.rejections] == [
        (4, "row", "'3,C,20,,,,,,'", "wrong_width", "has 9 fields instead of 4"),
        (5, "row", "'asd,,'", "wrong_width", "has 3 fields instead of 4"),
    ]
    assert samples.load(T5, policy=Policy(OnError.SKIP_ROWS)) == (4, 2, 2, 0)
    assert observations(samples.resources) == [ROWS_OF_T2[0], (None, "B", date(2023, 1, 15), 20.0)]


def test_the_golden_sample_is_loaded_whole(resources: Resources) -> None:
    golden = GOLDEN / "review_times"
    expected = json.loads((golden / "t1_expected.json").read_text())
    loaded = load_file(resources, "review_times", golden / "t1.csv", dataset_id=FIRST)
    assert loaded.rows_accepted == expected["total_num_observations"] == 96
    with resources.engine.connect() as connection:
        assert review_times.team_names(connection, FIRST) == expected["teams"]
        end = datetime.fromisoformat(expected["date_interval"]["end"]).replace(tzinfo=UTC)
        assert review_times.as_of(connection, FIRST) == end + timedelta(days=1)
        sample = review_times.read(connection, FIRST)
        teams = read_entities(connection, TEAM)
    for key, number in zip(teams.keys, teams.ids.tolist(), strict=True):
        rows = sample.team_id == number
        means = expected["per_team"][key]["mean"]
        assert rows.sum() == expected["per_team"][key]["count"]
        assert round(float(sample.review_seconds[rows].mean()), 1) == means["review_time"]
        assert round(float(sample.merge_seconds[rows].mean()), 1) == means["merge_time"]


@pytest.mark.parametrize("column", ["review_time", "merge_time"])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("0", 0.0),
        ("715", 715.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1.25", 1.25),
        ("1E-2", 0.01),
        ("3153600000", 3_153_600_000.0),
    ],
)
def test_a_duration_is_a_number_of_seconds_or_nothing(column: str, value: str, seconds: float | None) -> None:
    assert check(f"{column},{other(column)},team,date\n{value},7,A,\n", "review_times").rows == [
        (seconds, 7.0, None, "A") if column == "review_time" else (7.0, seconds, None, "A")
    ]


@pytest.mark.parametrize("column", ["review_time", "merge_time"])
@pytest.mark.parametrize(
    ("value", "code", "reason"),
    [
        ("-1", "negative", "is negative"),
        ("-1e-3", "negative", "is negative"),
        ("asd", "bad_duration", NO_DURATION),
        ("NaN", "bad_duration", NO_DURATION),
        ("inf", "bad_duration", NO_DURATION),
        ("1e400", "out_of_range", TOO_LONG),
        ("1e308", "out_of_range", TOO_LONG),
        ("3153600000.001", "out_of_range", TOO_LONG),
        ("1_000", "bad_duration", NO_DURATION),
        ("0x10", "bad_duration", NO_DURATION),
        (" 1", "bad_duration", NO_DURATION),
        (".", "bad_duration", NO_DURATION),
        ("٣", "bad_duration", NO_DURATION),
    ],
)
def test_what_is_no_duration_is_rejected(column: str, value: str, code: str, reason: str) -> None:
    checked = check(f"{column},{other(column)},team,date\n1,7,A,\n{value},7,A,\n", "review_times")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.value) == (3, column, repr(value))
    assert (rejection.code, rejection.reason) == (code, reason)
    assert (checked.read, len(checked.rows)) == (2, 1)


def other(column: str) -> str:
    return {"review_time": "merge_time", "merge_time": "review_time"}[column]


@pytest.mark.parametrize(
    ("value", "code", "reason"),
    [
        ("2023-02-29", "bad_date", NO_DATE),
        ("20", "bad_date", NO_DATE),
        ("20230114", "bad_date", NO_DATE),
        ("2023-W02-6", "bad_date", NO_DATE),
        ("2023-01-14T00:00:00", "bad_date", NO_DATE),
        ("14.01.2023", "bad_date", NO_DATE),
        ("1969-12-31", "out_of_range", NO_YEAR),
        ("2100-01-01", "out_of_range", NO_YEAR),
    ],
)
def test_what_is_no_date_is_rejected(value: str, code: str, reason: str) -> None:
    content = HEADER + f"1,A,2024-02-29,1\n1,A,,1\n1,A,1970-01-01,1\n1,A,2099-12-31,1\n1,A,{value},1\n"
    checked = check(content, "review_times")
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.value) == (6, "date", repr(value))
    assert (rejection.code, rejection.reason) == (code, reason)
    assert [row[2] for row in checked.rows] == [19782, None, 0, 47481]


def test_the_columns_that_may_be_empty_must_be_there() -> None:
    assert refused("review_time,team\n1,A\n", "review_times").message == (
        "file.csv, line 1: the header lacks merge_time, date; a review_times file has these columns, in any order: "
        "review_time, merge_time, date, team."
    )


def test_loading_again_replaces_the_rows_of_the_dataset(samples: Samples) -> None:
    for _ in range(2):
        assert samples.load(T4) == (9, 9, 0, 0)
        assert count(samples.resources) == 9
    assert samples.load(T3) == (1, 1, 0, 0)
    assert observations(samples.resources) == ROWS_OF_T2[:1]
    assert samples.load(HEADER) == (0, 0, 0, 0)
    assert count(samples.resources) == 0


def test_two_datasets_do_not_mix(samples: Samples) -> None:
    samples.load(T2, FIRST)
    samples.load(T3, SECOND)
    assert observations(samples.resources, FIRST) == ROWS_OF_T2
    assert observations(samples.resources, SECOND) == ROWS_OF_T2[:1]
    with samples.resources.engine.connect() as connection:
        assert review_times.team_names(connection, FIRST) == ["A", "B", "C"]
        assert review_times.team_names(connection, SECOND) == ["A"]
        assert [len(review_times.read(connection, one)) for one in (FIRST, SECOND, "f" * 32)] == [3, 1, 0]
        assert [review_times.is_sample(connection, one) for one in (FIRST, SECOND, "f" * 32)] == [True, True, False]
    assert samples.unload(T2, FIRST) == 3
    assert samples.unload(T2, FIRST) == 0
    assert observations(samples.resources, SECOND) == ROWS_OF_T2[:1]


def test_a_file_that_is_not_accepted_leaves_the_rows_of_its_dataset(client: TestClient, resources: Resources) -> None:
    found = bring(client, T2 + "asd,D,2023-01-17,1\n", kind="review_times", on_error="skip_rows")
    assert [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")] == [4, 3, 1, 0]
    assert client.post(f"/datasets/{found['dataset_id']}/reload?on_error=reject_file").status_code == 202
    again = ended(client, found["dataset_id"])
    assert (again["status"], again["error"]["code"]) == ("rejected", "rejected_rows")
    assert observations(resources, found["dataset_id"]) == ROWS_OF_T2


def test_reloading_over_http_replaces_the_rows(client: TestClient, resources: Resources) -> None:
    found = bring(client, T5, kind="review_times", filename="t5.csv")
    dataset_id = found["dataset_id"]
    assert (found["status"], count(resources)) == ("rejected", 0)
    for _ in range(2):
        assert client.post(f"/datasets/{dataset_id}/reload?on_error=skip_rows").status_code == 202
        found = ended(client, dataset_id)
        assert found["status"] == "ready"
        assert [found[f"rows_{name}"] for name in ("read", "accepted", "rejected", "duplicate")] == [4, 2, 2, 0]
        assert (found["first_at"], found["last_at"]) == (None, None)
        assert observations(resources, dataset_id) == [ROWS_OF_T2[0], (None, "B", date(2023, 1, 15), 20.0)]


def test_removing_a_dataset_with_its_rows_leaves_those_of_others(client: TestClient, resources: Resources) -> None:
    first = bring(client, T2, kind="review_times")["dataset_id"]
    twin = client.post("/datasets", params={"kind": "review_times"}, content=T2)
    assert (twin.status_code, twin.json()["code"], twin.json()["dataset_id"]) == (409, "duplicate_dataset", first)
    second = bring(client, T2, kind="review_times", force=True)["dataset_id"]
    assert observations(resources, first) == observations(resources, second) == ROWS_OF_T2
    assert client.delete(f"/datasets/{first}?rows=true").status_code == 202
    for _ in range(10):
        if client.get(f"/datasets/{first}?wait=30").status_code == 404:
            break
    assert client.get(f"/datasets/{first}").status_code == 404
    assert observations(resources, first) == []
    assert observations(resources, second) == ROWS_OF_T2
