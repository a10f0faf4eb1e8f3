"""Every dataset kind keeps to the same contract; a made-up one shows that a file and a registry line are enough."""

import inspect
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.commands.data import DatasetName
from app.errors import RejectedFile
from app.ingest.column_types import INSTANT, KEY
from app.ingest.kind import Column, DatasetKind, Rows
from app.ingest.load import Loaded, load, unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.conftest import api

NOW = datetime.now(UTC)

#: The dataset that the files are.
DATASET = "0" * 31 + "1"


class NoteLoading:
    """Rows of the made-up kind: a table of keys, each once."""

    def __init__(self, connection: Connection, _: str) -> None:
        self._connection = connection
        self._keys: list[str] = []
        connection.execute(text("CREATE TABLE IF NOT EXISTS note (key text PRIMARY KEY)"))

    def add(self, rows: Rows) -> None:
        if len(rows):
            self._keys += rows.columns["note"].array().tolist()

    def merge(self) -> int:
        insert = text("INSERT INTO note SELECT unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING")
        self._connection.execute(insert, {"keys": self._keys})
        return len(set(self._keys))

    def remove(self) -> int:
        delete = text("DELETE FROM note WHERE key = ANY(:keys)")
        return self._connection.execute(delete, {"keys": self._keys}).rowcount


NOTES = DatasetKind(
    name="notes",
    summary="one row per note",
    columns=(
        Column("note", KEY, example="hello", aliases=("text",)),
        Column("at", INSTANT, example="2023-01-22 12:09:39 UTC", required=False),
    ),
    loading=NoteLoading,
    instant="at",
)

ALL = {**DATASET_KINDS, NOTES.name: NOTES}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> DatasetKind:
    found: DatasetKind = request.param
    monkeypatch.setitem(DATASET_KINDS, found.name, found)
    return found


def example(kind: DatasetKind, *, aliases: bool = False) -> str:
    """A file of one row: the examples of the columns, in an order of their own."""
    columns = sorted((one for one in kind.columns if one.instead_of is None), key=lambda column: column.name)
    names = [column.aliases[-1] if aliases and column.aliases else column.name for column in columns]
    return ",".join(names) + "\n" + ",".join(column.example for column in columns) + "\n"


class TestDatasetKind:
    """The contract of app/ingest/kind.py."""

    def test_its_name_is_the_name_of_its_file(self, kind: DatasetKind) -> None:
        if kind is not NOTES:
            assert Path(inspect.getfile(kind.loading)).stem == kind.name
        assert ALL[kind.name] is kind

    def test_its_columns_have_names_of_their_own_and_examples_that_pass(self, kind: DatasetKind) -> None:
        names = [name.lower() for column in kind.columns for name in (column.name, *column.aliases)]
        assert len(set(names)) == len(names)
        for column in kind.columns:
            column.type.parse(column.example)
            assert column.instead_of is None or column.instead_of in names
        assert kind.instant is None or kind.instant in {column.name for column in kind.columns}

    @pytest.mark.parametrize("aliases", [False, True])
    def test_its_example_is_loaded_loaded_again_and_taken_out(
        self, kind: DatasetKind, resources: Resources, tmp_path: Path, *, aliases: bool
    ) -> None:
        path = tmp_path / f"{kind.name}.csv"
        content = example(kind, aliases=aliases)
        path.write_text(content + content.splitlines()[1] + "\n")

        def counts(loaded: Loaded) -> tuple[int, int, int, int]:
            return loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate

        # Of rows that are a dataset's own each counts, of others the last one that says the same.
        expected = (2, 2, 0, 0) if kind.by_dataset else (2, 1, 0, 1)
        for _ in range(2):
            loaded = load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET)
            assert counts(loaded) == expected
            assert (loaded.first_at is None) == (kind.instant is None)
        assert unload(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET) == expected[1]
        assert unload(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET) == 0
        assert counts(load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET)) == expected

    @pytest.mark.parametrize("number", range(4))
    def test_a_column_may_stand_in_the_place_of_another_but_not_beside_it(
        self, kind: DatasetKind, resources: Resources, tmp_path: Path, number: int
    ) -> None:
        others = [column for column in kind.columns if column.instead_of is not None]
        if number >= len(others):
            return
        path, other = tmp_path / f"{kind.name}.csv", others[number]
        header, row = example(kind).splitlines()
        path.write_text(header.replace(str(other.instead_of), other.name) + f"\n{row}\n")
        assert load(resources.engine, kind, FileSource(path), now=NOW).rows_accepted == 1
        path.write_text(f"{header},{other.name}\n{row},{other.example}\n")
        with pytest.raises(RejectedFile) as caught:
            load(resources.engine, kind, FileSource(path), now=NOW)
        assert caught.value.details["reason"] == "wrong_header"
        assert f"the header repeats {other.instead_of} or " in caught.value.message

    def test_a_file_without_rows_is_loaded(self, kind: DatasetKind, resources: Resources, tmp_path: Path) -> None:
        path = tmp_path / f"{kind.name}.csv"
        path.write_text(example(kind).splitlines()[0])
        assert load(resources.engine, kind, FileSource(path), now=NOW).rows_read == 0
        assert unload(resources.engine, kind, FileSource(path), now=NOW) == 0

    def test_it_is_described_and_taken_over_http(self, kind: DatasetKind, resources: Resources) -> None:
        with api(resources, slots=0) as client:
            (described,) = [one for one in client.get("/datasets/kinds").json() if one["name"] == kind.name]
            assert [column["name"] for column in described["columns"]] == [column.name for column in kind.columns]
            for field in ("required", "may_be_empty", "instead_of", "example"):
                assert [column[field] for column in described["columns"]] == [
                    getattr(one, field) for one in kind.columns
                ]
            brought = client.post("/datasets", params={"kind": kind.name}, content=example(kind))
            assert (brought.status_code, brought.json()["kind"]) == (202, kind.name)

    def test_the_command_line_knows_it(self, kind: DatasetKind) -> None:
        if kind is not NOTES:  # the commands are made once
            assert kind.name in DatasetName.__members__
