"""What a notebook asks of the library, from a server with the sample data."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import openhours
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from app.web.server import serving

AS_OF = datetime(2023, 1, 25, 18, tzinfo=UTC)

#: Two stores of the sample, in the order of their ids as text.
STORES = ["1050565545391667097", "158406589678859173"]


@pytest.fixture(scope="module")
def client(loaded: Resources) -> Iterator[openhours.Client]:
    with serving(loaded, slots=1) as address, openhours.Client(address) as client:
        yield client


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def test_a_report_is_a_frame_with_ids_as_text_and_numbers_as_numbers(client: openhours.Client) -> None:
    frame = client.report("uptime", stores=STORES, as_of=AS_OF)
    assert frame["store_id"].tolist() == STORES
    names = [
        f"{part}_last_{window}"
        for part in ("uptime", "downtime", "unknown", "carried")
        for window in ("hour", "day", "week")
    ]
    assert dtypes(frame) == {"store_id": "str", **dict.fromkeys(names, "float64")}
    assert frame["uptime_last_day"].tolist() == [7.75, 20.0]
    assert frame.attrs["as_of"] == "2023-01-25T18:00:00Z"
    assert frame.attrs["files"] == ["uptime.csv", "summary.json", "manifest.json"]
    # Of the two, the first has no time zone and the second no hours.
    warned: list[openhours.ReportWarning] = frame.attrs["warnings"]
    assert [(one["code"], one["count"], one["examples"]) for one in warned] == [
        ("default_zone", 1, STORES[:1]),
        ("default_hours", 1, STORES[1:]),
    ]
    assert warned[0]["message"].endswith("America/Chicago applies: load timezones for them")
    assert client.poll(frame.attrs["report_id"])["status"] == "Complete"


def test_without_a_kind_it_is_the_uptime_of_every_store(client: openhours.Client) -> None:
    assert len(client.report()) == 26


def test_parameters_may_be_what_a_notebook_holds(client: openhours.Client) -> None:
    stores = pd.DataFrame({"store_id": STORES})["store_id"]
    frame = client.report("uptime", stores=stores, as_of=pd.Timestamp(AS_OF), lookback_hours=np.int64(48))
    listed = client.page("reports", limit=1)["reports"][0]
    assert listed["report_id"] == frame.attrs["report_id"]
    params = client.details(frame.attrs["report_id"])["params"]
    assert params["stores"] == STORES
    assert params["lookback_hours"] == 48


def test_a_further_file_is_read_by_its_name(client: openhours.Client) -> None:
    report_id = client.report("uptime", stores=STORES, as_of=AS_OF, hourly=True).attrs["report_id"]
    hourly = client.frame(report_id, "hourly.parquet")
    assert dtypes(hourly) == {
        "store_id": "str",
        "hour_utc": "datetime64[us, UTC]",
        "status": "str",
        "open_seconds": "float64",
        "polls": "int32",
        "active_polls": "int32",
    }
    assert sorted(set(hourly["store_id"])) == STORES
    assert hourly["hour_utc"].max() == pd.Timestamp("2023-01-25T17:00Z")


def test_instants_are_datetimes_and_what_is_empty_is_missing(client: openhours.Client) -> None:
    frame = client.report("pull_requests", charts=False)
    for name in ("created_at", "first_review_at", "merged_at"):
        assert str(frame[name].dtype) == "datetime64[us, UTC]", name
    assert (str(frame["number"].dtype), str(frame["team"].dtype)) == ("int64", "str")
    without_review = frame["first_review_at"].isna()
    assert without_review.sum() == 30  # counted in the file
    assert frame.loc[without_review, "pickup_time_wall_seconds"].isna().all()


def test_the_rows_are_those_of_the_file(client: openhours.Client, tmp_path: Path) -> None:
    report_id = client.report("pull_requests", charts=False).attrs["report_id"]
    path = client.download(client.files(report_id)[0], tmp_path)
    assert path == tmp_path / "pull_requests.csv"
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    frame = client.frame(report_id)
    assert list(frame.columns) == header
    texts = frame.astype("str").where(frame.notna(), "")
    assert texts["repo"].tolist() == [row[header.index("repo")] for row in rows]
    assert frame["created_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist() == [
        row[header.index("created_at")] for row in rows
    ]


def test_the_summary_and_other_files_are_asked_for_by_the_id(client: openhours.Client) -> None:
    report_id = client.trigger("pull_requests", {"charts": True})
    client.wait(report_id, timeout_seconds=60)
    assert client.summary(report_id)["total_num_observations"] == 300
    assert client.read(report_id, "review_time_per_team.png").startswith(b"\x89PNG")
    with pytest.raises(openhours.InvalidInput, match=r"summary\.json is not a table"):
        client.frame(report_id, "summary.json")
    with pytest.raises(openhours.InvalidInput, match=r"no file 'x\.csv'; it has pull_requests\.csv, summary\.json"):
        client.read(report_id, "x.csv")


def test_a_frame_of_a_report_can_be_written_as_parquet(client: openhours.Client, tmp_path: Path) -> None:
    """Pandas writes attrs as JSON."""
    frame = client.report("uptime", stores=STORES, as_of=AS_OF)
    frame.to_parquet(tmp_path / "uptime.parquet")
    assert pd.read_parquet(tmp_path / "uptime.parquet").attrs == frame.attrs


def test_lists_are_frames_of_everything_or_of_the_newest(client: openhours.Client) -> None:
    client.report("uptime", stores=STORES, as_of=AS_OF)
    reports = client.reports(kind="uptime", status="complete")
    assert str(reports["created_at"].dtype) == "datetime64[us, UTC]"
    assert reports["created_at"].is_monotonic_decreasing
    assert len(client.reports(limit=1)) == 1
    assert client.reports(status="cancelled").empty


def test_entities_are_listed_page_after_page(client: openhours.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openhours.connection.PAGE_ROWS", 10)
    stores = client.entities()
    assert (len(stores), stores["key"].is_unique, stores["key"].is_monotonic_increasing) == (26, True, True)
    assert len(client.entities(limit=12)) == 12
    assert client.entities("team")["key"].tolist() == ["Mobile", "Payments", "Search"]
    assert client.entities(prefix="158")["key"].tolist() == ["158406589678859173"]
    assert client.entity("store", "158406589678859173")["polls"] == 105


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("uptimes", {}, f"There is no report kind 'uptimes'; known kinds: {', '.join(REPORT_KINDS)}"),
        ("uptime", {"lookback_hours": 1000}, "lookback_hours: .* is not a whole number from 1 to 720"),
        ("uptime", {"store": ["1"]}, "store: .*; allowed: .*lookback_hours.*stores"),
        ("uptime", {"stores": ["1"]}, "stores: .* has named the store '1'"),
    ],
)
def test_what_the_server_refuses_names_what_is_allowed(
    client: openhours.Client, kind: str, params: dict[str, object], words: str
) -> None:
    with pytest.raises(openhours.Problem, match=words) as caught:
        client.report(kind, **params)
    assert caught.value.code in {"unknown_report_kind", "invalid_parameters"}
    assert 400 <= caught.value.status < 500


def test_the_details_of_a_problem_are_there_for_programs(client: openhours.Client) -> None:
    with pytest.raises(openhours.Problem) as caught:
        client.report("uptime", lookback_hours=0)
    (error,) = caught.value.details["errors"]
    assert (error["parameter"], error["received"]) == ("lookback_hours", 0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2023, 1, 25, 18), "as_of: 2023-01-25 18:00:00 has no time zone; give one"),  # noqa: DTZ001 - that is it
        (b"2023", "as_of: b'2023' is bytes; give text, a number, a datetime"),
    ],
)
def test_what_cannot_be_sent_is_refused_here(client: openhours.Client, value: object, words: str) -> None:
    with pytest.raises(openhours.InvalidInput, match=words):
        client.report("uptime", as_of=value)


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        openhours.Client("http://127.0.0.1:1/") as nowhere,
        pytest.raises(openhours.ServerUnreachable, match=r"^http://127\.0\.0\.1:1 does not answer"),
    ):
        nowhere.report()


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(openhours.InvalidInput, match=r"'localhost:8000' is not an address; give one such as http://"):
        openhours.Client("localhost:8000")
