"""The aggregation of large CSVs, as the clients of the founding system use it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.catalogue import records
from app.catalogue.job import SMALL_DATASET_JOB, DatasetParams
from app.jobs import lifecycle
from app.jobs.kind import JobContext
from app.storage.resources import Resources
from tests.access.replicas import replicas
from tests.commands import REPOSITORY, wait_until
from tests.conftest import api
from tests.jobs import claims
from tests.kinds import context_of

SAMPLE = REPOSITORY / "tests/golden/rollup/plays-sample.csv"
EXPECTED = REPOSITORY / "tests/golden/rollup/plays-sample-expected.csv"

HEADER = "Song,Date,Number of Plays\n"

#: So many bytes has an output file at most, in these tests.
PART_BYTES = 2048


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    small = resources.settings.model_copy(update={"max_single_file_bytes": PART_BYTES})
    with api(replace(resources, settings=small), slots=2) as client:
        yield client


def sent(client: TestClient, content: str | bytes, name: str = "plays.csv") -> httpx2.Response:
    return client.post("/api/process_file/", files={"file": (name, content)})


def result(client: TestClient, uuid: str) -> httpx2.Response:
    """The answer when the task has ended; until then it is 425."""
    path = f"/api/csv_task_result/{uuid}/"
    wait_until(lambda: client.get(path).status_code != 425, seconds=60)
    return client.get(path)


def rows_in(files: list[Mapping[str, Any]]) -> list[list[str]]:
    """The rows of the output files, one after the other; each has its header and no more bytes than it may."""
    rows: list[list[str]] = []
    for file in files:
        content = httpx2.get(file["output_file"]).raise_for_status().content
        assert len(content) <= PART_BYTES
        header, *others = csv.reader(content.decode().splitlines())
        assert header == ["Song", "Date", "Total Number of Plays for Date"]
        rows += others
    return rows


def test_a_file_is_aggregated_unasked(client: TestClient) -> None:
    task = sent(client, SAMPLE.read_bytes())
    assert task.status_code == 201
    assert list(task.json()) == ["uuid"]
    answer = result(client, task.json()["uuid"])
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"uuid", "input_file", "output_files", "initial_input_file_name"}
    assert (body["uuid"], body["initial_input_file_name"]) == (task.json()["uuid"], "plays.csv")
    assert httpx2.get(body["input_file"]).content == SAMPLE.read_bytes()
    (file,) = body["output_files"]
    assert len(file["uuid"]) == 32
    assert httpx2.get(file["output_file"]).text.splitlines() == EXPECTED.read_text().splitlines()
    assert client.get(f"/api/csv_task_result/{body['uuid']}").json()["output_files"][0]["uuid"] == file["uuid"]


def test_a_long_result_is_in_files_of_a_bounded_size_that_together_have_every_song(client: TestClient) -> None:
    plays = [(f" song {number % 300} ", f"2020-01-{number % 7 + 1:02}", number) for number in range(3000)]
    wanted: Counter[tuple[str, str]] = Counter()
    for song, day, number in plays:
        wanted[song, day] += number
    content = HEADER + "".join(f"{song},{day},{number}\n" for song, day, number in plays)
    body = result(client, sent(client, content).json()["uuid"]).json()
    assert len(body["output_files"]) > 3
    assert len({file["uuid"] for file in body["output_files"]}) == len(body["output_files"])
    assert rows_in(body["output_files"]) == [[*key, str(total)] for key, total in sorted(wanted.items())]


def test_the_same_file_again_is_a_conflict_that_names_the_first_task(client: TestClient) -> None:
    uuid = sent(client, SAMPLE.read_bytes()).json()["uuid"]
    assert result(client, uuid).status_code == 200
    actions = [row["action"] for row in client.get("/audit").json()["entries"]]
    assert {"dataset.accept", "dataset.load", "report.trigger", "link.made"} <= {*actions}
    again = sent(client, SAMPLE.read_bytes(), "other.csv")
    assert again.status_code == 409
    assert again.json().keys() == {"uuid", "message", "type"}
    assert (again.json()["uuid"], again.json()["type"]) == (uuid, "ConflictException")


def test_the_same_file_again_while_the_first_one_is_waiting_is_a_conflict_too(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        uuid = sent(client, SAMPLE.read_bytes()).json()["uuid"]
        again = sent(client, SAMPLE.read_bytes())
        assert (again.status_code, again.json()["uuid"]) == (409, uuid)
        waiting = client.get(f"/api/csv_task_result/{uuid}/")
        assert waiting.status_code == 425
        assert waiting.json().keys() == {"message", "type"}
        assert waiting.json()["type"] == "TooEarlyException"
        assert [one["dataset_id"] for one in client.get("/datasets").json()["datasets"]] == [uuid]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEADER + "Umbrella,2020-01-02,200\nUmbrella,2020-01-01,patata\n", ["line 3", "patata"]),
        ("Song,Date\nUmbrella,2020-01-02\n", ["Number of Plays"]),
        (HEADER + "Umbrella,2020-01-02\n", ["plays.csv", "line 2", "has 2 fields instead of 3"]),
        ("", ["plays.csv is empty"]),
        (HEADER.encode("utf-16"), ["UTF-16"]),
    ],
    ids=["no number", "no such column", "wrong width", "empty", "UTF-16"],
)
def test_a_file_that_cannot_be_aggregated_fails_its_task_and_says_why(
    client: TestClient, content: str | bytes, told: list[str]
) -> None:
    answer = result(client, sent(client, content).json()["uuid"])
    assert answer.status_code == 406
    assert answer.json().keys() == {"message", "extra", "type"}
    assert answer.json()["type"] == "NotAcceptableException"
    assert [part for part in told if part not in answer.json()["extra"]["error"]] == []


def test_what_is_said_of_a_failed_task_is_nothing_that_its_client_cannot_do(client: TestClient) -> None:
    answer = result(client, sent(client, HEADER + "Umbrella,2020-01-01,patata\n").json()["uuid"])
    error = answer.json()["extra"]["error"]
    assert "on_error" not in error
    assert error.endswith(". Correct it, and send the file again.")


def test_of_each_missing_column_only_the_name_is_told(client: TestClient) -> None:
    error = result(client, sent(client, "song,date,plays\n").json()["uuid"]).json()["extra"]["error"]
    told = [sentence for sentence in error.split("; ") if not sentence.startswith("allowed: ")]
    assert [sentence.partition(" is not a column")[0] for sentence in told] == ["'Song'", "'Date'", "'Number of Plays'"]


@pytest.mark.parametrize("content", ["", "Song,Date,Song\n", "Song,,Number of Plays\n"])
def test_nobody_is_told_to_name_columns_where_that_cannot_be(client: TestClient, content: str) -> None:
    error = result(client, sent(client, content).json()["uuid"]).json()["extra"]["error"]
    assert error.endswith("a table begins with a header that names each of its columns once.")


def test_a_row_that_is_larger_than_a_file_may_be_fails_its_task_and_names_the_setting(client: TestClient) -> None:
    content = HEADER + f"{'la' * 1500},2020-01-02,200\n"
    error = result(client, sent(client, content).json()["uuid"]).json()["extra"]["error"]
    assert re.search(r"a part may have 2,048\. Raise OPENHOURS_MAX_SINGLE_FILE_BYTES to 3,\d\d\d or more\.$", error)


def test_the_file_of_a_failed_task_begins_it_again(client: TestClient, resources: Resources) -> None:
    content = HEADER + "Umbrella,2020-01-02,200\nUmbrella,2020-01-01,patata\n"
    uuid = sent(client, content).json()["uuid"]
    assert result(client, uuid).status_code == 406
    again = sent(client, content)
    assert (again.status_code, again.json()) == (201, {"uuid": uuid})
    assert result(client, uuid).status_code == 406
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM report WHERE kind = 'rollup'")) == 2


def test_the_file_of_a_task_that_was_rejected_begins_another_one(client: TestClient) -> None:
    content = HEADER + "Umbrella,2020-01-02\n"
    uuid = sent(client, content).json()["uuid"]
    assert result(client, uuid).status_code == 406
    again = sent(client, content)
    assert again.status_code == 201
    assert again.json()["uuid"] != uuid
    assert result(client, again.json()["uuid"]).status_code == 406


@pytest.mark.parametrize("field", ["upload", "File", "", "file "])
def test_a_file_in_any_other_field_is_refused_and_nothing_is_kept(client: TestClient, field: str) -> None:
    answer = client.post("/api/process_file/", files={field: ("plays.csv", SAMPLE.read_bytes())})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")
    assert repr(field) in answer.json()["detail"]
    assert "'file'" in answer.json()["detail"]
    assert client.get("/datasets").json()["datasets"] == []


@pytest.mark.parametrize("uuid", ["0" * 32, "nonsense"])
def test_an_unknown_task_is_not_found(client: TestClient, uuid: str) -> None:
    assert client.get(f"/api/csv_task_result/{uuid}/").status_code == 404


def test_a_dataset_that_nobody_sent_as_a_task_is_none(client: TestClient) -> None:
    brought = client.post("/datasets", params={"kind": "table", "wait": 30}, content=SAMPLE.read_bytes()).json()
    assert brought["status"] == "ready"
    assert client.get(f"/api/csv_task_result/{brought['dataset_id']}/").status_code == 404
    task = sent(client, SAMPLE.read_bytes())
    assert task.status_code == 201
    assert task.json()["uuid"] != brought["dataset_id"]
    assert result(client, task.json()["uuid"]).status_code == 200
    assert client.get(f"/api/csv_task_result/{brought['dataset_id']}/").status_code == 404


@pytest.mark.parametrize(
    ("options", "content", "status"),
    [
        ({"on_error": "skip_rows"}, HEADER + "Umbrella,2020-01-01,1\nonly,two\n", 406),
        ({"columns": "Date,Song,Number of Plays"}, HEADER + "Umbrella,2020-01-01,1\n", 200),
    ],
    ids=["wrong rows left out", "other columns"],
)
def test_a_table_of_the_same_bytes_with_other_options_is_no_task(
    client: TestClient, options: dict[str, str], content: str, status: int
) -> None:
    query = {"kind": "table", "wait": 30, **options}
    assert client.post("/datasets", params=query, content=content).json()["status"] == "ready"
    task = sent(client, content)
    assert task.status_code == 201
    assert result(client, task.json()["uuid"]).status_code == status


def test_a_table_that_is_still_being_checked_is_no_task(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        plain = client.post("/datasets", params={"kind": "table"}, content=SAMPLE.read_bytes()).json()
        assert plain["status"] == "checking"
        task = sent(client, SAMPLE.read_bytes())
        assert task.status_code == 201
        assert client.get(f"/api/csv_task_result/{task.json()['uuid']}/").status_code == 425
    with api(resources, slots=1) as client:
        assert result(client, task.json()["uuid"]).status_code == 200


def test_a_task_that_is_being_removed_is_no_conflict(client: TestClient, resources: Resources) -> None:
    uuid = sent(client, SAMPLE.read_bytes()).json()["uuid"]
    assert result(client, uuid).status_code == 200
    with api(resources, slots=0) as idle:
        assert idle.delete(f"/datasets/{uuid}").json()["status"] == "removing"
        again = sent(idle, SAMPLE.read_bytes())
    assert again.status_code == 201
    assert again.json()["uuid"] != uuid
    assert result(client, again.json()["uuid"]).status_code == 200


def test_the_file_of_a_task_that_a_reload_has_rejected_begins_another_one(client: TestClient) -> None:
    content = HEADER + "Umbrella,2020-01-01,1\n"
    uuid = sent(client, content).json()["uuid"]
    assert result(client, uuid).status_code == 200
    again = client.post(f"/datasets/{uuid}/reload", params={"columns": "a,b"})
    assert again.status_code == 202
    assert client.get(f"/datasets/{uuid}", params={"wait": 30}).json()["status"] == "rejected"
    assert client.get(f"/api/csv_task_result/{uuid}/").status_code == 406
    task = sent(client, content)
    assert task.status_code == 201
    assert task.json()["uuid"] != uuid
    assert result(client, task.json()["uuid"]).status_code == 200


def test_a_task_whose_result_was_removed_is_done_again_when_the_file_is_sent_again(
    client: TestClient, resources: Resources
) -> None:
    uuid = sent(client, SAMPLE.read_bytes()).json()["uuid"]
    assert result(client, uuid).status_code == 200
    with resources.engine.connect() as connection:
        report_id = connection.scalar(text("SELECT followed_by FROM dataset"))
    assert client.delete(f"/reports/{report_id}").status_code == 200
    assert client.get(f"/api/csv_task_result/{uuid}/").status_code == 404
    assert (sent(client, SAMPLE.read_bytes()).json(), result(client, uuid).status_code) == ({"uuid": uuid}, 200)


@pytest.mark.parametrize("name", ["plays.txt", "plays.csv.gz", "plays"])
def test_only_a_name_that_ends_in_csv_is_taken(client: TestClient, name: str) -> None:
    answer = sent(client, SAMPLE.read_bytes(), name)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")
    assert name in answer.json()["detail"]


def test_a_file_without_a_name_is_told_to_have_none(client: TestClient) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nSong\r\n--b--\r\n'
    told = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/api/process_file/", content=form, headers=told)
    assert (answer.status_code, answer.json()["detail"][:22]) == (422, "file: it has no name; ")


def test_without_a_token_nobody_gets_in_and_where_it_is_off_there_is_nothing(resources: Resources) -> None:
    with replicas(resources, founding_logins="on") as (one, _):
        assert sent(one, SAMPLE.read_bytes()).status_code == 401
        assert one.get(f"/api/csv_task_result/{'0' * 32}/").status_code == 401
    off = replace(resources, settings=resources.settings.model_copy(update={"founding_logins": "off"}))
    with api(off, slots=0) as client:
        assert sent(client, SAMPLE.read_bytes()).status_code == 404


def test_a_file_is_followed_by_one_report_although_the_process_dies_right_after_it(
    resources: Resources, tmp_path: Path
) -> None:
    with api(resources, slots=0) as client:
        uuid = sent(client, SAMPLE.read_bytes()).json()["uuid"]
    with resources.engine.begin() as connection:
        record = records.find(connection, uuid)
        assert record is not None
        assert record.job is not None
        claim = claims.claimed(connection, record.job.id)
    context: JobContext = replace(
        context_of(resources, tmp_path),
        job_id=claim.id,
        fence=lambda connection: lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt),
    )
    for _ in range(2):  # the second attempt finds what the first one has committed
        SMALL_DATASET_JOB.produce(context, DatasetParams.model_validate(claim.params))
    with resources.engine.connect() as connection:
        made = connection.execute(text("SELECT id, params FROM report WHERE kind = 'rollup'")).all()
        ((report_id, params),) = made
        assert params["datasets"] == [uuid]
        assert connection.scalar(text("SELECT followed_by FROM dataset")) == report_id
