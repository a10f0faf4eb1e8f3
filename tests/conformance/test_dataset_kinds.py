"""Every dataset kind keeps to the same contract; a made-up one shows that a file and a registry line are enough."""

import inspect
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.errors import RejectedFile
from app.ingest.kind import Column, DatasetKind
from app.ingest.load import Loaded, load, unload
from app.ingest.policy import OnError, Policy
from app.ingest.refusal import REJECTIONS
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.postgres import metadata
from app.storage.resources import Resources
from tests.commands import REPOSITORY
from tests.conformance.notes import NOTES
from tests.conftest import api
from tests.kinds import beside

NOW = datetime.now(UTC)

#: The dataset that the files are.
DATASET = "0" * 31 + "1"

ALL = beside(DATASET_KINDS, {NOTES.name: NOTES})

#: Columns that may stand in the place of another, with their kinds.
OTHERS = {
    f"{kind.name}-{column.name}": (kind, column)
    for kind in ALL.values()
    for column in kind.columns
    if column.instead_of is not None
}

#: Has the command line name all kinds that it knows, the made-up one among them.
NAME_KINDS = f"""
import sys
from app.ingest.registry import DATASET_KINDS
from tests.conformance.notes import NOTES
DATASET_KINDS["{NOTES.name}"] = NOTES
from app.cli import main
sys.argv = ["app", "load", "no such kind", "file.csv"]
main()
"""


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> DatasetKind:
    found: DatasetKind = request.param
    monkeypatch.setitem(DATASET_KINDS, found.name, found)
    return found


@pytest.fixture(scope="module")
def names_of_commands() -> list[str]:
    """The dataset kinds that the command line allows."""
    run = subprocess.run(
        [sys.executable, "-c", NAME_KINDS],
        cwd=REPOSITORY,
        env={"COLUMNS": "1000", "TERM": "dumb", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    return re.findall(r"'(\w+)'", run.stderr.partition("is not one of")[2])


def example(kind: DatasetKind, /, *, aliases: bool = False, **values: str) -> str:
    """A file of one row: the examples of the columns, in an order of their own, but for the values that are given."""
    if kind.stays_raw:
        return kind.example
    columns = sorted((one for one in kind.columns if one.instead_of is None), key=lambda column: column.name)
    names = [column.aliases[-1] if aliases and column.aliases else column.name for column in columns]
    row = [values.get(column.name, column.example) for column in columns]
    return ",".join(names) + "\n" + ",".join(row) + "\n"


def wrong_row(kind: DatasetKind) -> str:
    """The row ``wrong`` of the entry."""
    assert kind.wrong is not None
    return (
        kind.wrong.value if kind.stays_raw else example(kind, **{kind.wrong.column: kind.wrong.value}).splitlines()[1]
    )


def standing(resources: Resources) -> Mapping[str, list[str]]:
    """All rows of all tables that are known, but for when they came to be, or a load last touched them.

    Entities stay when what named them goes, as do rows that are superseded, the audit, and the rule that is shipped.
    """
    with resources.engine.connect() as connection:
        names = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
                "AND NOT relispartition AND relname NOT IN ('alembic_version', 'audit', 'auth_epoch', 'entity', 'rule')"
            )
        )
        any_row = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
        rows = {
            name: sorted(
                connection.scalars(
                    text(
                        "SELECT (to_jsonb(one) - '{recorded_at,changed_at,version}'::text[])::text "
                        f"FROM {name} AS one "
                        "WHERE to_jsonb(one) ->> 'superseded_at' IS NULL"
                    )
                )
            )
            for name in list(connection.scalars(text(any_row)))
        }
    return {name: found for name, found in rows.items() if found}


def ids_of_nobody(resources: Resources) -> list[str]:
    """Columns of whole numbers that are called …_id but hold one that is no entity's."""
    with resources.engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid "
                "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 "
                r"AND attname LIKE '%\_id' AND atttypid = 'int4'::regtype"
            )
        ).all()
        nobodys = " UNION ALL ".join(
            f"SELECT '{table}.{name}' WHERE EXISTS (SELECT FROM {table} WHERE {name} NOT IN (SELECT id FROM entity))"
            for table, name in columns
        )
        return list(connection.scalars(text(nobodys)))


class TestDatasetKind:
    """The contract of app/ingest/kind.py."""

    def test_its_name_is_the_name_of_its_file(self, kind: DatasetKind) -> None:
        if kind is not NOTES:
            assert Path(inspect.getfile(kind.loading)).stem == kind.name
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", kind.name)
        assert ALL[kind.name] is kind

    def test_its_entry_has_what_its_tests_and_its_page_are_made_of(self, kind: DatasetKind) -> None:
        assert kind.summary
        assert kind.documentation.strip(), "give `documentation`: what a row is, and which of several rows counts"
        assert kind.wrong is not None, "give `wrong`: a row that is rejected"
        columns = {column.name for column in kind.columns if column.instead_of is None}
        assert kind.wrong.column in ({"row"} if kind.stays_raw else columns)
        assert bool(kind.example) is kind.stays_raw, "give `example` to a kind without columns, and to no other"
        assert kind.wrong.code in REJECTIONS, "a new code has its line in app/ingest/refusal.py and in docs/datasets.md"

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
        seen = []
        for _ in range(2):
            loaded = load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET)
            assert counts(loaded) == expected
            assert (loaded.first_at is None) == (kind.instant is None)
            assert ids_of_nobody(resources) == [], "merge() writes the entities that the file is the first to name"
            seen.append(standing(resources))
        assert seen[0], "nothing stands in any table"
        assert seen[0] == seen[1]
        assert unload(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET) == expected[1]
        assert standing(resources) == {}
        assert unload(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET) == 0
        assert counts(load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET)) == expected
        assert standing(resources) == seen[0]

    def test_its_wrong_row_is_rejected_and_the_example_beside_it_only_if_the_whole_file_is(
        self, kind: DatasetKind, resources: Resources, tmp_path: Path
    ) -> None:
        assert kind.wrong is not None
        path = tmp_path / f"{kind.name}.csv"
        path.write_text(f"{example(kind)}{wrong_row(kind)}\n")
        with pytest.raises(RejectedFile) as caught:
            load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET)
        (told,) = caught.value.loaded.rejections
        assert (told.line, told.column, told.code) == (3, kind.wrong.column, kind.wrong.code)
        assert told.reason
        assert standing(resources) == {}
        skip = Policy(OnError.SKIP_ROWS)
        loaded = load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET, policy=skip)
        assert (loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected) == (2, 1, 1)
        assert loaded.rejections == (told,)
        assert standing(resources)

    def test_an_empty_field_is_a_value_exactly_where_its_column_says_so(
        self, kind: DatasetKind, resources: Resources, tmp_path: Path
    ) -> None:
        path = tmp_path / f"{kind.name}.csv"
        for column in kind.columns:
            if column.instead_of is None and len(kind.columns) > 1:
                path.write_text(example(kind, **{column.name: ""}))
                skip = Policy(OnError.SKIP_ROWS)
                loaded = load(resources.engine, kind, FileSource(path), now=NOW, dataset_id=DATASET, policy=skip)
                expected = 1 if column.may_be_empty or not column.required else 0
                assert (loaded.rows_accepted, loaded.rows_rejected) == (expected, 1 - expected), column.name

    def test_a_file_without_rows_is_loaded(self, kind: DatasetKind, resources: Resources, tmp_path: Path) -> None:
        path = tmp_path / f"{kind.name}.csv"
        path.write_text(example(kind).splitlines()[0])
        assert load(resources.engine, kind, FileSource(path), now=NOW).rows_read == 0
        assert unload(resources.engine, kind, FileSource(path), now=NOW) == 0
        assert standing(resources) == {}

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

    def test_the_command_line_knows_it(self, kind: DatasetKind, names_of_commands: list[str]) -> None:
        assert kind.name in names_of_commands


@pytest.mark.parametrize(("kind", "other"), OTHERS.values(), ids=OTHERS.keys())
def test_a_column_may_stand_in_the_place_of_another_but_not_beside_it(
    kind: DatasetKind, other: Column, resources: Resources, tmp_path: Path
) -> None:
    path = tmp_path / f"{kind.name}.csv"
    header, row = example(kind).splitlines()
    (replaced,) = (column for column in kind.columns if column.name == other.instead_of)
    instead = row if other.type == replaced.type else row.replace(replaced.example, other.example)
    names = [other.name if name == other.instead_of else name for name in header.split(",")]
    path.write_text(f"{','.join(names)}\n{instead}\n")
    assert load(resources.engine, kind, FileSource(path), now=NOW).rows_accepted == 1
    path.write_text(f"{header},{other.name}\n{row},{other.example}\n")
    with pytest.raises(RejectedFile) as caught:
        load(resources.engine, kind, FileSource(path), now=NOW)
    assert caught.value.details["reason"] == "wrong_header"
    assert f"the header repeats {other.instead_of} or " in caught.value.message


def test_the_tables_of_the_kinds_are_those_that_the_migrations_make(resources: Resources) -> None:
    with resources.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, metadata)
    assert differences == [], "a kind that brings or changes a table needs a migration: `make migration name=…`"


def test_a_made_up_kind_does_not_take_the_place_of_a_real_one() -> None:
    shadow = replace(NOTES, name=next(iter(DATASET_KINDS)))
    with pytest.raises(ValueError, match="rename the tests' ones"):
        beside(DATASET_KINDS, {shadow.name: shadow})
