"""POST /datasets/inspect, and what a refused dataset proposes."""

import gzip
import json
from collections.abc import Callable, Iterator
from io import BytesIO

import openpyxl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.catalogue.bringing import bring, polls
from tests.conftest import api
from tests.ingest.parquet import polls_as_parquet

EXPORT = "Report;;\nZeit;Filiale;Zustand\n21.01.2017 21:11:39;7;UP\n22.01.2017 20:09:00;7;DOWN\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=1) as client:
        yield client


def test_a_file_is_told_what_it_seems_to_be(client: TestClient) -> None:
    found = client.post("/datasets/inspect", content=EXPORT.encode()).json()
    assert (found["kind"], found["layout"]) == ("polls", {"delimiter": ";", "skip_lines": 1})
    assert [one["what"] for one in found["columns"]] == ["instant", "number", "status"]
    assert found["questions"] == [
        {"question": "Zeit: which zone are times such as '21.01.2017 21:11:39' of?", "assumed": "UTC"}
    ]
    assert found["mapping"]["columns"] == {
        "store_id": {"from": "Filiale"},
        "status": {"from": "Zustand", "words": {"UP": "active", "DOWN": "inactive"}},
        "timestamp_utc": {"from": "Zeit", "date": "dmy", "zone": "UTC"},
    }
    assert (found["may_be_accepted"], len(found["rows"])) == (True, 2)
    assert {row["status"] for row in found["rows"]} <= {"active", "inactive", "unknown"}


def test_what_cannot_be_told_is_asked(client: TestClient) -> None:
    text = "store_id,status,timestamp_utc\n7,2,01/02/2025 13:00\n7,1,03/04/2025 13:00\n"
    found = client.post("/datasets/inspect", params={"kind": "polls"}, content=text.encode()).json()
    assert [one["question"].partition(":")[2][:20] for one in found["questions"]] == [
        " what does '2' mean,",
        " is '01/02/2025 13:0",
    ]
    assert not found["may_be_accepted"]


def in_one_value(size: int) -> bytes:
    """A Parquet file of 200 rows with one long text, which it has once: as rows they take 200 times its size."""
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 200, pa.int32()), pa.array(["x" * size]))
    target = BytesIO()
    pq.write_table(pa.table({"store_id": same}), target, compression="zstd")
    return target.getvalue()


def far_away() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "store_id", "x"
    target = BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (far_away(), "reaches to row 1,048,576 and column XFD"),
        (in_one_value(8 << 20), "takes more than 512 MiB of memory or 20 seconds to be looked at"),
        (gzip.compress(far_away()), "reaches to row 1,048,576 and column XFD"),
    ],
)
def test_a_small_file_that_swells_takes_nothing_from_who_answers(client: TestClient, content: bytes, said: str) -> None:
    assert len(content) < 10_000
    before = psutil.Process().memory_info().rss
    response = client.post("/datasets/inspect", content=content)
    assert (response.status_code, response.json()["reason"]) == (422, "too_large")
    assert said in response.json()["detail"]
    assert psutil.Process().memory_info().rss - before < 200 << 20


def test_bytes_that_are_no_file_are_refused(client: TestClient) -> None:
    for content in (b"", b"\x00\x01", b"\x1f\x8bxx", b"PK\x03\x04", b"{", b"[1, 2]", b"\r"):
        answer = client.post("/datasets/inspect", content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "rejected_file"), content


LONG = b"9" * 5000  # digits, more than Python reads as a number


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'{"a":' + LONG + b"}",
            "has a number with thousands of digits",
        ),
        (b'{"data":[{"a":' + LONG + b"}]}", "has a number with thousands of digits"),
        (b'[{"a":' + LONG + b"}]", "has no array of objects"),
    ],
    ids=lambda one: one[:20] if isinstance(one, bytes) else None,
)
def test_json_of_which_a_value_cannot_be_read_is_refused(client: TestClient, content: bytes, said: str) -> None:
    answer = client.post("/datasets/inspect", content=content)
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (422, "rejected_file", "bad_json")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1}\n{"a":' + LONG + b"}",
        b'{"a":[1,' + LONG + b'],"rows":[{"b":1}]}',
        b'{"rows":[{"b":1}],"others":[{"b":' + LONG + b"}]}",
    ],
    ids=lambda one: one[:20],
)
def test_a_number_that_is_too_long_beside_others_is_no_bug(client: TestClient, content: bytes) -> None:
    assert client.post("/datasets/inspect", content=content).status_code in {200, 422}


@pytest.mark.parametrize("content", [b'{"a":"x\\ud800"}', b'[{"\\udfff":"x\\ud800"}]'])
def test_half_of_a_character_is_answered_as_a_question_mark(client: TestClient, content: bytes) -> None:
    answer = client.post("/datasets/inspect", content=content)
    assert answer.status_code == 200
    assert "x?" in [example for column in answer.json()["columns"] for example in column["examples"]]


def test_half_of_a_character_is_told_with_its_line(client: TestClient) -> None:
    row = '{"store_id":"7","status":"active","timestamp_utc":"2024-11-01T00:00:00Z"}'
    content = "\n".join([row, row.replace('"7"', '"\\ud800"'), row])
    said = "line 2: a text has half of a surrogate pair such as \\ud800, which is no character; remove it"
    answer = client.post("/datasets/inspect", content=content.encode())
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    columns = {name: {"from": name} for name in json.loads(row)}
    refused = bring(client, content, mapping=json.dumps({"kind": "polls", "format": "jsonl", "columns": columns}))
    assert refused["status"] == "rejected"
    assert said in refused["error"]["message"]


def test_a_refused_dataset_carries_the_mapping_that_would_read_it(client: TestClient) -> None:
    refused = bring(client, EXPORT.partition("\n")[2])
    assert refused["status"] == "rejected"
    again = client.post(
        f"/datasets/{refused['dataset_id']}/reload", params={"mapping": json.dumps(refused["proposal"]), "wait": 30}
    ).json()
    assert (again["status"], again["rows_accepted"], again["proposal"]) == ("ready", 2, None)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_refused_parquet_file_carries_its_mapping(client: TestClient, pack: Callable[[bytes], bytes]) -> None:
    content = pack(polls_as_parquet())
    found = client.post("/datasets/inspect", content=content).json()
    assert (found["kind"], found["may_be_accepted"], found["layout"]) == ("polls", True, {"format": "parquet"})
    refused = bring(client, content)
    assert refused["status"] == "rejected"
    assert "is not a CSV but a Parquet file; load it by a mapping" in refused["error"]["message"]
    path = f"/datasets/{refused['dataset_id']}/reload"
    again = client.post(path, params={"mapping": json.dumps(refused["proposal"]), "wait": 30}).json()
    assert (again["status"], again["rows_accepted"]) == ("ready", 10_000)


def test_a_zone_may_be_assumed_and_columns_left_out(client: TestClient) -> None:
    found = bring(
        client,
        "7,x,active,2025-01-02 12:00:00\n",
        columns="store_id,-,status,timestamp_utc",
        assume_zone="Europe/Berlin",
    )
    assert (found["status"], found["first_at"]) == ("ready", "2025-01-02T11:00:00Z")
    wrong = client.post("/datasets", params={"kind": "polls", "assume_zone": "Berlin"}, content="x")
    assert "is not a zone of the IANA time zone database" in wrong.json()["detail"]


OUTAGES = "id,start,end\n1,2025-01-02 12:00:00,2025-01-02 12:10:00\n2,2025-01-03 12:00:00,\n"


def test_a_column_that_a_file_lacks_is_set_for_all_of_its_rows(client: TestClient, resources: Resources) -> None:
    refused = bring(client, OUTAGES, mapping="outages")
    assert "if the file is of one store_id, set=store_id=TEXT gives it to every row" in refused["error"]["message"]
    found = bring(client, OUTAGES, mapping="outages", set="store_id=shop=1")
    assert (found["status"], found["rows_accepted"]) == ("ready", 3)
    assert [store for store, *_ in polls(resources)] == ["shop=1"] * 3
    assert found["options"]["set"] == {"store_id": "shop=1"}
    used = found["options"]["mapping"]
    assert (used["name"], used["document"]["columns"]) == ("outages", {"store_id": {"value": "shop=1"}})
    path = f"/datasets/{found['dataset_id']}/reload"
    again = client.post(path, params={"set": '{"store_id": "a,b"}', "wait": 30}).json()
    assert (again["status"], [store for store, *_ in polls(resources)].count("a,b")) == ("ready", 3)
    # It stays while the mapping is another one, until it is dropped.
    document = '{"kind": "polls", "columns": {"store_id": {"from": "id"}, "status": {"value": "active"}, '
    document += '"timestamp_utc": {"from": "start", "date": "iso", "zone": "UTC"}}}'
    client.post(path, params={"mapping": document, "wait": 30})
    assert [store for store, *_ in polls(resources)].count("a,b") == 3
    client.post(path, params={"set": "", "mapping": document, "wait": 30})
    assert {"1", "2"} <= {store for store, *_ in polls(resources)}


def test_what_cannot_be_set_is_refused_at_once(client: TestClient) -> None:
    for options, said in (
        ({"set": "stor=shop"}, "set.stor is not a column of polls (did you mean 'store_id'?)"),
        ({"set": "status=up"}, "set.status: 'up' is not one of active, inactive, unknown"),
        ({"set": "store", "mapping": "outages"}, "set: 'store' is not COLUMN=TEXT such as store_id=shop"),
        ({"set": "{", "mapping": "outages"}, "set: "),
        ({"set": '{"store_id": 5}', "mapping": "outages"}, "set.store_id: 5 is not"),
        ({"set": "stor_id=s", "mapping": "outages"}, "set.stor_id is not a column of polls (did you mean 'store_id'?)"),
        ({"set": "status=up", "mapping": "outages"}, "'up' is not one of active, inactive, unknown"),
    ):
        refused = client.post("/datasets", params={"kind": "polls"} | options, content=OUTAGES)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameters")
        assert said in refused.json()["detail"]


def test_a_refusal_that_has_a_proposal_names_the_command_that_shows_it(client: TestClient) -> None:
    hint = "\nA mapping would read it: openhours inspect FILE shows it, and so does proposal."
    refused = bring(client, EXPORT.partition("\n")[2])
    assert refused["error"]["message"].endswith(hint)
    refused = bring(client, "a,b\n1,2\n")
    assert (refused["proposal"], hint in refused["error"]["message"]) == (None, False)


def test_a_table_that_curl_has_put_on_one_line_is_told_how_to_be_sent(client: TestClient) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    text = "store_id,timezone_str\n7,UTC\n"
    query = {"kind": "timezones", "wait": 30}
    for line in (text.replace("\n", ""), text.replace("\n", "") * 9999):
        answer = client.post("/datasets", params=query, content=line, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")
        assert (
            "has no line break; curl --data takes them out. Send the file with curl --data-binary @FILE."
            in (answer.json()["detail"])
        )
    whole = client.post("/datasets", params=query, content=text * 9999, headers=headers).json()
    assert (whole["status"], whole["rows_read"], whole["bytes"]) == ("rejected", 19997, len(text) * 9999)
    assert client.post("/datasets", params=query, content=text, headers=headers).json()["status"] == "ready"
    assert client.get("/datasets", params={"kind": "timezones"}).json()["datasets"][0]["rows_read"] == 1
