"""Tables stay in the raw layer: brought in, read again from there, loaded again, removed."""

import gzip
import hashlib
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.errors import ObjectStoreUnavailable, TableRemoved
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.table.reading import read_rows
from app.ingest.table.stored import StoredTable
from app.series import table_files
from app.series.table_files import Start, TableFile
from app.storage.resources import Resources
from tests.asking import report_of
from tests.catalogue.bringing import bring, keys_below
from tests.conftest import api

PLAYS = "Song,Date,Number of Plays\nUmbrella,2020-01-02,200\n NULL ,2020-01-01,007\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


def table(resources: Resources, dataset_id: str) -> TableFile | None:
    with resources.engine.connect() as connection:
        return table_files.find(connection, [dataset_id]).get(dataset_id)


def songs(resources: Resources, file: TableFile) -> list[tuple[int, str]]:
    """Each song with its line, read from the raw layer."""
    rejects = Rejects()
    return [
        (int(line), song)
        for start, end in file.ranges()
        for block in read_rows(
            StoredTable(resources.object_store, file),
            file,
            start,
            end,
            wanted=["Song"],
            limits=Limits(),
            rejects=rejects,
        )
        for line, song in zip(block.lines, block.texts["Song"].to_pylist(), strict=True)
    ]


def test_a_table_is_kept_as_it_came_and_read_from_there(client: TestClient, resources: Resources) -> None:
    brought = bring(client, PLAYS, kind="table", filename="plays.csv")
    assert (brought["status"], brought["rows_read"], brought["rows_accepted"]) == ("ready", 2, 2)
    file = table(resources, brought["dataset_id"])
    (raw_key,) = keys_below(resources, "raw/table/")
    assert file == TableFile(
        dataset_id=brought["dataset_id"],
        raw_key=raw_key,
        name="plays.csv",
        is_packed=False,
        bytes=len(PLAYS),
        sha256=hashlib.sha256(PLAYS.encode()).hexdigest(),
        columns=("Song", "Date", "Number of Plays"),
        starts=(Start(26, 2),),
        rows=2,
    )
    assert songs(resources, file) == [(2, "Umbrella"), (3, " NULL ")]


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (gzip.compress(PLAYS.encode()), Start(26, 2)),
        (b"\xef\xbb\xbf" + PLAYS.encode(), Start(29, 2)),
        (PLAYS.replace("\n", "\r").encode(), Start(26, 2)),
        (b"\r\n\r\n" + PLAYS.replace("\n", "\r\n").encode(), Start(31, 4)),
    ],
    ids=["gzip", "a byte order mark", "lines that end in CR", "blank lines first"],
)
def test_the_first_row_of_any_file_is_found_again(
    client: TestClient, resources: Resources, content: bytes, start: Start
) -> None:
    file = table(resources, bring(client, content, kind="table")["dataset_id"])
    assert file is not None
    assert file.starts == (start,)
    assert songs(resources, file) == [(start.line, "Umbrella"), (start.line + 1, " NULL ")]


def test_a_table_of_a_header_alone_has_no_rows(client: TestClient, resources: Resources) -> None:
    brought = bring(client, "Song,Date", kind="table")
    assert (brought["status"], brought["rows_read"]) == ("ready", 0)
    file = table(resources, brought["dataset_id"])
    assert file is not None
    assert (file.columns, file.rows, songs(resources, file)) == (("Song", "Date"), 0, [])


def test_names_may_be_given_for_a_file_without_a_header(client: TestClient, resources: Resources) -> None:
    brought = bring(client, "Umbrella,2020\n", kind="table", columns="Song,Year")
    file = table(resources, brought["dataset_id"])
    assert file is not None
    assert (file.columns, songs(resources, file)) == (("Song", "Year"), [(1, "Umbrella")])


def test_rows_of_another_width_are_left_out_whenever_the_table_is_read(
    client: TestClient, resources: Resources
) -> None:
    content = PLAYS + "Yesterday,1965\nHelp,1965-08-06,3\n"
    refused = bring(client, content, kind="table")
    assert (refused["status"], refused["error"]["code"]) == ("rejected", "rejected_rows")
    assert table(resources, refused["dataset_id"]) is None
    brought = bring(client, content, kind="table", on_error="skip_rows")
    assert (brought["rows_read"], brought["rows_accepted"], brought["rows_rejected"]) == (4, 3, 1)
    (told,) = brought["rejections"]
    assert (told["line"], told["code"]) == (4, "wrong_width")
    file = table(resources, brought["dataset_id"])
    assert file is not None
    assert [song for _, song in songs(resources, file)] == ["Umbrella", " NULL ", "Help"]


def test_a_table_is_loaded_again_and_its_bytes_are_not_taken_twice(client: TestClient, resources: Resources) -> None:
    brought = bring(client, PLAYS, kind="table", filename="plays.csv")
    before = table(resources, brought["dataset_id"])
    again = client.post("/datasets", params={"kind": "table", "filename": "other.csv"}, content=PLAYS)
    assert (again.status_code, again.json()["dataset_id"]) == (409, brought["dataset_id"])
    assert client.post(f"/datasets/{brought['dataset_id']}/reload", params={"wait": 30}).json()["status"] == "ready"
    assert table(resources, brought["dataset_id"]) == before


@pytest.mark.parametrize("rows", [False, True])
def test_a_table_is_removed_with_its_file_whether_or_not_its_rows_are_named(
    client: TestClient, resources: Resources, *, rows: bool
) -> None:
    dataset_id = bring(client, PLAYS, kind="table")["dataset_id"]
    assert client.delete(f"/datasets/{dataset_id}", params={"rows": rows}).status_code == 202
    for _ in range(50):
        if client.get(f"/datasets/{dataset_id}", params={"wait": 30}).status_code == 404:
            break
    assert table(resources, dataset_id) is None
    assert keys_below(resources, "raw/table/") == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"mapping": "outages"}, "mapping"),
        ({"valid_from": "2026-01-01"}, "valid_from: a table keeps the columns of its file"),
        ({"columns": "Song,Song"}, "columns 1 and 2 are both called 'Song'"),
        ({"columns": "Song,"}, "column 2 has no name"),
    ],
)
def test_options_that_no_table_has_are_refused(client: TestClient, query: dict[str, str], told: str) -> None:
    answer = client.post("/datasets", params={"kind": "table", **query}, content=PLAYS)
    assert answer.status_code in {404, 422}
    assert told in answer.json()["detail"]


def test_a_table_needs_no_mapping(client: TestClient) -> None:
    answer = client.post("/datasets/inspect", params={"kind": "table"}, content=PLAYS)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    assert "may have any columns" in answer.json()["detail"]
    assert client.post("/datasets/inspect", content=PLAYS).json()["kind"] != "table"


def test_a_table_that_is_being_removed_is_refused_and_ends_the_reports_that_wait_for_it(
    resources: Resources,
) -> None:
    with api(resources, slots=1) as working:
        dataset_id = bring(working, PLAYS, kind="table", filename="plays.csv")["dataset_id"]
    body = {"report": "rollup", "params": {"datasets": [dataset_id], "by": ["Song"]}}
    with api(resources, slots=0) as idle:
        report_id = idle.post("/trigger_report", json=body).json()["report_id"]
        assert idle.delete(f"/datasets/{dataset_id}").status_code == 202
        refused = idle.post("/trigger_report", json=body)
        assert refused.status_code == 422
        assert f"datasets: '{dataset_id}' is being removed" in refused.json()["detail"]
    with api(resources, slots=1) as working:
        answer = report_of(working, report_id)
    assert (answer["status"], answer["error"]["code"]) == ("Failed", "table_removed")
    assert dataset_id in answer["error"]["message"]
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT attempt FROM report WHERE id = :id"), {"id": report_id}) == 1


def test_only_a_table_whose_file_is_gone_counts_as_removed(client: TestClient, resources: Resources) -> None:
    file = table(resources, bring(client, PLAYS, kind="table", filename="plays.csv")["dataset_id"])
    assert file is not None
    stored = StoredTable(resources.object_store, file)
    with pytest.raises(ObjectStoreUnavailable):
        stored.span(file.bytes + 1, file.bytes + 2)
    resources.object_store.remove([file.raw_key])
    with pytest.raises(TableRemoved, match=file.dataset_id):
        stored.span(0, 1)
