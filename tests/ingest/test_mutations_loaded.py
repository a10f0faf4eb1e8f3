"""Mutated files through the whole load: the database has the rows that the slow twin lets pass, and no other."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import RejectedFile
from app.ingest.load import Loaded, unload
from app.ingest.policy import Limits, OnError, Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.storage.resources import Resources
from tests.conftest import NOW, load_file
from tests.ingest.checking import small_blocks
from tests.ingest.mutants import Mutant, mutant
from tests.ingest.test_mutations import MUTATIONS, verdict_on
from tests.reference.csv_check import Verdict
from tests.reference.csv_values import KINDS

#: One in so many of the files goes into the database.
FEWER = 5


def of_pull_request(name: str) -> str:
    """A column of the file as the table has it."""
    entities = {"repo": "repo.key", "team": "team.key", "labels": "to_jsonb(labels)::text"}
    return f"(extract(epoch FROM {name}) * 1000000)::bigint" if name.endswith("_at") else entities.get(name, name)


#: What stands of each kind whose merge is more than adding rows; test_dataset_kinds.py looks at the example of any.
STORED = {
    "polls": "SELECT key, coalesce(CAST(active AS int), 2), "
    "(extract(epoch FROM at) * 1000000)::bigint FROM poll JOIN entity ON id = entity_id",
    "hours": "SELECT key, weekday, (extract(epoch FROM opens) * 1000000)::bigint, "
    "(extract(epoch FROM closes) * 1000000)::bigint, nullif(valid_from, '-infinity') - date '1970-01-01', "
    "nullif(valid_to, 'infinity') - date '1970-01-01' FROM hours_window JOIN entity ON id = entity_id "
    "WHERE superseded_at IS NULL",
    "timezones": "SELECT key, zone.timezone, nullif(valid_from, '-infinity') - date '1970-01-01' "
    "FROM entity_zone AS zone JOIN entity ON id = entity_id WHERE superseded_at IS NULL",
    "pull_requests": "SELECT "
    + ", ".join(of_pull_request(column.name) for column in KINDS["pull_requests"])
    + " FROM pull_request JOIN entity repo ON repo.id = repo_id LEFT JOIN entity team ON team.id = team_id",
    "review_times": "SELECT review_seconds, merge_seconds, observed_on - date '1970-01-01', key "
    "FROM review_time LEFT JOIN entity ON id = team_id",
}


def standing(kind: str, verdict: Verdict) -> list[tuple[Any, ...]]:
    """The rows that do not give way to a later one of the same file, with None where the file lacks a column."""
    given = [dict(zip(verdict.columns, row, strict=True)) for row in verdict.rows]
    rows = [tuple(row.get(column.name) for column in KINDS[kind]) for row in given]
    if kind == "review_times":
        return sorted(rows, key=repr)
    same = {
        "polls": lambda row: (row[0], row[2]),
        "hours": lambda row: row,
        "timezones": lambda row: (row[0], row[2]),
        "pull_requests": lambda row: row[:2],
    }[kind]
    return sorted({same(row): row for row in rows}.values(), key=repr)


def stored(resources: Resources, kind: str) -> list[tuple[Any, ...]]:
    with resources.engine.connect() as connection:
        return sorted((tuple(row) for row in connection.execute(text(STORED[kind]))), key=repr)


def counts(loaded: Loaded) -> list[int]:
    return [loaded.rows_read, loaded.rows_accepted, loaded.rows_rejected, loaded.rows_duplicate]


def agree(resources: Resources, path: Path, file: Mutant, policy: Policy) -> bool:
    """Load the file; returns whether it was taken."""
    verdict = verdict_on(file)
    limits = Limits(file.row_bytes, file.field_bytes, file.total_bytes)
    path.write_bytes(file.content)
    rejects = path.with_name("rejects.csv")
    rejects.unlink(missing_ok=True)
    options = {"policy": policy, "limits": limits}
    try:
        loaded = load_file(resources, file.kind, path, rejects=rejects, **options)
    except RejectedFile as error:
        read, *parts = counts(error.loaded)
        assert read == sum(parts)
        assert verdict.refusals or verdict.rejected > policy.allowed
        assert stored(resources, file.kind) == []
        return False
    stand = standing(file.kind, verdict)
    assert stored(resources, file.kind) == stand
    passed, rejected = len(verdict.rows), verdict.rejected
    assert counts(loaded) == [passed + rejected, len(stand), rejected, passed - len(stand)]
    assert rejects.exists() == bool(rejected)
    source = FileSource(path)
    assert unload(resources.engine, DATASET_KINDS[file.kind], source, now=NOW, **options) == len(stand)
    assert stored(resources, file.kind) == []
    return True


def test_files_of_every_kind_whose_merge_is_told_here_are_loaded() -> None:
    assert {mutant(seed, kinds=tuple(STORED)).kind for seed in range(100)} == set(STORED) <= set(DATASET_KINDS)


@pytest.mark.parametrize("on_error", OnError)
def test_the_database_has_what_the_twin_lets_pass(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_error: OnError
) -> None:
    taken = 0
    for seed in range(MUTATIONS // FEWER):
        file = mutant(seed, kinds=tuple(STORED))
        small_blocks(monkeypatch, file.block_bytes)
        policy = Policy(on_error, max_errors=seed % 4, columns=file.names)
        taken += agree(resources, tmp_path / "file.csv", file, policy)
    assert taken > MUTATIONS // FEWER / 10
