"""Nasty tables that come in as datasets, and the report of them, are what the slow twin makes of them."""

import csv
import io
import os
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from app.catalogue.foreground import bring_in
from app.catalogue.options import load_options
from app.catalogue.records import DatasetStatus
from app.errors import InvalidParameters, OpenhoursError, RejectedFile, RowExceedsPart
from app.files.artifact import StoredArtifact
from app.reports.kinds.rollup import ROLLUP, RollupParams
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import fresh_resources
from tests.kinds import context_of
from tests.reference import rollup, table
from tests.table_strategies import TableCase, case_of

#: One in a hundred of those of tests/rollup: to load a file takes as long as to roll it up.
TABLES = int(os.environ.get("TABLES", "1000")) // 100

#: Seeds that tests/rollup has not.
FIRST = 10_000_000


def params_of(case: TableCase, datasets: list[str]) -> dict[str, object]:
    asked = case.request
    return {
        "datasets": datasets,
        **{name: list(getattr(asked, name)) for name in ("by", "sum", "min", "max", "mean")},
        "count": asked.count,
        "decimals": asked.decimals,
        "empty": asked.empty,
        "names": asked.names or None,
        "max_part_bytes": case.max_part_bytes,
        "on_error": "skip_rows" if case.skips_rows else "reject_file",
        "max_errors": 100_000,
    }


def loaded(resources: Resources, content: bytes, path: Path) -> str | None:
    """The id of the dataset; None if the twin refuses it, and so does the service."""
    path.write_bytes(content)
    options = load_options(on_error="skip_rows", max_errors=100_000)
    state = bring_in(resources, "table", path, options=options, shown_as=path.name, told=lambda *_: None)
    twin, record = table.read(content), state.record
    if twin.refusals:
        assert state.status is DatasetStatus.REJECTED
        assert record.error is not None
        assert record.error.details["reason"] in twin.refusals
        return None
    assert state.status is DatasetStatus.READY
    counts = (record.rows_read, record.rows_accepted, record.rows_rejected, record.rows_duplicate)
    assert counts == (len(twin.records) + len(twin.rejections), len(twin.records), len(twin.rejections), 0)
    return record.id


def reported(resources: Resources, folder: Path, prefix: str, params: dict[str, object]) -> list[bytes]:
    """The parts of a report, whose other files are in a folder."""
    folder.mkdir()
    with resources.engine.connect() as connection:
        resolved, _ = ROLLUP.resolve(connection, RollupParams.model_validate(params))
    made = ROLLUP.produce(replace(context_of(resources, folder), prefix=prefix), resolved)
    return [resources.object_store.get_bytes(one.key) for one in made if isinstance(one, StoredArtifact)]


def test_every_table_that_is_loaded_is_reported_as_its_twin_says(
    servers: Addresses, session_settings: Settings, tmp_path: Path
) -> None:
    with fresh_resources(servers, session_settings) as resources:
        for seed in range(FIRST, FIRST + TABLES):
            agree(seed, resources, tmp_path)


def agree(seed: int, resources: Resources, folder: Path) -> None:
    case = case_of(seed)
    numbers = count()
    contents = list(dict.fromkeys(case.files))  # the same bytes twice are one dataset
    ids = [loaded(resources, content, folder / f"{seed}-{next(numbers)}.csv") for content in contents]
    datasets = [one for one in ids if one is not None]
    if len(datasets) < len(ids):
        return
    tables = [table.read(content) for content in contents]
    expected = rollup.roll_up([(each.columns, each.records) for each in tables], case.request)
    prefix = f"reports/{seed}/a1/"
    made = folder / str(seed)
    failure = failure_of(case, expected)
    if failure is not None:
        with pytest.raises(failure):
            reported(resources, made, prefix, params_of(case, datasets))
        assert not [item for page in resources.object_store.pages(prefix) for item in page], f"seed {seed}"
        return
    parts = reported(resources, made, prefix, params_of(case, datasets))
    assert parts == expected.parts(case.max_part_bytes), f"seed {seed}"
    listed = [(datasets[one.file], one.line, one.column, one.code) for one in expected.rejects]
    assert rejected(made / "rejects.csv") == listed, f"seed {seed}"


def failure_of(case: TableCase, expected: rollup.RolledUp) -> type[OpenhoursError] | None:
    """With what a report fails, if it does."""
    if len(expected.header) > case.max_part_bytes:
        return InvalidParameters
    if expected.rejects and not case.skips_rows:
        return RejectedFile
    return RowExceedsPart if expected.parts(case.max_part_bytes) is None else None


def rejected(path: Path) -> list[tuple[str, int, str, str]]:
    """Dataset, line, column and code of each mistake."""
    if not path.exists():
        return []
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return [(row["dataset"], int(row["line"]), row["column"], row["code"]) for row in rows]
