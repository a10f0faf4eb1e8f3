"""The report kind ``rollup``: what it takes and refuses, and what a replica publishes of it."""

import csv
import hashlib
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from app.errors import InvalidParameters
from app.jobs.kind import artifact_prefix
from app.reports.kinds.rollup import ROLLUP, RollupParams
from app.reports.manifest import MANIFEST
from app.rollup.mistakes import HEADER
from app.rollup.work import Outcome
from app.series import table_files
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.resources import Addresses
from tests.asking import reported
from tests.conftest import api, fresh_resources
from tests.kinds import context_of
from tests.rollup.world import World

CONTENT = "Song,Date,Number of Plays\nb,2020-01-02,7\na,2020-01-01,5\nb,2020-01-02,6\nc,2020-01-03,x\n"


@pytest.fixture(scope="module")
def world(servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_resources(servers, session_settings) as resources:
        world = World(resources, tmp_path_factory.mktemp("tables"))
        for content, name in (
            (CONTENT, "plays.csv"),
            (CONTENT, "twice.csv"),
            (CONTENT, "twice.csv"),
            ("other\na\n", "k.csv"),
        ):
            put(world, world.table(content, name))
        yield world


def put(world: World, table: TableFile) -> TableFile:
    with world.resources.engine.begin() as connection:
        table_files.put(connection, table)
    return table


def resolved(world: World, **params: Any) -> RollupParams:
    with world.resources.engine.connect() as connection:
        found, _ = ROLLUP.resolve(connection, RollupParams.model_validate(params))
    assert isinstance(found, RollupParams)
    return found


def test_the_rejected_rows_are_never_all_in_memory(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 16 << 20
    rejects = tmp_path / "rejects.csv"
    rejects.write_bytes(HEADER.encode() + b"x" * size)
    outcome = Outcome((), 1, 1, 1, 0, rejects, ())
    monkeypatch.setattr("app.reports.kinds.rollup.roll_up", lambda _: outcome)
    params = resolved(world, datasets=["plays.csv"], by=["Song"], on_error="skip_rows")
    tracemalloc.start()
    ROLLUP.produce(context_of(world.resources, tmp_path), params)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    header, _, lines = rejects.read_bytes().partition(b"\n")
    assert (header, len(lines)) == (b"dataset,file,line,column,value,code,reason", size)
    assert peak_bytes < size / 2


def test_tables_are_named_by_id_or_by_file_name(world: World) -> None:
    table = put(world, world.table(CONTENT, "other.csv"))
    by_name = resolved(world, datasets=["other.csv"], by=["Song"])
    assert by_name.datasets == [table.dataset_id]
    assert resolved(world, datasets=[table.dataset_id], by=["Song"]) == by_name


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "datasets: null is missing: name the tables to group"),
        ({"datasets": ["play.csv"]}, r"datasets: 'play\.csv' is not a loaded table \(did you mean 'plays\.csv'"),
        ({"datasets": ["0" * 32]}, "is not a loaded table"),
        (
            {"datasets": ["twice.csv"]},
            r"'twice\.csv' is the name of 2 tables; name one by its id; allowed: [0-9a-f]{32}, ",
        ),
        ({"by": ["song"]}, r"by: 'song' is not a column of plays\.csv .*did you mean 'Song'.*allowed: Song, Date"),
        ({"sum": ["Plays"]}, r"sum: 'Plays' is not a column .*did you mean 'Number of Plays'"),
        ({"datasets": ["plays.csv", "k.csv"], "by": ["Song"]}, r"'Song' is not a column of k\.csv .* allowed: other"),
        ({"by": ["Song"], "mean": ["Song"]}, "mean: 'Song' is also in by; a column is either a key or a measure"),
        ({"by": []}, "leaves nothing to write"),
        (
            {"by": ["Song"], "count": True, "names": ["a"]},
            "names: 'a' is not a name for each column of the output; allowed: one name each for Song, count",
        ),
        ({"by": ["Song"], "count": True, "names": ["a", "a"]}, "names: 'a' would be the name of two columns"),
        ({"by": ["Song"], "names": [" "]}, "has an empty name"),
        ({"by": ["Song"], "max_part_bytes": 4}, "max_part_bytes: 4 has no room for the header; allowed: at least 5"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_asked_for(world: World, params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameters, match=words):
        resolved(world, **({"datasets": ["plays.csv"]} | params if params else {}))


def test_more_columns_than_a_query_can_have_are_refused(world: World) -> None:
    values = [f"v{number}" for number in range(1001)]
    put(world, world.table(",".join(values) + "\n", "wide.csv"))
    assert resolved(world, datasets=["wide.csv"], sum=values[:1000]).sum == values[:1000]
    with pytest.raises(InvalidParameters, match=r"sum: .*1,001 columns.*allowed: 1,000 columns of the output"):
        resolved(world, datasets=["wide.csv"], sum=values)
    with pytest.raises(InvalidParameters, match=r"1,001 columns; ask for fewer"):
        resolved(world, datasets=["wide.csv"], sum=values[:1000], count=True)


def test_two_names_of_one_table_are_refused(world: World) -> None:
    table = put(world, world.table(CONTENT, "once.csv"))
    with pytest.raises(InvalidParameters, match=r"'once\.csv' is the same table as '[0-9a-f]{32}'; name it once"):
        resolved(world, datasets=[table.dataset_id, "once.csv"], by=["Song"])


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with api(world.resources, slots=1) as client:
        yield client


def files_of(client: TestClient, answer: Any) -> dict[str, bytes]:
    """The files of a report, as the service streams them."""
    assert answer["status"] == "Complete", answer
    where = f"/reports/{answer['report_id']}/files"
    return {file["name"]: client.get(f"{where}/{file['name']}").content for file in answer["files"]}


class TestPublished:
    """What a replica makes of it, in a process of its own."""

    PARAMS: ClassVar = {
        "datasets": ["plays.csv"],
        "by": ["Song", "Date"],
        "sum": ["Number of Plays"],
        "on_error": "skip_rows",
    }

    def test_parts_are_listed_first_and_hash_to_what_the_manifest_says(self, world: World, client: TestClient) -> None:
        names = ["Song", "Date", "Total Number of Plays for Date"]
        params = self.PARAMS | {"names": names, "max_part_bytes": 58}
        answer = reported(client, report="rollup", params=params)
        files = files_of(client, answer)
        header = b"Song,Date,Total Number of Plays for Date\n"
        assert list(files) == ["rollup-00001.csv", "rollup-00002.csv", "rejects.csv", "summary.json", MANIFEST]
        assert files["rollup-00001.csv"] == header + b"a,2020-01-01,5\n"
        assert files["rollup-00002.csv"] == header + b"b,2020-01-02,13\n"
        summary = {"rows_read": 4, "rows_rejected": 1, "groups": 2, "parts": 2, "bytes": 113}
        assert json.loads(files["summary.json"]) == summary
        listed = json.loads(files[MANIFEST])
        assert listed["read"] == {"rows": 4, "latest": None}
        assert {one["name"]: (one["bytes"], one["sha256"]) for one in listed["files"]} == {
            name: (len(content), hashlib.sha256(content).hexdigest())
            for name, content in files.items()
            if name != MANIFEST
        }
        assert [one["rows"] for one in listed["files"]] == [1, 1, 1, 2]
        keys = world.keys(artifact_prefix(answer["report_id"]))
        assert {key.rpartition("/")[2] for key in keys} == set(files)

    def test_rejected_rows_are_listed_and_warned_of(self, client: TestClient) -> None:
        answer = reported(client, report="rollup", params=self.PARAMS)
        (rejected,) = csv.DictReader(io.StringIO(files_of(client, answer)["rejects.csv"].decode()))
        assert (rejected["file"], rejected["line"], rejected["value"]) == ("plays.csv", "5", "'x'")
        (told,) = answer["warnings"]
        assert (told["code"], told["count"]) == ("rejected_rows", 1)
        assert told["examples"][0].startswith("plays.csv, line 5, Number of Plays: 'x' is not a number")

    def test_a_wrong_row_fails_it_and_leaves_nothing(self, world: World, client: TestClient) -> None:
        answer = reported(client, report="rollup", params=self.PARAMS | {"on_error": "reject_file"})
        assert answer["status"] == "Failed"
        assert answer["error"]["code"] == "rejected_file"
        assert answer["error"]["message"].startswith("plays.csv, line 5, Number of Plays: 'x' is not a number; ")
        assert world.keys(artifact_prefix(answer["report_id"])) == []

    def test_a_table_that_was_removed_in_the_meantime_fails_it(self, world: World, client: TestClient) -> None:
        table = put(world, world.table(CONTENT, "removed.csv"))
        params = resolved(world, datasets=["removed.csv"], by=["Song"]).model_dump(mode="json")
        world.resources.object_store.remove([table.raw_key])
        answer = reported(client, report="rollup", params=params)
        assert answer["status"] == "Failed"
        assert answer["error"]["code"] == "table_removed"
        assert table.dataset_id in answer["error"]["message"]
        assert world.keys(artifact_prefix(answer["report_id"])) == []
