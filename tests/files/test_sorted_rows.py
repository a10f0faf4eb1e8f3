"""Rows that come in any order are read back in that of their keys."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.files import sorted_rows
from app.files.sorted_rows import SortedRows
from tests.strategies import examples

SCHEMA = pa.schema([("key", pa.string()), ("number", pa.int32())])


@given(
    runs=st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=9), max_size=5),
    batch_rows=st.integers(1, 4),
)
@settings(max_examples=examples(100))
def test_runs_of_any_size_are_read_in_order_of_code_points(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[str]], batch_rows: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows"
    numbered = {key: number for number, key in enumerate(key for run in runs for key in run)}
    with pytest.MonkeyPatch.context() as patch, SortedRows(path, SCHEMA) as rows:
        patch.setattr(sorted_rows, "BATCH_ROWS", batch_rows)
        for run in runs:
            rows.add(pa.table([pa.array(run, pa.string()), [numbered[key] for key in run]], schema=SCHEMA))
        found, again = list(rows.blocks()), list(rows.blocks())
    assert [row for block in found for row in block.to_pylist()] == [
        {"key": key, "number": numbered[key]} for key in sorted(key for run in runs for key in run)
    ]
    assert again == found
    assert max((len(block) for block in found), default=0) <= batch_rows * max(len(runs), 1)
    assert not path.exists()


def test_the_file_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), SortedRows(tmp_path / "rows", SCHEMA):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
