"""Files and frames that the library loads."""

from collections.abc import Iterator
from datetime import time
from pathlib import Path

import pandas as pd
import pytest

import openhours
from app.storage.resources import Resources
from app.web.server import serving
from tests.conftest import SAMPLE_DATA


@pytest.fixture
def client(resources: Resources) -> Iterator[openhours.Client]:
    with serving(resources, slots=1) as address, openhours.Client(address) as client:
        yield client


POLLS = pd.DataFrame(
    {
        "store_id": ["007", "007", "NA"],
        "status": ["active", "inactive", "active"],
        "timestamp_utc": pd.to_datetime(
            ["2023-01-22T12:09:39.388884+01:00", "2023-01-22T13:00:00+01:00", "2023-01-22T14:00:00+01:00"],
            format="ISO8601",
        ),
    }
)


def test_a_file_is_loaded_and_its_dataset_is_told(client: openhours.Client) -> None:
    answer = client.load("polls", SAMPLE_DATA / "polls.csv")
    assert (answer["status"], answer["rows_read"], answer["filename"]) == ("ready", 3601, "polls.csv")
    (row,) = client.datasets(kind="polls").itertuples()
    assert row.dataset_id == answer["dataset_id"]
    assert row.last_at == pd.Timestamp("2023-01-25T18:12:02.540980Z")


def test_a_frame_is_loaded_with_its_ids_and_instants_as_they_are(client: openhours.Client) -> None:
    assert client.load("polls", POLLS)["rows_accepted"] == 3
    store = client.entity("store", "007")
    assert (store["first_poll"], store["polls"]) == ("2023-01-22T11:09:39.388884Z", 2)
    report = client.report("uptime", as_of="2023-01-22T14:00:00Z")
    assert report["store_id"].tolist() == ["007", "NA"]


def test_a_roll_up_comes_as_its_file_has_it(client: openhours.Client, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("status,x\n'=1+1,2\n=1+1,3\n,4\n007,5\n", encoding="utf-8")
    assert client.load("table", path)["status"] == "ready"
    frame = client.report("rollup", datasets=["plays.csv"], by=["status"], sum=["x"])
    assert frame.to_dict("list") == {"status": ["", "'=1+1", "007", "=1+1"], "sum_x": [4, 2, 5, 3]}


def test_an_index_with_a_name_is_a_column_and_times_of_day_are_taken(client: openhours.Client) -> None:
    hours = pd.DataFrame(
        {"day": [0, 1], "start_time_local": [time(9), time(9, 30)], "end_time_local": ["17:00", "24:00"]},
        index=pd.Index(["007", "=1+1"], name="store_id"),
    )
    client.load("hours", hours)
    assert client.entity("store", "=1+1")["hours"] == [
        {"day": 1, "start_time_local": "09:30:00", "end_time_local": "24:00:00"}
    ]
    client.load("polls", POLLS)
    assert client.report("uptime")["store_id"].tolist() == ["007", "=1+1", "NA"]  # in the CSV: '=1+1


def test_instants_without_a_zone_are_not_guessed(client: openhours.Client) -> None:
    naive = POLLS.assign(timestamp_utc=POLLS["timestamp_utc"].dt.tz_localize(None))
    with pytest.raises(openhours.InvalidInput, match=r"timestamp_utc: .* frame\['timestamp_utc'\]\.dt\.tz_localize"):
        client.load("polls", naive)


def test_a_file_with_wrong_rows_is_an_error_that_names_them(client: openhours.Client) -> None:
    wrong = POLLS.assign(status=["active", "up", "down"])
    with pytest.raises(openhours.DatasetRejected, match=r"2 of 3 rows are invalid") as caught:
        client.load("polls", wrong)
    assert "line 3, status: 'up' is not one of active, inactive" in caught.value.message
    assert caught.value.code == "rejected_rows"
    assert [one["line"] for one in caught.value.details["rejections"]] == [3, 4]
    answer = client.load("polls", wrong, on_error="skip_rows", force=True)
    assert (answer["rows_accepted"], answer["rows_rejected"]) == (1, 2)


def test_the_same_bytes_are_refused_unless_forced(client: openhours.Client) -> None:
    first = client.load("polls", POLLS)["dataset_id"]
    with pytest.raises(openhours.Problem, match=f"already loaded as dataset {first}"):
        client.load("polls", POLLS)
    assert client.load("polls", POLLS, force=True)["dataset_id"] != first


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(client: openhours.Client) -> None:
    with pytest.raises(openhours.Problem, match=r"no dataset kind 'poll'; known kinds: .*polls"):
        client.load("poll", POLLS)


def test_what_is_no_file_is_refused(client: openhours.Client, tmp_path: Path) -> None:
    with pytest.raises(openhours.InvalidInput, match=r"is a folder; give the path of a file"):
        client.load("polls", tmp_path)
    with pytest.raises(openhours.InvalidInput, match=r"nothing\.csv is not there"):
        client.load("polls", str(tmp_path / "nothing.csv"))


def test_a_wait_for_a_check_has_an_end(resources: Resources) -> None:
    with serving(resources, slots=0) as address, openhours.Client(address) as nobody_works:
        with pytest.raises(openhours.StillRunning, match=r"is still checking \(0%\) after 0\.1 seconds") as caught:
            nobody_works.load("polls", POLLS, timeout_seconds=0.1)
        assert nobody_works.datasets()["dataset_id"].tolist() == [caught.value.details["dataset_id"]]
